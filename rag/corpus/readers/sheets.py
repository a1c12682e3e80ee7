"""Workbooks (XLSX, XLSM, XLSB, XLS, ODS): visible sheets, the tables on each, values only."""

import io
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any, TypeAlias

from python_calamine import CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

from rag.corpus.archive import Archive
from rag.corpus.describe import counted
from rag.corpus.pieces import Content, Heading, Items, PageStart, Paragraph, Piece, Raw, Row
from rag.corpus.readers.ooxml import (
    attribute,
    chart_table,
    comment_line,
    core_properties,
    find_all,
    text_of,
)
from rag.corpus.tables import with_headers
from rag.errors import LoadError

Grid: TypeAlias = list[list[str]]


def read_workbook(raw: Raw) -> Iterator[Content]:
    """Yield the workbook as one document, a page a visible sheet."""
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(raw.data))
    except PasswordError:
        raise LoadError("is protected by a password; save a copy without one") from None
    content = Content()
    hidden = 0
    number = 0
    for sheet in book.sheets_metadata:
        if sheet.typ is not SheetTypeEnum.WorkSheet:
            continue
        if sheet.visible is not SheetVisibleEnum.Visible:
            hidden += 1
            continue
        number += 1
        tables = _sheet(book, sheet.name)
        content.pieces += [
            PageStart(number),
            *([Heading(sheet.name, 1)] if tables else []),
            *tables,
        ]
    if hidden:
        content.notes.append(f"holds {counted(hidden, 'hidden sheet')} not read")
    if raw.format == "xlsx":
        archive = Archive(raw.data, raw.unpacked_mb)
        content.metadata = core_properties(archive)
        content.title = content.metadata.pop("title", "")
        content.pieces += [*_charts(archive), *_comments(archive)]
    yield content


def _sheet(book: CalamineWorkbook, name: str) -> list[Piece]:
    sheet = book.get_sheet_by_name(name)
    grid = [[_shown(cell) for cell in row] for row in sheet.iter_rows()]
    top, left = sheet.start or (0, 0)
    for (first_row, first_column), (last_row, last_column) in sheet.merged_cell_ranges or []:
        _fill(grid, (first_row - top, first_column - left), (last_row - top, last_column - left))
    return [piece for area in _areas(grid) for piece in _pieces(area)]


def _fill(grid: Grid, first: tuple[int, int], last: tuple[int, int]) -> None:
    """Repeat a cell merged over rows in each of them; over columns it is written once."""
    row, column = first
    if not (0 <= row < len(grid) and 0 <= column < len(grid[row])):
        return
    for below in range(row + 1, min(last[0] + 1, len(grid))):
        grid[below][column] = grid[row][column]


def _shown(value: Any) -> str:  # noqa: ANN401  (whatever a cell holds)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    return " ".join(str(value).split())


def _areas(grid: Grid) -> Iterator[Grid]:
    """Yield the rectangles that blank rows and then blank columns part from each other."""
    for band in _parted(grid):
        parts = [_turned(area) for area in _parted(_turned(band))]
        # Beside each other stand two tables, or the labels and the values of one.
        tables = len(parts) > 1 and all(with_headers(_rows(part)).headers for part in parts)
        whole = _turned([column for column in _turned(band) if any(column)])
        for part in parts if tables else [whole]:
            parted = list(_parted(part))
            yield from parted if len(parted) == 1 else _areas(part)


def _turned(grid: Grid) -> Grid:
    return [list(column) for column in zip(*grid, strict=True)]


def _rows(area: Grid) -> list[Row]:
    return [tuple(row) for row in area]


def _parted(rows: Grid) -> Iterator[Grid]:
    current: Grid = []
    for row in rows:
        if any(row):
            current.append(row)
        elif current:
            yield current
            current = []
    if current:
        yield current


def _pieces(area: Grid) -> Iterator[Piece]:
    """Yield the titles above a table, then the table; a lone cell is a paragraph."""
    rows = _rows(area)
    while rows and sum(map(bool, rows[0])) == 1 and (len(rows[0]) > 1 or len(rows) == 1):
        yield Paragraph(next(filter(None, rows[0])))
        rows = rows[1:]
    if rows:
        yield with_headers(rows)


def _charts(archive: Archive) -> list[Piece]:
    """Return titles and data of the charts: what a reader of the workbook sees."""
    pieces: list[Piece] = []
    for name in _parts(archive, "xl/charts/chart"):
        title, table = chart_table(archive.xml(name))
        pieces += [Paragraph(title), table]
    return pieces


def _comments(archive: Archive) -> list[Piece]:
    lines: list[str] = []
    people = _people(archive)
    for name in _parts(archive, "xl/threadedComments/"):
        for comment in find_all(archive.xml(name), "threadedComment"):
            author = people.get(attribute(comment, "personId"), "")
            at, date = attribute(comment, "ref"), attribute(comment, "dT")
            lines.append(comment_line(text_of(comment, "text"), at=at, author=author, date=date))
    for name in _parts(archive, "xl/comments"):
        root = archive.xml(name)
        authors = [author.text or "" for author in find_all(root, "author")]
        for comment in find_all(root, "comment"):
            row = attribute(comment, "authorId")
            author = authors[int(row)] if row.isdecimal() and int(row) < len(authors) else ""
            if author.startswith("tc="):  # a copy of a threaded comment for old programs
                continue
            at = attribute(comment, "ref")
            lines.append(comment_line(text_of(comment), at=at, author=author))
    return [Items(tuple(lines))] if any(lines) else []


def _people(archive: Archive) -> dict[str, str]:
    return {
        attribute(person, "id"): attribute(person, "displayName")
        for name in _parts(archive, "xl/persons/")
        for person in find_all(archive.xml(name), "person")
    }


def _parts(archive: Archive, prefix: str) -> list[str]:
    return sorted(n for n in archive.names if n.startswith(prefix) and n.endswith(".xml"))
