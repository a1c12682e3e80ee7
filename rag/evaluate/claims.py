"""The pipeline's own verifier on a claim set: alone, and together with everything around it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from rag.answer.checked.verify import verify
from rag.evaluate.bootstrap import Figure, figure
from rag.evaluate.datasets import Claimed
from rag.evaluate.metrics import auc, balanced_accuracy, calibration_error, reliability
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
    chunk_id,
    revision_of,
)

BATCH = 64


class Judged(NamedTuple):
    """One item of a claim set, judged as if it were a claim of an answer."""

    entailment: float
    """Of the verifier, in [0, 1]."""
    shown: bool
    """Whether an answer would show it."""
    reasons: tuple[str, ...] = ()
    """Why it would not."""


def judged(items: Sequence[Claimed], verifier: Verifier, *, floor: float) -> list[Judged]:
    """Return per item what the verifier and the exact checks say."""
    pairs = [_cited(item) for item in items]
    verdicts = verify(
        verifier,
        [claim for claim, _ in pairs],
        [p for _, found in pairs for p in found],
        floor=floor,
    )
    return [Judged(v.entailment, v.support is Support.SUPPORTED, v.reasons) for v in verdicts]


def claims(
    items: Sequence[Claimed], scores: Sequence[Judged], *, floor: float
) -> dict[str, Figure]:
    """Return how well claims are told apart.

    `claims.*` is the verifier alone, at `floor`. `claims.shown.*` is the whole pipeline: exact
    checks, and without a trained verifier the rule that a claim may only shorten its quote;
    what it lets through wrongly, and what it holds back of the supported.
    """
    truth = np.asarray([item.supported for item in items], np.float64)
    given = np.asarray([one.entailment for one in scores], np.float64)
    said = np.asarray(given >= floor, np.float64)
    shown = np.asarray([one.shown for one in scores], np.float64)
    n = len(items)
    return {
        "claims.balanced_accuracy": figure(
            lambda rows: balanced_accuracy(truth[rows], said[rows]), n
        ),
        "claims.auc": figure(lambda rows: auc(truth[rows], given[rows]), n),
        "claims.ece": replace(
            figure(lambda rows: calibration_error(truth[rows], given[rows]), n),
            notes={"bins": reliability(truth, given)} if n else {},
        ),
        "claims.shown.unsupported": figure(lambda rows: _share(shown[rows], truth[rows] == 0), n),
        "claims.shown.supported": figure(lambda rows: _share(shown[rows], truth[rows] == 1), n),
    }


def _share(shown: npt.NDArray[np.float64], among: npt.NDArray[np.bool_]) -> float:
    return float(shown[among].mean()) if among.any() else float("nan")


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
