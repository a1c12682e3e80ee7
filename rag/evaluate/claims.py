"""The pipeline's own verifier on a claim set: model, exact checks and the threshold together."""

from collections.abc import Sequence

import numpy as np

from rag.answer.verify import verify
from rag.evaluate.bootstrap import Figure, figure
from rag.evaluate.datasets import Claimed
from rag.evaluate.metrics import auc, balanced_accuracy, calibration_error
from rag.protocols import Verifier
from rag.types import (
    Chunk,
    Citation,
    Claim,
    Document,
    DocumentId,
    Passage,
    Span,
    Support,
    Verdict,
    chunk_id,
    revision_of,
)

BATCH = 64


def judged(items: Sequence[Claimed], verifier: Verifier, *, floor: float) -> list[float]:
    """Return one score per item, in [0, 1]; from `floor` on the pipeline would show the claim.

    It is the verifier's entailment, scaled below `floor` where an exact check objects, so that
    one number both ranks the items and decides.
    """
    pairs = [_cited(item) for item in items]
    verdicts = verify(
        verifier,
        [claim for claim, _ in pairs],
        [p for _, found in pairs for p in found],
        floor=floor,
    )
    return [_score(verdict, floor) for verdict in verdicts]


def claims(items: Sequence[Claimed], scores: Sequence[float], *, floor: float) -> dict[str, Figure]:
    """Return balanced accuracy, AUC and calibration error of `judged` scores."""
    truth = np.asarray([item.supported for item in items], np.float64)
    given = np.asarray(scores, np.float64)
    said = np.asarray(given >= floor, np.float64)
    n = len(items)
    return {
        "claims.balanced_accuracy": figure(
            lambda rows: balanced_accuracy(truth[rows], said[rows]), n
        ),
        "claims.auc": figure(lambda rows: auc(truth[rows], given[rows]), n),
        "claims.ece": figure(lambda rows: calibration_error(truth[rows], given[rows]), n),
    }


def _score(verdict: Verdict, floor: float) -> float:
    if verdict.support is Support.SUPPORTED or verdict.entailment < floor:
        return verdict.entailment
    return verdict.entailment * floor * 0.999  # an entailment of 1 must stay below the floor


def _cited(item: Claimed) -> tuple[Claim, list[Passage]]:
    """Return the item as a claim that cites each of its evidence texts, whole."""
    citations, passages = [], []
    for number, text in enumerate(item.evidence, 1):
        id_, revision = DocumentId(f"{item.id}/{number}"), revision_of("", text, {})
        span = Span(0, len(text))
        document = Document(id_, revision, text, str(id_), "")
        chunk = Chunk(chunk_id(revision, span), id_, revision, span, text)
        passages.append(Passage(number, document, chunk, 1.0))
        citations.append(Citation(number, id_, revision, span, None, text, "", str(id_)))
    return Claim(item.claim, Span(0, len(item.claim)), tuple(citations)), passages
