"""CSV and its relatives: the delimiter is found, ragged rows are kept."""

import csv
import io
from collections.abc import Iterator
from itertools import islice

from rag.corpus.decode import decode
from rag.corpus.pieces import Content, Raw, Row
from rag.corpus.tables import with_headers

_DELIMITERS = ",;\t|"
_LOOK_AT = 50


def read_delimited(raw: Raw) -> Iterator[Content]:
    """Yield one document with one table."""
    text = decode(raw.data).replace("\x00", "")
    csv.field_size_limit(max(len(text), 131_072))
    rows = list(_rows(text, _delimiter(text)))
    first = [cell.strip() for cell in rows[0]] if rows else []
    named = all(first) and not any(cell.replace(".", "", 1).isdigit() for cell in first)
    yield Content([with_headers(rows, marked=named)])


def _rows(text: str, delimiter: str) -> Iterator[Row]:
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    return (tuple(row) for row in lines if any(cell.strip() for cell in row))


def _delimiter(text: str) -> str:
    """Return the delimiter that gives the most rows of one same width above one."""

    def agreement(delimiter: str) -> tuple[int, int]:
        widths = [len(row) for row in islice(_rows(text, delimiter), _LOOK_AT)]
        common = max(set(widths), key=widths.count) if widths else 0
        return (widths.count(common), common) if common > 1 else (0, 0)

    return max(_DELIMITERS, key=agreement)
