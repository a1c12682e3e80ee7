"""Addresses of quotes: where a mark leads, and what lies before and after it in the answer."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import url_for

from rag.types import Citation, Span

_REVISION = 12
"""Characters of the revision an address carries; enough to tell two texts apart."""
_LONGEST_OFFSET = 15


@dataclass(frozen=True, slots=True)
class Place:
    """Characters of one revision of one document, as an address names them."""

    document_id: str
    revision: str
    span: Span

    @classmethod
    def of(cls, citation: Citation) -> "Place":
        """Return where `citation` points."""
        return cls(citation.document_id, citation.revision[:_REVISION], citation.span)

    @classmethod
    def parse(cls, text: str) -> "Place | None":
        """Return the place `text` names; None if it was not written by `str`."""
        start, _, rest = text.partition("-")
        end, _, rest = rest.partition("-")
        revision, _, document_id = rest.partition("-")
        span = read_span(start, end)
        return cls(document_id, revision, span) if span and revision and document_id else None

    def __str__(self) -> str:
        return f"{self.span.start}-{self.span.end}-{self.revision}-{self.document_id}"


@dataclass(frozen=True, slots=True)
class Trail:
    """The quotes of one answer in reading order, and the question that led to them."""

    places: tuple[Place, ...] = ()
    question: str = ""
    mode: str = ""

    def url(self, place: Place) -> str:
        """Return the address of the source page with `place` marked."""
        return url_for(
            "source.show",
            document_id=place.document_id,
            revision=place.revision,
            start=place.span.start,
            end=place.span.end,
            c=[str(p) for p in self.places],
            q=self.question or None,
            mode=self.mode or None,
            _anchor="quote",
        )

    def back(self) -> str | None:
        """Return the address of the answer, or None when no question is known."""
        if not self.question:
            return None
        return url_for("ask.page", q=self.question, mode=self.mode or None)

    def beside(self, place: Place | None) -> tuple[Place | None, Place | None]:
        """Return the quotes before and after `place`."""
        if place not in self.places:
            return None, None
        row = self.places.index(place)
        following = self.places[row + 1 : row + 2]
        return (self.places[row - 1] if row else None), (following[0] if following else None)


def trail_of(citations: Sequence[Citation], question: str, mode: str) -> Trail:
    """Return the trail through `citations`, each place once."""
    return Trail(tuple(dict.fromkeys(map(Place.of, citations))), question, mode)


def read_span(start: str | None, end: str | None) -> Span | None:
    """Return the span two texts write in plain digits, or None if they write none."""
    low, high = read_offset(start), read_offset(end)
    return Span(low, high) if low is not None and high is not None and low < high else None


def read_offset(text: str | None) -> int | None:
    """Return the number `text` writes in plain digits, or None if it writes none."""
    plain = text is not None and text.isascii() and text.isdigit()
    return int(text) if plain and text and len(text) <= _LONGEST_OFFSET else None
