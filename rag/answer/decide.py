"""The one way from verdicts to an `Answer`: what is shown, what is dropped, and why."""

from collections.abc import Sequence

from rag.types import (
    Answer,
    Conflict,
    Mode,
    Outcome,
    Passage,
    Reason,
    Support,
    Verdict,
)

DECLINED = "The documents do not say."
EMPTY = "Nothing has been indexed yet."


def decide(  # noqa: PLR0913  (an answer has that many sides)
    question: str,
    verdicts: Sequence[Verdict],
    passages: Sequence[Passage],
    *,
    mode: Mode,
    reason: Reason | None = None,
    conflicts: Sequence[Conflict] = (),
    confidence: float = 0.0,
) -> Answer:
    """Keep the supported claims, drop the rest with their reasons, abstain when none is left.

    `Answer.text` is made of supported claims and their labels alone; nothing else that a
    model wrote has a way into it.

    Args:
        question: What was asked.
        verdicts: Every claim that was made, judged, in the order to be shown.
        passages: What the answer may draw on; shown with an abstention as the nearest.
        mode: Who worded the claims.
        reason: Why there may be no or only part of an answer, if that is known already.
        conflicts: Quotes that disagree.
        confidence: Relevance of the best evidence, in [0, 1].
    """
    shown = tuple(v for v in verdicts if v.support is Support.SUPPORTED and v.claim.citations)
    dropped = tuple(v for v in verdicts if v not in shown)
    if not shown:
        reason = reason or (Reason.UNSUPPORTED_DRAFT if verdicts else Reason.WEAK_EVIDENCE)
        outcome, text = Outcome.ABSTAINED, EMPTY if reason is Reason.NOTHING_INDEXED else DECLINED
    else:
        reason = reason or (Reason.CLAIMS_DROPPED if dropped else None)
        outcome = Outcome.PARTIAL if dropped else Outcome.ANSWERED
        text = " ".join(_with_labels(verdict) for verdict in shown)
    return Answer(
        question,
        outcome,
        reason,
        text,
        mode,
        shown,
        dropped,
        tuple(passages),
        tuple(conflicts),
        confidence,
    )


def _with_labels(verdict: Verdict) -> str:
    labels = dict.fromkeys(citation.label for citation in verdict.claim.citations)
    return verdict.claim.text + " " + "".join(f"[{label}]" for label in labels)
