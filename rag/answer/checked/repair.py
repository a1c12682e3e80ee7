"""What becomes of a claim that did not hold: another source, the source's own words, or nothing.

    verify -> cite better sentences -> quote the source instead -> leave out -> abstain

Each step only ever puts forward what is checked again or is a quote already.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from rag.answer.checked.focus import ASIDE, NEAR, REPEATED
from rag.answer.evidence.extract import cite, quote_claims
from rag.answer.words.wording import wording
from rag.types import Citation, Claim, DocumentId, Evidence, Span, Support, Verdict

VERBATIM = "replaced by the words of its source"
_FOCUSED = {ASIDE, REPEATED}  # true, and taken out on purpose
_TRIES = 3  # sentences a claim is tried against by themselves
_SAID = 0.75  # of a claim's words that its source must hold to say the same otherwise

Place = tuple[DocumentId, Span]


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

    The unsupported claim stays in the list, so that it is reported as dropped. It is repaired
    by the sentence it came nearest to, when that is not cited yet by a claim that stands, and
    answers the question by itself, or says nearly what the claim says and is near the point.

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
    places: dict[Place, Evidence] = {(e.passage.document.id, e.span): e for e in evidence}
    repaired: list[Verdict] = []
    for verdict in verdicts:
        repaired.append(verdict)
        failed = verdict.support is not Support.SUPPORTED and not _FOCUSED & set(verdict.reasons)
        source = _source(verdict.claim, places) if failed else None
        if source is None or _taken(_cite_of(source), used):
            continue
        if source.relevance < (NEAR * floor if _says(source, verdict.claim) else floor):
            continue
        quote = _quoted(source, used, verdict.claim.lead)
        used |= {(c.document_id, c.span) for c in quote.citations}
        repaired.append(Verdict(quote, Support.SUPPORTED, 1.0, (VERBATIM,)))
    return repaired


def _cite_of(source: Evidence) -> Citation:
    """Return a citation of the sentence itself."""
    return cite(source.passage, source.span)


def _says(source: Evidence, claim: Claim) -> bool:
    """Return whether the sentence holds nearly all words of the claim."""
    wanted = set(wording(claim.text).roots)
    return len(wanted & set(wording(source.quote).roots)) >= _SAID * len(wanted)


def _source(claim: Claim, places: dict[Place, Evidence]) -> Evidence | None:
    """Return the sentence that a failed claim came nearest to."""
    if not claim.citations:
        return None
    nearest = claim.citations[0]
    return places.get((nearest.document_id, nearest.span))


def _quoted(source: Evidence, used: set[Place], lead: str) -> Claim:
    """Return `source` as a claim, with the sentence it leans on unless that is shown already."""
    quote = quote_claims([source])[0]
    if _taken(quote.citations[0], used):
        text = " ".join(source.quote.split())
        quote = replace(quote, text=text, span=Span(0, len(text)), citations=(_cite_of(source),))
    return replace(quote, lead=lead)


def _taken(citation: Citation, used: set[Place]) -> bool:
    return any(id_ == citation.document_id and s.overlaps(citation.span) for id_, s in used)


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
