"""Tables as lines that can be understood alone: `Header: value | Header: value`."""

import re
from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import TypeAlias

from rag.corpus.normalize import one_line
from rag.corpus.pieces import Row, Table

_NUMBER = re.compile(r"^[\s$\u20ac\u00a3\u00a5+\-(]*\d[\d\s.,:/%)\u20ac$-]*$")
_HEADER_LONGEST = 80
_MOST_COLUMNS = 1000


def table_lines(table: Table) -> list[str]:
    """Return one line a row, headers repeated, empty cells left out.

    The header row is a line of its own only if a header would otherwise appear nowhere.
    """
    headers = [one_line(cell) for cell in table.headers]
    rows = [[one_line(cell) for cell in row] for row in table.rows]
    lines = [line for row in rows if (line := _line(headers, row))]
    used = {column for row in rows for column, cell in enumerate(row) if cell}
    if any(cell and column not in used for column, cell in enumerate(headers)):
        lines.insert(0, " | ".join(filter(None, headers)))
    return lines


def _line(headers: Sequence[str], row: Sequence[str]) -> str:
    cells = []
    for header, cell in zip_longest(headers, row, fillvalue=""):
        if cell:
            known = header and header.casefold() != cell.casefold()
            cells.append(f"{header.rstrip(':')}: {cell}" if known else cell)
    return " | ".join(cells)


def with_headers(rows: Sequence[Row], *, marked: bool = False) -> Table:
    """Return a table whose first row is its header if it looks like one.

    Args:
        rows: All rows, the first included.
        marked: Whether the format itself says that the first row is a header.
    """
    kept = [row for row in rows if any(cell.strip() for cell in row)]
    if len(kept) > 1 and (marked or _looks_like_header(kept)):
        return Table(tuple(kept[1:]), kept[0])
    return Table(tuple(kept))


def _looks_like_header(rows: Sequence[Row]) -> bool:
    first = [cell.strip() for cell in rows[0]]
    if first and not first[0]:  # the corner above the row names is often empty
        first = first[1:]
    named = len(rows[0]) > 1 and len(first) > 0 and all(first) and len(set(first)) == len(first)
    if not named or any(_NUMBER.match(c) or len(c) > _HEADER_LONGEST for c in first):
        return False
    # Two columns without a number below are as likely `name | value` pairs.
    return len(rows[0]) > 2 or any(_NUMBER.match(c.strip()) for row in rows[1:] for c in row)


Cell: TypeAlias = tuple[str, int, int]
"""Text of a cell, columns it spans, rows it spans."""


def spread(rows: Iterable[Sequence[Cell]], *, across: bool = False) -> list[Row]:
    """Return the grid that spanning cells describe.

    A cell over several rows is repeated in each, so that each row stands alone; over
    several columns it is written once, or in each if `across` (for header rows).
    """
    grid: list[Row] = []
    reaching: dict[int, tuple[str, int]] = {}
    for row in rows:
        line: list[str] = []
        opened: dict[int, tuple[str, int]] = {}
        for text, columns, down in row:
            _carry(line, reaching)
            columns = min(max(columns, 1), _MOST_COLUMNS)  # noqa: PLW2901
            start = len(line)
            line.extend([text, *[text if across else ""] * (columns - 1)])
            opened |= {c: (line[c], down - 1) for c in range(start, len(line)) if down > 1}
        _carry(line, reaching)
        reaching = {c: (text, left - 1) for c, (text, left) in reaching.items() if left > 1}
        reaching |= opened
        grid.append(tuple(line))
    return grid


def _carry(line: list[str], reaching: dict[int, tuple[str, int]]) -> None:
    """Append to `line` the cells that reach down into it from rows above."""
    while len(line) in reaching:
        line.append(reaching[len(line)][0])


def merge_headers(rows: Sequence[Row]) -> Row:
    """Return one header a column from several header rows: `2023 / first quarter`."""
    columns = zip_longest(*rows, fillvalue="")
    return tuple(" / ".join(dict.fromkeys(filter(None, column))) for column in columns)
