"""A document as nested pieces for a template: parts, their lines, and what is marked.

Nothing is added to the text or left out: joined in order, the pieces are the characters of
the window, and the marked pieces are the characters of the quote.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from rag.types import BlockKind, Document, Span

WINDOW = 60_000
"""Characters of a document shown at once; a long one is read a window at a time."""
_SNAP = 2_000
_LINE = re.compile(r"[^\n]+\n*|\n+")
_BAR = re.compile(r"( \| )")
_DEEPEST = 6


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text that is shown in one way."""

    text: str
    marked: bool
    first: bool
    """Whether the quote begins here."""
    gap: bool
    """Whether it only parts two blocks or lines; the layout shows that already."""
    page: int | None
    """The page that begins here."""


@dataclass(frozen=True, slots=True)
class Line:
    """A paragraph, list item or row; the cells of a row alternate with the bars between."""

    cells: tuple[tuple[Piece, ...], ...]


@dataclass(frozen=True, slots=True)
class Part:
    """One block; `level` is that of its HTML heading, 2 to 6."""

    kind: str
    level: int
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class _Cuts:
    """Where pieces begin: the ends of the quote and the starts of pages."""

    mark: Span | None
    pages: dict[int, int]
    offsets: list[int]

    def between(self, start: int, end: int) -> list[int]:
        low, high = bisect_right(self.offsets, start), bisect_left(self.offsets, end)
        return [start, *self.offsets[low:high], end]

    def marks(self, start: int, end: int) -> bool:
        return self.mark is not None and self.mark.start <= start and end <= self.mark.end


def window_of(document: Document, mark: Span | None, start: int = 0) -> Span | None:
    """Return which characters to show: around `mark`, else from `start`; None of no text."""
    length = len(document.text)
    if not length:
        return None
    if mark is None:
        low = _line_start(document.text, min(start, length - 1))
        return Span(low, min(length, low + WINDOW))
    low = _line_start(document.text, max(0, mark.start - WINDOW // 3))
    return Span(low, min(length, max(low + WINDOW, min(mark.end, low + 2 * WINDOW))))


def parts_of(document: Document, window: Span, mark: Span | None) -> list[Part]:
    """Return the blocks of `document` inside `window`, with the characters of `mark` marked."""
    pages = {page.span.start: page.number for page in document.pages if page.span}
    ends = [mark.start, mark.end] if mark else []
    cuts = _Cuts(mark, pages, sorted({*pages, *ends}))
    return [
        Part(kind.value, level, tuple(_lines(document.text, kind, span, cuts)))
        for kind, level, span in _blocks(document, window)
    ]


def _line_start(text: str, offset: int) -> int:
    earliest = max(0, offset - _SNAP)
    return max(text.rfind("\n", earliest, offset) + 1, earliest)


def _blocks(document: Document, window: Span) -> Iterator[tuple[BlockKind, int, Span]]:
    """Yield blocks clipped to `window`, each with the gap that follows it."""
    starts: list[tuple[int, BlockKind, int]] = [
        (b.span.start, b.kind, min(len(b.heading) + 2, _DEEPEST)) for b in document.blocks
    ]
    if not starts or starts[0][0] > 0:
        starts.insert(0, (0, BlockKind.PARAGRAPH, 2))
    following = [start for start, _, _ in starts[1:]] + [len(document.text)]
    for (start, kind, level), end in zip(starts, following, strict=True):
        low, high = max(start, window.start), min(end, window.end)
        if low < high:
            yield kind, level, Span(low, high)


def _lines(text: str, kind: BlockKind, span: Span, cuts: _Cuts) -> Iterator[Line]:
    if kind not in (BlockKind.LIST, BlockKind.TABLE):
        yield Line((_pieces(text, span.start, span.end, cuts),))
        return
    for match in _LINE.finditer(text, span.start, span.end):
        cells = [match.group()] if kind is BlockKind.LIST else _BAR.split(match.group())
        yield Line(tuple(_in_turn(text, match.start(), cells, cuts)))


def _in_turn(
    text: str, start: int, cells: Sequence[str], cuts: _Cuts
) -> Iterator[tuple[Piece, ...]]:
    for cell in cells:
        yield _pieces(text, start, start + len(cell), cuts)
        start += len(cell)


def _pieces(text: str, start: int, end: int, cuts: _Cuts) -> tuple[Piece, ...]:
    body = start + len(text[start:end].rstrip("\n"))
    return (*_cut(text, start, body, cuts), *_cut(text, body, end, cuts, gap=True))


def _cut(text: str, start: int, end: int, cuts: _Cuts, *, gap: bool = False) -> Iterator[Piece]:
    offsets = cuts.between(start, end) if start < end else []
    for low, high in pairwise(offsets):
        yield Piece(
            text=text[low:high],
            marked=cuts.marks(low, high),
            first=cuts.mark is not None and low == cuts.mark.start,
            gap=gap,
            page=cuts.pages.get(low),
        )
