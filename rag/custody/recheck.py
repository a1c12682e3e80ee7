"""Look up the quotes of a receipt in an index as it is now: which stand, moved, are gone."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from rag.custody.receipt import Quoted, quotes_of
from rag.index.held import SourceRow
from rag.index.layout import IndexFolder
from rag.index.reading import LedgerReader, open_reader
from rag.text import FUNCTION_WORDS, sentences
from rag.types import Span

_NEAR = 0.5
"""Least share of words, in [0, 1], that a sentence has in common with a quote it resembles."""


class Standing(StrEnum):
    """What became of a quote."""

    STANDS = "stands"
    MOVED = "moved"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Place:
    """Characters of a document as it is now."""

    document_id: str
    source: str
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Rechecked:
    """A quote and where its words are now; for one that is gone, the sentence most like it."""

    quoted: Quoted
    standing: Standing
    place: Place | None = None
    nearest: Place | None = None

    def to_dict(self) -> dict[str, object]:
        """Return plain values, ready for JSON."""
        return asdict(self)


def recheck(receipt: Mapping[str, Any], folder: IndexFolder) -> list[Rechecked]:
    """Return what became of each quote of `receipt` in the index at `folder`.

    Raises:
        RecordAltered: If the receipt is not shaped like one.
        IndexNotFound: If there is no such index.
    """
    quotes = quotes_of(receipt)
    with open_reader(folder) as ledger:
        rows = [row for row in ledger.sources() if row.document_id]
        found = {quoted: _at_home(quoted, rows, ledger) for quoted in quotes}
        lost = [quoted for quoted, now in found.items() if now.standing is Standing.GONE]
        if lost:
            found |= _elsewhere(lost, rows, ledger, found)
    return [found[quoted] for quoted in quotes]


def _at_home(quoted: Quoted, rows: Sequence[SourceRow], ledger: LedgerReader) -> Rechecked:
    """Look into the document of the same id, or else of the same name."""
    row = _row(quoted, rows)
    if row is None:
        return Rechecked(quoted, Standing.GONE)
    text = ledger.text(row.revision)
    if text[quoted.start : quoted.end] == quoted.quote:
        same = Span(quoted.start, quoted.end)
        return Rechecked(quoted, Standing.STANDS, _place(row, text, same))
    if (span := _find(quoted, text)) is not None:
        return Rechecked(quoted, Standing.MOVED, _place(row, text, span))
    return Rechecked(quoted, Standing.GONE, nearest=_like(quoted, row, text)[1])


def _elsewhere(
    lost: Sequence[Quoted],
    rows: Sequence[SourceRow],
    ledger: LedgerReader,
    known: Mapping[Quoted, Rechecked],
) -> dict[Quoted, Rechecked]:
    """Look into every document, read one after the other, for quotes that are not at home."""
    found: dict[Quoted, Rechecked] = {}
    likest: dict[Quoted, tuple[float, Place | None]] = {}
    for row, text in _texts(rows, ledger):
        for quoted in lost:
            if quoted in found:
                continue
            span = _find(quoted, text)
            if span is not None:
                found[quoted] = Rechecked(quoted, Standing.MOVED, _place(row, text, span))
            elif known[quoted].nearest is None:
                best = (likest.get(quoted, (0.0, None)), _like(quoted, row, text))
                likest[quoted] = max(best, key=lambda one: one[0])
    gone = {
        quoted: Rechecked(quoted, Standing.GONE, nearest=place)
        for quoted, (_, place) in likest.items()
        if place is not None
    }
    return gone | found


def _texts(rows: Iterable[SourceRow], ledger: LedgerReader) -> Iterator[tuple[SourceRow, str]]:
    return ((row, ledger.text(row.revision)) for row in rows)


def _row(quoted: Quoted, rows: Sequence[SourceRow]) -> SourceRow | None:
    by_id = next((row for row in rows if row.document_id == quoted.document_id), None)
    named = (row for row in rows if quoted.source in (row.source, *row.aliases))
    return by_id or next(named, None)


def _find(quoted: Quoted, text: str) -> Span | None:
    """Return where the words of a quote are now, nearest to where they were; blanks may differ."""
    words = quoted.quote.split()
    if not words or any(word not in text for word in words):
        return None
    pattern = re.compile(r"\s+".join(map(re.escape, words)))
    spans = [Span(*match.span()) for match in pattern.finditer(text)]
    return min(spans, key=lambda span: abs(span.start - quoted.start), default=None)


def _like(quoted: Quoted, row: SourceRow, text: str) -> tuple[float, Place | None]:
    """Return the likest sentence and the share of words it has in common; (0, None) if few."""
    wanted, folded = _words(quoted.quote), text.casefold()
    best: tuple[float, Place | None] = (0.0, None)
    if sum(word in folded for word in wanted) < _NEAR * len(wanted):
        return best  # no sentence of it can share enough
    for span in sentences(text):
        words = _words(span.of(text))
        share = 2 * len(wanted & words) / max(1, len(wanted) + len(words))
        if share >= _NEAR and share > best[0]:
            best = share, _place(row, text, span)
    return best


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.casefold())) - FUNCTION_WORDS


def _place(row: SourceRow, text: str, span: Span) -> Place:
    return Place(row.document_id, row.source, span.start, span.end, span.of(text))
