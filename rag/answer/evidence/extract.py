"""Find the sentences of the passages that answer a question, and answer with them verbatim."""

import re
from collections.abc import Sequence

import numpy as np

from rag.answer.evidence.instructions import instructs
from rag.answer.evidence.marking import marks_of
from rag.answer.evidence.relevance import Candidate, by_name, features, named, relevance
from rag.protocols import Embedder, Floats, Reader
from rag.text import content_stems, sentences, without_bullet
from rag.types import BlockKind, Citation, Claim, Evidence, Passage, Span

_LEANS_BACK = re.compile(
    r"(?:he|she|it|they|this|these|that|those|his|her|hers|its|their|both|such|however|"
    r"therefore|instead|otherwise|then|also|the (?:former|latter|same))\b",
    re.IGNORECASE,
)
_FEWEST_NEW_STEMS = 2


def find_evidence(
    question: str,
    passages: Sequence[Passage],
    embedder: Embedder,
    reader: Reader | None = None,
) -> list[Evidence]:
    """Return the sentences of `passages` with their relevance, best first.

    A sentence of two overlapping passages is listed once. Headings are left out: they name
    what is answered below them, and answer nothing themselves. With a reader, each sentence
    tells the words that would answer.
    """
    places: list[tuple[Passage, Span]] = []
    candidates: list[Candidate] = []
    seen: set[tuple[str, Span]] = set()
    for passage in passages:
        for span, candidate in sentences_of(passage):
            if (passage.document.id, span) not in seen:
                seen.add((passage.document.id, span))
                places.append((passage, span))
                candidates.append(candidate)
    if not candidates:
        return []
    marks = None if reader is None else marks_of(question, places, reader)
    rows = features(question, candidates, cosines(question, candidates, embedder), marks)
    scores = relevance(rows, named(question, candidates))
    found = [
        Evidence(
            passage, span, float(score), marks[row].span if marks else None, by_name(rows[row])
        )
        for row, ((passage, span), score) in enumerate(zip(places, scores, strict=True))
    ]
    return sorted(found, key=lambda e: (-e.relevance, e.passage.label, e.span))


def sentences_of(passage: Passage) -> list[tuple[Span, Candidate]]:
    """Return the sentences of `passage` that may answer, each with what stands around it."""
    document, chunk = passage.document, passage.chunk
    spans = sentences(document.text, chunk.span)
    above = "\n".join(dict.fromkeys((document.title, *chunk.heading)))
    found = []
    for row, span in enumerate(spans):
        block = document.block_at(span.start)
        if block is not None and block.kind is BlockKind.HEADING:
            continue
        bare = without_bullet(document.text, span)
        near = spans[max(0, row - 1) : row + 2]
        window = f"{above}\n{' '.join(s.of(document.text) for s in near)}"
        sentence = bare.of(document.text)
        found.append((bare, Candidate(sentence, window, f"{above}\n{chunk.text}", above)))
    return found


def cosines(question: str, candidates: Sequence[Candidate], embedder: Embedder) -> Floats:
    """Return the cosine of `question` with sentence and passage, shape (n, 2)."""
    texts = [text for c in candidates for text in (c.sentence, c.passage)]
    unique = list(dict.fromkeys(texts))
    asked = embedder.embed_queries([question])[0]  # (dim,)
    rows = dict(zip(unique, embedder.embed_queries(unique) @ asked, strict=True))
    return np.asarray([rows[text] for text in texts], dtype=np.float32).reshape(-1, 2)


def choose_sentences(evidence: Sequence[Evidence], *, keep: float, most: int) -> list[Evidence]:
    """Return the few sentences to show, in reading order.

    The best one always; others when they are at least `keep` times as relevant and say
    something the chosen ones do not. Whether to answer at all is decided elsewhere, so that
    a stricter gate takes an answer away and never changes it.

    Args:
        evidence: Sentences, best first.
        keep: Least relevance relative to the best, in [0, 1].
        most: Most sentences.
    """
    chosen: list[Evidence] = []
    said: set[str] = set()
    for sentence in evidence:
        if len(chosen) == most or sentence.relevance < keep * evidence[0].relevance:
            break
        new = set(content_stems(sentence.quote)) - said
        if not chosen or len(new) >= _FEWEST_NEW_STEMS:
            chosen.append(sentence)
            said |= new
    return sorted(chosen, key=lambda e: (e.passage.label, e.span))


def quote_claims(chosen: Sequence[Evidence]) -> list[Claim]:
    """Return one claim per sentence: its own words, citing itself.

    A sentence that leans back ("It was founded in 1989.") takes the sentence before it
    along, so that the reader knows who "it" is. `Claim.span` counts along the joined text.
    """
    claims: list[Claim] = []
    start = 0
    covered: list[tuple[str, Span]] = []
    for sentence in chosen:
        span = _with_antecedent(sentence)
        document = sentence.passage.document
        if any(d == document.id and s.overlaps(span) for d, s in covered):
            span = sentence.span
        if any(d == document.id and s.overlaps(span) for d, s in covered):
            continue
        covered.append((document.id, span))
        text = " ".join(span.of(document.text).split())
        citation = cite(sentence.passage, span)
        claims.append(Claim(text, Span(start, start + len(text)), (citation,)))
        start += len(text) + 1
    return claims


def cite(passage: Passage, span: Span) -> Citation:
    """Return a citation of the characters `span` of the passage's document."""
    document = passage.document
    return Citation(
        passage.label,
        document.id,
        document.revision,
        span,
        document.page_at(span.start),
        span.of(document.text),
        document.title,
        document.source,
    )


def _with_antecedent(evidence: Evidence) -> Span:
    document = evidence.passage.document
    if not _LEANS_BACK.match(evidence.quote):
        return evidence.span
    before = [
        span
        for span in sentences(document.text, _line_around(document.text, evidence.span))
        if span.end <= evidence.span.start
    ]
    if not before or not _tells(before[-1].of(document.text)):
        return evidence.span
    return Span(before[-1].start, evidence.span.end)


def _tells(sentence: str) -> bool:
    """Return whether a sentence can say who "it" is: a question or an instruction does not."""
    return not sentence.endswith(("?", "\uff1f")) and not instructs(sentence)


def _line_around(text: str, span: Span) -> Span:
    start = text.rfind("\n", 0, span.start) + 1
    end = text.find("\n", span.end)
    return Span(start, len(text) if end < 0 else end)
