"""How well documents are ranked: the fused list, and dense and lexical alone beside it."""

from collections.abc import Mapping, Sequence

from rag.evaluate.bootstrap import Figure, mean
from rag.evaluate.metrics import RANKING, ranking_scores
from rag.evaluate.record import Record

_STAGES = {"fused": "retrieval", "dense": "retrieval.dense", "lexical": "retrieval.lexical"}


def retrieval(scores: Mapping[str, Mapping[str, float]]) -> dict[str, Figure]:
    """Return the mean of each of the `ranked` scores."""
    return {key: mean(list(by_question.values())) for key, by_question in scores.items()}


def ranked(
    qrels: Mapping[str, Mapping[str, int]], records: Sequence[Record]
) -> dict[str, dict[str, float]]:
    """Return nDCG@10, R@5, R@20 and RR@10 of each stage, a document scoring as its best chunk.

    By figure key and question id; in [0, 1], higher is better.
    """
    asked = [record for record in records if record.id in qrels]
    judged = {record.id: qrels[record.id] for record in asked}
    found: dict[str, dict[str, float]] = {}
    for stage, key in _STAGES.items():
        runs = {record.id: record.rankings.get(stage, {}) for record in asked}
        scores = ranking_scores(judged, runs)
        found |= {f"{key}.{name}": scores[name] for name in RANKING}
    return found
