"""Printed lines become paragraphs, list items and headings, by where and how large they stand.

Knows boxes in points, y upwards, and nothing of the file they come from.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from statistics import median

from rag.corpus.normalize import clean, join_hyphenated
from rag.corpus.pieces import Heading, Items, Paragraph, Piece, Table
from rag.corpus.tables import with_headers

_MARK = re.compile(
    r"^(?:[\u2022\u25cf\u25aa\u25e6\u2023\u2043\uf0b7\u25a0\u2013*-]|\(?\d{1,2}[.)]|\(?[a-z][.)])\s"
)
_LOOSE_MARK = re.compile(r"^[\u2022\u25cf\u25aa\u25e6\u2023\uf0b7\u25a0]$")
_END = re.compile(r"[.!?:;\u3002\uff01\uff1f\u061f][\"')\]\u201d\u2019]*$")
# Where the direction of writing turns, PDFs hold the blank on the wrong side.
_INTO_ARABIC = re.compile(r"(?<=[A-Za-z])(?=[\u0621-\u064a])")
_LEADERS = re.compile(r"(?:\s?\.){5,}\s?")
_DIGITS = re.compile(r"\d+")
_HEADING_RATIO = 1.15
_HEADING_LONGEST = 150
_EDGE_LINES = 2
_LEAST_PAGES = 3


@dataclass(frozen=True, slots=True)
class Line:
    """One printed line and its box."""

    text: str
    left: float
    right: float
    bottom: float
    top: float
    bold: bool = False
    hyphenated: bool = False
    """Whether it ends in the middle of a word."""
    cells: tuple[str, ...] = ()
    """The text cut at its wide gaps, if the reader looks for them."""

    @property
    def size(self) -> float:
        """Return the height of the type."""
        return max(self.top - self.bottom, 0.1)


@dataclass(frozen=True, slots=True)
class PageLines:
    """The lines of a page in reading order, and its height."""

    lines: tuple[Line, ...]
    height: float


def without_running_lines(pages: Sequence[PageLines]) -> list[PageLines]:
    """Return the pages without headers and footers: edge lines that most pages repeat.

    Lines that differ only in numbers count as the same, so that page numbers go too.
    """
    edges = [_edges(page) for page in pages]
    seen = Counter(key for page in edges for key in set(page.values()))
    most = max(_LEAST_PAGES, sum(bool(page.lines) for page in pages) // 2 + 1)
    running = {key for key, count in seen.items() if count >= most}
    return [
        PageLines(
            tuple(line for i, line in enumerate(page.lines) if edge.get(i) not in running),
            page.height,
        )
        for page, edge in zip(pages, edges, strict=True)
    ]


def _edges(page: PageLines) -> dict[int, tuple[bool, str]]:
    """Map the rows of the highest and lowest lines to (is high, text without numbers)."""
    rows = sorted(range(len(page.lines)), key=lambda row: -page.lines[row].top)
    high, low = rows[:_EDGE_LINES], rows[-_EDGE_LINES:]
    found = {row: (False, _DIGITS.sub("#", page.lines[row].text)) for row in low}
    return found | {row: (True, _DIGITS.sub("#", page.lines[row].text)) for row in high}


def page_pieces(pages: Sequence[PageLines]) -> Iterator[list[Piece]]:
    """Yield the pieces of each page.

    A paragraph that goes on with the sentence of the page before is marked so.
    """
    body = _body_size(line for page in pages for line in page.lines)
    groups = [list(_groups(page.lines)) for page in pages]
    levels = _heading_levels((g for page in groups for g in page), body)
    unfinished = False
    for page in groups:
        pieces = [_piece(group, body, levels) for group in page]
        if unfinished and pieces and isinstance(pieces[0], Paragraph):
            text = pieces[0].text
            pieces[0] = Paragraph(text, continues=text[:1].islower())
        if pieces:
            unfinished = isinstance(pieces[-1], Paragraph) and not _END.search(pieces[-1].text)
        yield list(_joined(pieces))


def _joined(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Yield pieces with neighbouring list items as one list."""
    items: list[str] = []
    for piece in pieces:
        if isinstance(piece, Items):
            items += piece.lines
            continue
        if items:
            yield Items(tuple(items))
            items = []
        yield piece
    if items:
        yield Items(tuple(items))


def _body_size(lines: Iterable[Line]) -> float:
    """Return the size that most characters have, rounded to half a point."""
    sizes: Counter[float] = Counter()
    for line in lines:
        sizes[round(line.size * 2) / 2] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 0.0


@dataclass(slots=True)
class _Group:
    lines: list[Line] = field(default_factory=list[Line])
    is_table: bool = False

    @property
    def text(self) -> str:
        parts = (line.text if line.hyphenated else f"{line.text}\n" for line in self.lines)
        text = join_hyphenated(clean("".join(parts)))
        return _INTO_ARABIC.sub(" ", _LEADERS.sub(" ... ", text))

    @property
    def size(self) -> float:
        return median(line.size for line in self.lines)


