"""What becomes of a claim that did not hold: another source, the source's own words, or nothing.

    verify -> cite better sentences -> quote the source instead -> leave out -> abstain

Each step only ever puts forward what is checked again or is a quote already.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from rag.answer.extract import cite, quote_claims
from rag.answer.wording import wording
from rag.types import Citation, Claim, Evidence, Span, Support, Verdict

VERBATIM = "replaced by the words of its source"
_TRIES = 3  # sentences a claim is tried against by themselves
_SAID = 0.75  # of a claim's words that its source must hold to stand for what was meant

Place = tuple[str, Span]


def reattribute(
    verdicts: Sequence[Verdict],
    evidence: Sequence[Evidence],
    judge: Callable[[Sequence[Claim]], list[Verdict]],
) -> list[Verdict]:
    """Return `verdicts`, a claim that failed citing other sentences where those do support it.

    Tried are the sentences that hold most of its words, each alone and with a neighbour: a
    sentence that starts with "It" says what it speaks of in the one before.

    Args:
        verdicts: In the order of the draft.
        evidence: The sentences that may be cited.
        judge: Verifies claims against what they cite.
    """
    held = [frozenset(wording(one.quote).roots) for one in evidence]
    tries = [
        []
        if verdict.support is Support.SUPPORTED
        else list(_otherwise(verdict.claim, evidence, held))
        for verdict in verdicts
    ]
    judged = iter(judge([claim for claims in tries for claim in claims]))
    found: list[Verdict] = []
    for verdict, claims in zip(verdicts, tries, strict=True):
        again = [next(judged) for _ in claims]
        standing = (one for one in again if one.support is Support.SUPPORTED)
        found.append(next(standing, verdict))
    return found


def repair(
    verdicts: Sequence[Verdict], evidence: Sequence[Evidence], *, floor: float
) -> list[Verdict]:
    """Return `verdicts` with a supported quotation after each claim that can be repaired.

    The unsupported claim stays in the list, so that it is reported as dropped. Its source takes
    its place when it is not already cited by a claim that stands, and either answers the
    question by itself or says nearly all that the claim says.

    Args:
        verdicts: In the order of the draft.
        evidence: Sentences with their relevance to the question.
        floor: Least relevance, in [0, 1], of a sentence that stands in for another statement.
    """
    used = {
        (citation.document_id, citation.span)
        for verdict in verdicts
        if verdict.support is Support.SUPPORTED
        for citation in verdict.claim.citations
    }
    places: dict[Place, Evidence] = {(e.passage.document.id, e.span): e for e in evidence}
    repaired: list[Verdict] = []
    for verdict in verdicts:
        repaired.append(verdict)
        source = _source(verdict, places, floor)
        if source is None or _taken(source, used):
            continue
        quote = replace(quote_claims([source])[0], lead=verdict.claim.lead)
        used |= {(c.document_id, c.span) for c in quote.citations}
        repaired.append(Verdict(quote, Support.SUPPORTED, 1.0, (VERBATIM,)))
    return repaired


def _taken(source: Evidence, used: set[Place]) -> bool:
    return any(id_ == source.passage.document.id and s.overlaps(source.span) for id_, s in used)


def _source(verdict: Verdict, places: dict[Place, Evidence], floor: float) -> Evidence | None:
    """Return the sentence a failed claim comes from, if it may be shown in its place."""
    if verdict.support is Support.SUPPORTED or not verdict.claim.citations:
        return None
    nearest = verdict.claim.citations[0]
    source = places.get((nearest.document_id, nearest.span))
    if source is None:
        return None
    wanted = set(wording(verdict.claim.text).roots)
    said = len(wanted & set(wording(source.quote).roots)) >= _SAID * len(wanted)
    return source if source.relevance >= floor or said else None


def _otherwise(
    claim: Claim, evidence: Sequence[Evidence], held: Sequence[frozenset[str]]
) -> Iterator[Claim]:
    """Yield `claim` with each other citation that is worth a try, the likeliest first."""
    wanted = set(wording(claim.text).roots)
    rows = sorted(range(len(evidence)), key=lambda row: -len(wanted & held[row]))[:_TRIES]
    best = [evidence[row] for row in rows if wanted & held[row]]
    tried = {tuple((c.document_id, c.span) for c in claim.citations)}
    for citation in [
        *(cite(one.passage, one.span) for one in best),
        *(joint for one in best for joint in _with_neighbour(one, evidence)),
    ]:
        place = ((citation.document_id, citation.span),)
        if place not in tried:
            tried.add(place)
            yield replace(claim, citations=(citation,))


def _with_neighbour(one: Evidence, evidence: Sequence[Evidence]) -> Iterator[Citation]:
    """Yield the sentence joined with the one before, and with the one behind it."""
    document = one.passage.document
    spans = sorted({e.span for e in evidence if e.passage.document.id == document.id})
    for first, second in pairwise(spans):
        between = document.text[first.end : second.start]
        if one.span in (first, second) and not between.strip() and "\n" not in between:
            yield cite(one.passage, Span(first.start, second.end))
