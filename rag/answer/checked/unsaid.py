"""Which words of a claim no quote says: for showing where a claim goes beyond its source."""

import re
from collections.abc import Iterator, Sequence

from rag.answer.words.acronyms import initials, spelled_out
from rag.answer.words.quantities import DATED
from rag.answer.words.wording import wording
from rag.types import Span

# A date, a figure with its scale and sign, or a word: read as one, marked as one.
_PIECE = re.compile(
    rf"(?P<date>{DATED})|[$\u20ac\u00a3]?\d[\d.,:/-]*(?:\s?%|\s(?:hundred|thousand|million|billion|"
    r"trillion|percent)\b|[^\W\d_]+)?|[^\W\d_][\w'\u2019-]*",
    re.IGNORECASE,
)


def unsaid(claim: str, quotes: Sequence[str], above: str) -> tuple[Span, ...]:
    """Return the characters of `claim` whose words neither quotes nor titles hold, in order.

    Neighbouring words are one span. Function words are never marked, except a denial.

    Args:
        claim: One statement.
        quotes: What it cites.
        above: Titles and headings over the quotes.
    """
    texts = [above, *quotes]
    held = {root for text in texts for root in wording(text).roots}
    held |= {short for text in texts for short in initials(text)}
    names = [name for text in texts for name in spelled_out(claim, text)]
    held |= {root for name in names for root in wording(name).roots}
    return tuple(_joined(claim, _missing(claim, held)))


def _missing(claim: str, held: set[str]) -> Iterator[Span]:
    for match in _PIECE.finditer(claim):
        roots = set(wording(match.group().rstrip(".,:;/-")).roots)
        if not roots <= held:
            end = match.start() + len(match.group().rstrip(".,:;/-"))
            yield Span(match.start(), end)


def _joined(claim: str, spans: Iterator[Span]) -> Iterator[Span]:
    last: Span | None = None
    for span in spans:
        if last is not None and not claim[last.end : span.start].strip():
            last = Span(last.start, span.end)
            continue
        if last is not None:
            yield last
        last = span
    if last is not None:
        yield last
