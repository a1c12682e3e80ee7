"""Judge claims against what they cite: exact checks first, then the verifier's number."""

from collections.abc import Sequence

from rag.answer.checked.checks import objections
from rag.answer.checked.shorten import OWN_SHARE, departures
from rag.answer.checked.unsaid import unsaid
from rag.answer.drafted.foreign import FOREIGN, foreign
from rag.answer.words.quantities import quantities
from rag.errors import ModelError
from rag.protocols import Verifier
from rag.text import content_stems
from rag.types import Claim, Document, DocumentId, Passage, Support, Verdict

_SAME_SHARE = 0.75  # of a claim's content words in the quote that holds its figure


def verify(
    verifier: Verifier,
    claims: Sequence[Claim],
    passages: Sequence[Passage],
    *,
    floor: float,
    own_words: bool = False,
) -> list[Verdict]:
    """Return one verdict per claim, in order.

    Supported means: something is cited, no exact check objects, and the verifier's
    entailment reaches `floor`. A claim that is only partly supported is not supported.

    Args:
        verifier: Gives entailment, neutral and contradiction.
        claims: What is to be judged.
        passages: Where the citations come from; title and headings belong to the evidence,
            since "It opened in 1989." under a title names what opened.
        floor: Least entailment, in [0, 1].
        own_words: Whether a claim may use words its quotes do not; only a trained verifier
            can judge that. Otherwise it may shorten a quote and no more.

    Raises:
        ModelError: If the verifier returns another number of rows than it was given.
    """
    documents = {passage.document.id: passage.document for passage in passages}
    cited = [claim for claim in claims if claim.citations]
    premises = [evidence_text(claim, documents) for claim in cited]
    rows = verifier.infer(premises, [claim.text for claim in cited])
    if len(rows) != len(cited):
        raise ModelError(f"{verifier.name} judged {len(rows)} of {len(cited)} claims")
    judged = {
        id(claim): (premise, float(row[0]), float(row[2]))
        for claim, premise, row in zip(cited, premises, rows, strict=True)
    }
    return [_judge(c, judged.get(id(c)), floor, own_words=own_words) for c in claims]


def evidence_text(claim: Claim, documents: dict[DocumentId, Document]) -> str:
    """Return what may support `claim`: its quotes, below their titles and headings."""
    above: list[str] = []
    for citation in claim.citations:
        document = documents.get(citation.document_id)
        block = document.block_at(citation.span.start) if document else None
        above += [citation.title, *(block.heading if block else ())]
    return "\n".join([*dict.fromkeys(above), *(c.quote for c in claim.citations)])


def scattered(claim: Claim) -> list[str]:
    """Return why the quotes of `claim` cannot be put together to make it.

    Titles help to understand a quote but prove nothing alone; and a figure taken from one
    quote does not belong to what another one says.
    """
    wanted = set(content_stems(claim.text))
    held = [set(content_stems(citation.quote)) for citation in claim.citations]
    if len(wanted & set().union(*held)) < OWN_SHARE * len(wanted):
        return ["the cited quote itself says too little of this"]
    if len(held) == 1:
        return []
    reasons = []
    for figure in {(q.value, q.said) for q in quantities(claim.text)}:
        holders = [
            words
            for words, citation in zip(held, claim.citations, strict=True)
            if any(q.value == figure[0] for q in quantities(citation.quote))
        ]
        if holders and max(len(wanted & words) for words in holders) < _SAME_SHARE * len(wanted):
            reasons.append(f"the quote that says {figure[1]} does not say the rest")
    return reasons


def against(claim: Claim, premise: str, *, own_words: bool) -> list[str]:
    """Return what speaks against `claim`; nothing does when it is a quote, word for word."""
    quotes = [citation.quote for citation in claim.citations]
    if any(" ".join(quote.split()) == " ".join(claim.text.split()) for quote in quotes):
        return []
    if foreign(claim.text, quotes):
        return [FOREIGN]
    if own_words:
        return [*objections(claim.text, premise), *scattered(claim)]
    above = _above(premise, quotes)
    return [*objections(claim.text, premise), *departures(claim.text, quotes, above)]


def _judge(
    claim: Claim, judged: tuple[str, float, float] | None, floor: float, *, own_words: bool
) -> Verdict:
    if judged is None:
        reason = "nothing in the passages says this"
        return Verdict(claim, Support.NOT_ENOUGH_INFO, 0.0, (reason,), unsaid(claim.text, (), ""))
    premise, entailment, contradiction = judged
    reasons = against(claim, premise, own_words=own_words)
    if entailment >= floor and not reasons:
        return Verdict(claim, Support.SUPPORTED, entailment)
    refuted = contradiction >= floor
    support = Support.REFUTED if refuted else Support.NOT_ENOUGH_INFO
    said = "contradicts this" if refuted else "does not say all of this"
    quotes = [citation.quote for citation in claim.citations]
    unsupported = unsaid(claim.text, quotes, _above(premise, quotes))
    reasons = reasons or [f"the cited quote {said}"]
    return Verdict(claim, support, entailment, tuple(reasons), unsupported)


def _above(premise: str, quotes: Sequence[str]) -> str:
    return premise.removesuffix("\n".join(quotes))
