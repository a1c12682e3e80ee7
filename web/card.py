"""An `Answer` arranged for a template: sentences with marks, and quotes under their sources.

A mark shows the citation's label, as the answer's text does everywhere; a letter follows it
only where one passage is quoted more than once (1a, 1b).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from string import ascii_lowercase

from rag.types import Answer, Citation, Conflict, Document, Outcome, Passage
from web.links import Place, Trail, trail_of


@dataclass(frozen=True, slots=True)
class Quote:
    """One quote, copied from the stored document."""

    name: str
    text: str
    page: int | None
    url: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """One claim of the answer and the quotes it rests on."""

    text: str
    quotes: tuple[Quote, ...]
    bullet: str = ""
    """The mark before an item of a list."""


@dataclass(frozen=True, slots=True)
class Source:
    """A cited passage and what is quoted from it."""

    document: Document
    heading: tuple[str, ...]
    quotes: tuple[Quote, ...]


@dataclass(frozen=True, slots=True)
class Side:
    """One of two quotes that disagree."""

    document: Document
    text: str
    page: int | None
    url: str
    count: int
    """Documents that say this."""


@dataclass(frozen=True, slots=True)
class Nearest:
    """A passage that came close, for an abstention."""

    passage: Passage
    page: int | None
    url: str


@dataclass(frozen=True, slots=True)
class Card:
    """Everything the template shows of one answer."""

    answer: Answer
    sentences: tuple[Sentence, ...]
    sources: tuple[Source, ...]
    conflicts: tuple[tuple[Side, Side], ...]
    superseded: tuple[tuple[Side, Side], ...]
    """Newer revision first."""
    nearest: tuple[Nearest, ...]


def card_of(answer: Answer) -> Card:
    """Return `answer` arranged for the page; needs a request, for its addresses."""
    passages = {passage.label: passage for passage in answer.passages}
    ordered = sorted(answer.citations, key=lambda c: c.label)  # stable: reading order within
    trail = trail_of(ordered, answer.question, answer.mode.value)
    quotes = _quotes(ordered, passages, trail)
    return Card(
        answer=answer,
        sentences=tuple(
            Sentence(v.claim.text, _once(quotes, v.claim.citations), v.claim.lead.strip())
            for v in answer.verdicts
        ),
        sources=tuple(
            Source(passages[label].document, passages[label].chunk.heading, _once(quotes, cited))
            for label, cited in _by_label(ordered).items()
        ),
        conflicts=tuple(_sides(c, passages, trail) for c in answer.conflicts if not c.superseded),
        superseded=tuple(_sides(c, passages, trail) for c in answer.conflicts if c.superseded),
        nearest=_nearest(answer) if answer.outcome is Outcome.ABSTAINED else (),
    )


def _by_label(ordered: list[Citation]) -> dict[int, tuple[Citation, ...]]:
    return {label: tuple(cited) for label, cited in groupby(ordered, key=lambda c: c.label)}


def _quotes(
    ordered: list[Citation], passages: Mapping[int, Passage], trail: Trail
) -> dict[Citation, Quote]:
    """Return one quote a citation; citations of the same characters share a name."""
    quotes: dict[Citation, Quote] = {}
    for label, cited in _by_label(ordered).items():
        spans = list(dict.fromkeys(citation.span for citation in cited))
        for citation in cited:
            row = spans.index(citation.span)
            letter = ascii_lowercase[row % 26] if len(spans) > 1 else ""
            quotes[citation] = Quote(
                f"{label}{letter}",
                _copy(citation, passages),
                citation.page,
                trail.url(Place.of(citation)),
            )
    return quotes


def _once(quotes: Mapping[Citation, Quote], cited: tuple[Citation, ...]) -> tuple[Quote, ...]:
    return tuple(dict.fromkeys(quotes[citation] for citation in cited))


def _copy(citation: Citation, passages: Mapping[int, Passage]) -> str:
    return citation.span.of(passages[citation.label].document.text)


def _sides(conflict: Conflict, passages: Mapping[int, Passage], trail: Trail) -> tuple[Side, Side]:
    first, second = (
        Side(passages[c.label].document, _copy(c, passages), c.page, trail.url(Place.of(c)), count)
        for c, count in (
            (conflict.first, conflict.first_count),
            (conflict.second, conflict.second_count),
        )
    )
    return first, second


def _nearest(answer: Answer) -> tuple[Nearest, ...]:
    places = [Place(p.document.id, p.chunk.revision[:12], p.chunk.span) for p in answer.passages]
    trail = Trail(tuple(places), answer.question, answer.mode.value)
    return tuple(
        Nearest(passage, passage.document.page_at(passage.chunk.span.start), trail.url(place))
        for passage, place in zip(answer.passages, places, strict=True)
    )
