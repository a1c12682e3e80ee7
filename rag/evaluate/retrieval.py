"""How well documents are ranked: the fused list, and dense and lexical alone beside it."""

from collections.abc import Mapping, Sequence

from rag.evaluate.bootstrap import Figure, mean
from rag.evaluate.metrics import RANKING, ranking_scores
from rag.evaluate.record import Record

_STAGES = {"fused": "retrieval", "dense": "retrieval.dense", "lexical": "retrieval.lexical"}


def retrieval(
    qrels: Mapping[str, Mapping[str, int]], records: Sequence[Record]
) -> dict[str, Figure]:
    """Return nDCG@10, R@5, R@20 and RR@10 of each stage, a document scoring as its best chunk."""
    asked = [record for record in records if record.id in qrels]
    judged = {record.id: qrels[record.id] for record in asked}
    figures: dict[str, Figure] = {}
    for stage, key in _STAGES.items():
        runs = {record.id: record.rankings.get(stage, {}) for record in asked}
        scores = ranking_scores(judged, runs)
        figures |= {f"{key}.{name}": mean(list(scores[name].values())) for name in RANKING}
    return figures
