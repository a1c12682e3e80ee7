"""Take out of a checked draft what holds but does not help: asides and repetitions."""

from collections.abc import Sequence
from dataclasses import replace

from rag.text import content_stems
from rag.types import Evidence, Support, Verdict

ASIDE = "the documents say this, but it does not answer the question"
REPEATED = "this has been said already"


def focus(
    verdicts: Sequence[Verdict], evidence: Sequence[Evidence], *, floor: float
) -> list[Verdict]:
    """Return `verdicts`, those supported but beside the point no longer counted as support.

    Args:
        verdicts: In the order of the draft.
        evidence: Sentences with their relevance to the question.
        floor: Least relevance, in [0, 1], of the best quote of a claim.
    """
    relevance = {(e.passage.document.id, e.span): e.relevance for e in evidence}
    said: set[frozenset[str]] = set()
    focused: list[Verdict] = []
    for verdict in verdicts:
        places = [(c.document_id, c.span) for c in verdict.claim.citations]
        words = frozenset(content_stems(verdict.claim.text))
        if verdict.support is not Support.SUPPORTED:
            focused.append(verdict)
        elif words in said:
            focused.append(_without(verdict, REPEATED))
        elif max((relevance.get(place, 0.0) for place in places), default=0.0) < floor:
            focused.append(_without(verdict, ASIDE))
        else:
            said.add(words)
            focused.append(verdict)
    return focused


def _without(verdict: Verdict, reason: str) -> Verdict:
    return replace(verdict, support=Support.NOT_ENOUGH_INFO, reasons=(*verdict.reasons, reason))
