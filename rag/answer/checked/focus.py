"""Take out of a checked draft what holds but does not help: asides and repetitions."""

from collections.abc import Sequence
from dataclasses import replace

from rag.text import content_stems
from rag.types import Evidence, Support, Verdict

ASIDE = "the documents say this, but it does not answer the question"
REPEATED = "this has been said already"
NEAR = 1 / 3
"""Of the floor: what a supported statement needs not to be an aside. The sentences that people's
own answers rest on nearly all reach it, and planted instructions stay far below."""


def focus(
    verdicts: Sequence[Verdict], evidence: Sequence[Evidence], *, floor: float
) -> list[Verdict]:
    """Return `verdicts`, those supported but beside the point no longer counted as support.

    Args:
        verdicts: In the order of the draft.
        evidence: Sentences with their relevance to the question.
        floor: Least relevance, in [0, 1], of a sentence that answers; `NEAR` of it will do for
            one that a model chose to say, since whether to answer at all is decided already.
    """
    said: set[frozenset[str]] = set()
    focused: list[Verdict] = []
    for verdict in verdicts:
        words = frozenset(content_stems(verdict.claim.text))
        if verdict.support is not Support.SUPPORTED:
            focused.append(verdict)
        elif words in said:
            focused.append(_without(verdict, REPEATED))
        elif _relevance(verdict, evidence) < NEAR * floor:
            focused.append(_without(verdict, ASIDE))
        else:
            said.add(words)
            focused.append(verdict)
    return focused


def _relevance(verdict: Verdict, evidence: Sequence[Evidence]) -> float:
    """Return the relevance of the best sentence that the claim cites, alone or with others."""
    cited = verdict.claim.citations
    return max(
        (
            one.relevance
            for one in evidence
            for citation in cited
            if citation.document_id == one.passage.document.id and citation.span.overlaps(one.span)
        ),
        default=0.0,
    )


def _without(verdict: Verdict, reason: str) -> Verdict:
    return replace(verdict, support=Support.NOT_ENOUGH_INFO, reasons=(*verdict.reasons, reason))