def _groups(lines: Sequence[Line]) -> list[_Group]:
    groups: list[_Group] = []
    lines = _whole_rows(lines)
    rows = _table_rows(lines)
    for index, line in enumerate(lines):
        in_table = index in rows
        same = bool(groups) and groups[-1].is_table == in_table
        if not same or not (in_table or _goes_on(groups[-1].lines, lines[index - 1], line)):
            groups.append(_Group(is_table=in_table))
        groups[-1].lines.append(line)
    return groups


def _whole_rows(lines: Sequence[Line]) -> list[Line]:
    """Join what follows further right on the same row: raised digits, the next cell."""
    rows: list[Line] = []
    for line in lines:
        before = rows[-1] if rows else None
        if before and _on_same_row(before, line) and line.left > before.right - before.size:
            rows[-1] = _joined_row(before, line)
        else:
            rows.append(line)
    return rows


def _on_same_row(before: Line, line: Line) -> bool:
    return abs(line.bottom - before.bottom) < 0.5 * before.size and not before.hyphenated


def _joined_row(before: Line, line: Line) -> Line:
    cells, more = before.cells or (before.text,), line.cells or (line.text,)
    gap = line.left - before.right
    if gap < 1.2 * before.size:
        blank = " " if gap > 0.15 * before.size else ""
        cells, more = (*cells[:-1], f"{cells[-1]}{blank}{more[0]}"), more[1:]
    return replace(
        before,
        text=" ".join([*cells, *more]),
        cells=(*cells, *more),
        right=max(before.right, line.right),
        bold=before.bold and line.bold,
        hyphenated=line.hyphenated,
    )


def _table_rows(lines: Sequence[Line]) -> set[int]:
    """Return which lines are rows of tables: at least two in a row with gaps, numbers aside."""
    gapped = [len(line.cells) > 1 and not _MARK.match(line.text) for line in lines]
    starts = [row for row, pair in enumerate(pairwise(gapped)) if all(pair)]
    return {row for start in starts for row in (start, start + 1)}


def _goes_on(group: list[Line], before: Line, line: Line) -> bool:
    """Return whether `line` belongs to the paragraph of the lines before it."""
    same_row = _on_same_row(before, line)
    if before.hyphenated or _LOOSE_MARK.match(before.text):
        return True
    if _MARK.match(line.text) or _LOOSE_MARK.match(line.text) or same_row:
        return same_row
    if abs(line.size - before.size) > 0.12 * before.size or line.bold != before.bold:
        return False
    if line.bottom > before.bottom:  # the next column
        return not _END.search(before.text) and line.text[:1].islower()
    if before.bottom - line.bottom > _leading(group) * 1.25 + 0.2 * before.size:
        return False
    return not _is_indented(group, before, line)


def _leading(group: list[Line]) -> float:
    """Return the distance between lines, in points: as measured, else as usual."""
    steps = [a.bottom - b.bottom for a, b in pairwise(group)]
    steps = [step for step in steps if 0 < step < 3 * group[0].size]
    return median(steps) if steps else 1.25 * group[0].size


def _is_indented(group: list[Line], before: Line, line: Line) -> bool:
    """Return whether a first-line indent or a short last line starts a paragraph here."""
    margin = min(item.left for item in group[1:]) if len(group) > 1 else before.left
    indented = 0.7 * line.size < line.left - margin < 6 * line.size
    right = max(item.right for item in group)
    short = before.right < right - 0.2 * (right - margin)
    return bool(_END.search(before.text)) and (indented or (short and len(group) > 1))


def _is_heading(group: _Group, body: float) -> bool:
    text = group.text.strip()
    if group.is_table or len(group.lines) > 3 or not 1 < len(text) <= _HEADING_LONGEST:
        return False
    if not any(char.isalpha() for char in text) or _LOOSE_MARK.match(text[:1]):
        return False
    large = group.size >= _HEADING_RATIO * body
    bold = all(line.bold for line in group.lines) and group.size >= 0.95 * body
    return large or (bold and len(group.lines) == 1 and not _END.search(text))


def _heading_levels(groups: Iterable[_Group], body: float) -> dict[float, int]:
    """Map the sizes of headings, largest first, to levels 1, 2, 3 and so on."""
    sizes = sorted({round(g.size) for g in groups if _is_heading(g, body)}, reverse=True)
    return {size: min(level, 6) for level, size in enumerate(sizes, start=1)}


def _table(rows: list[tuple[str, ...]]) -> Table:
    """Return rows as a table; a row that lacks a cell could name the wrong header."""
    aligned = len({len(row) for row in rows}) == 1
    return with_headers(rows) if aligned else Table(tuple(rows))


def _piece(group: _Group, body: float, levels: dict[float, int]) -> Piece:
    if group.is_table:
        return _table([line.cells for line in group.lines])
    text = group.text
    if _is_heading(group, body):
        return Heading(text, levels[round(group.size)])
    mark = _MARK.match(text) or _LOOSE_MARK.match(text.strip()[:1])
    return Items((text,)) if mark else Paragraph(text)
