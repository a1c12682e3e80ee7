"""Put a source's own sentence in the place of a claim that did not hold."""

from collections.abc import Sequence

from rag.answer.extract import quote_claims
from rag.types import Evidence, Support, Verdict

VERBATIM = "replaced by the words of its source"


def repair(
    verdicts: Sequence[Verdict], evidence: Sequence[Evidence], *, floor: float
) -> list[Verdict]:
    """Return `verdicts` with a supported quotation after each claim that can be repaired.

    The unsupported claim stays in the list, so that it is reported as dropped. It is repaired
    by the sentence it came nearest to, when that sentence answers the question by itself and
    is not already cited by a claim that stands.

    Args:
        verdicts: In the order of the draft.
        evidence: Sentences with their relevance to the question.
        floor: Least relevance of a sentence that may stand in, in [0, 1].
    """
    used = {
        (citation.document_id, citation.span)
        for verdict in verdicts
        if verdict.support is Support.SUPPORTED
        for citation in verdict.claim.citations
    }
    places = {(e.passage.document.id, e.span): e for e in evidence if e.relevance >= floor}
    repaired: list[Verdict] = []
    for verdict in verdicts:
        repaired.append(verdict)
        if verdict.support is Support.SUPPORTED or not verdict.claim.citations:
            continue
        nearest = verdict.claim.citations[0]
        place = (nearest.document_id, nearest.span)
        if place in places and place not in used:
            used.add(place)
            quote = quote_claims([places[place]])[0]
            repaired.append(Verdict(quote, Support.SUPPORTED, 1.0, (VERBATIM,)))
    return repaired
