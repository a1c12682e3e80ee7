"""nDCG@10 of dense, lexical and both fusions: `python -m tests.bench.ranking SET`.

A document's score is that of its best chunk.
"""

import sys
from pathlib import Path

from rag.evaluate.metrics import ndcg_at_10
from rag.search.fuse import min_max_fusion, reciprocal_rank_fusion
from rag.search.retrieve import Retriever
from rag.types import Filter
from tests.bench.sets import opened

DEPTH = 100


def main(folder: Path) -> dict[str, float]:
    questions, rag = opened(folder)
    runs = {"dense": {}, "lexical": {}, "rrf": {}, "min_max": {}}
    retriever = Retriever(rag.embedder, candidates=DEPTH)
    for question in questions.questions:
        if question.id not in questions.qrels:
            continue
        found = retriever.retrieve(rag.snapshot, question.text, Filter())
        lists = [found.dense, found.lexical]
        rankings = {
            "dense": found.dense,
            "lexical": found.lexical,
            "rrf": reciprocal_rank_fusion(lists),
            "min_max": min_max_fusion(lists, [0.5, 0.5]),
        }
        for name, hits in rankings.items():
            runs[name][question.id] = _by_document(questions, rag, hits)
    scores = {name: ndcg_at_10(questions.qrels, run) for name, run in runs.items()}
    for name, score in scores.items():
        print(f"{questions.name} nDCG@10 {name:8} {score:.3f}")
    return scores


def _by_document(questions, rag, hits):
    scores = {}
    for chunk, hit in zip(rag.snapshot.chunks([h.chunk_id for h in hits]), hits, strict=True):
        id_ = questions.id_of(rag.snapshot.document(chunk.document_id).source)
        scores[id_] = max(scores.get(id_, -9.0), hit.score)
    return scores


if __name__ == "__main__":
    main(Path(sys.argv[1]))
