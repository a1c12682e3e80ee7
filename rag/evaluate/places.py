"""Where gold lies in the text the pipeline stored, which may differ from the set's in blanks."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from rag.corpus.normalize import clean
from rag.types import Span


@dataclass(frozen=True, slots=True)
class Squeezed:
    """A text without its blanks, in canonical characters, and where each character stood."""

    text: str
    places: tuple[int, ...]

    def between(self, start: int, end: int) -> tuple[int, int]:
        """Return the range of squeezed characters that stood in `[start, end)`."""
        inside = [row for row, place in enumerate(self.places) if start <= place < end]
        return (inside[0], inside[-1] + 1) if inside else (0, 0)

    def span(self, start: int, end: int) -> Span:
        """Return the span of the text that the squeezed characters `[start, end)` stood in."""
        return Span(self.places[start], self.places[end - 1] + 1)


@lru_cache(maxsize=8)  # a book is looked into for every sentence read of it
def squeezed(text: str) -> Squeezed:
    """Return `text` without blanks; every character is cleaned by itself."""
    kept = [
        (plain, place)
        for place, char in enumerate(text)
        if not char.isspace()
        for plain in clean(char)
        if not plain.isspace()
    ]
    return Squeezed("".join(char for char, _ in kept), tuple(place for _, place in kept))


def carried_over(spans: Iterable[tuple[int, int]], original: str, stored: str) -> list[Span]:
    """Return where ranges of `original` lie in `stored`, which differs in blanks.

    When characters differ too, a range is looked for by its own characters and the place
    nearest to where it should be is taken; a range that is not found is left out.
    """
    here, there = squeezed(original), squeezed(stored)
    found = []
    for start, end in spans:
        first, last = here.between(start, end)
        if first == last:
            continue
        wanted = here.text[first:last]
        shift = first * len(there.text) / max(1, len(here.text))
        place = first if there.text[first:last] == wanted else _nearest(there.text, wanted, shift)
        if place is not None:
            found.append(there.span(place, place + len(wanted)))
    return found


def located(sentence: str, stored: str) -> Span | None:
    """Return where `sentence` first stands in `stored`, blanks aside; None if it does not."""
    wanted, there = squeezed(sentence).text, squeezed(stored)
    place = there.text.find(wanted) if wanted else -1
    return there.span(place, place + len(wanted)) if place >= 0 else None


def _nearest(text: str, wanted: str, about: float) -> int | None:
    places = []
    place = text.find(wanted)
    while place >= 0:
        places.append(place)
        place = text.find(wanted, place + 1)
    return min(places, key=lambda p: abs(p - about), default=None)
