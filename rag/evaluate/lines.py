"""Read JSON Lines, and say file and line when a line is not what its format says."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from rag.errors import LoadError


@dataclass(frozen=True, slots=True)
class Line:
    """One object of a JSON Lines file and where it stands."""

    place: str
    row: Mapping[str, object]

    def text(self, key: str) -> str:
        """Return the field `key`, which must be text and not blank.

        Raises:
            LoadError: If it is absent, blank or no text.
        """
        value = self.row.get(key)
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)  # ids are numbers in some sets
        if not isinstance(value, str) or not value.strip():
            raise LoadError(f"{self.place} has no {key!r}: it must be text, and is {value!r}")
        return value

    def about(self) -> "Line":
        """Return the object under `metadata`; empty when there is none."""
        value = self.row.get("metadata") or {}
        if not isinstance(value, dict):
            raise LoadError(f"{self.place}: 'metadata' must be an object, and is {value!r}")
        return Line(self.place, value)

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts, blank ones left out; empty when there is none."""
        value = self.row.get(key) or []
        if not isinstance(value, list) or not all(isinstance(v, str | int | float) for v in value):
            raise LoadError(f"{self.place}: {key!r} must be a list of texts, and is {value!r}")
        return tuple(str(v) for v in value if str(v).strip())

    def ranges(self, key: str) -> tuple[tuple[int, int], ...]:
        """Return a list of `[start, end]`, characters; empty when there is none."""
        value = self.row.get(key) or []
        found = [_range(pair) for pair in value] if isinstance(value, list) else [None]
        pairs = [pair for pair in found if pair is not None]
        if len(pairs) < len(found):
            raise LoadError(
                f"{self.place}: {key!r} must be a list of [start, end] with start < end, "
                f"and is {value!r}"
            )
        return tuple(pairs)

    def switch(self, key: str, default: bool) -> bool:
        """Return a true or false, `default` when absent."""
        value = self.row.get(key, default)
        if not isinstance(value, bool):
            raise LoadError(f"{self.place}: {key!r} must be true or false, and is {value!r}")
        return value


def read_lines(path: Path) -> Iterator[Line]:
    """Yield the objects of a JSON Lines file, blank lines skipped.

    Raises:
        LoadError: If the file cannot be read, holds nothing, or a line is no JSON object.
    """
    try:
        with path.open(encoding="utf-8") as lines:
            yield from lines_of(path, lines)
    except (OSError, UnicodeDecodeError) as error:
        raise LoadError(f"cannot read {path}: {error}") from error


def lines_of(path: Path, lines: Iterable[str]) -> Iterator[Line]:
    """Yield the objects of lines that were read from `path`, blank ones skipped.

    Raises:
        LoadError: If there are none, or a line is no JSON object.
    """
    empty = True
    for number, line in enumerate(lines, 1):
        if line.strip():
            empty = False
            yield Line(f"{path}, line {number}", _object(path, number, line))
    if empty:
        raise LoadError(f"{path} is empty; write one JSON object a line")


def json_lines(path: Path) -> Iterator[Mapping[str, object]]:
    """Yield the objects of a JSON Lines file.

    Raises:
        LoadError: As `read_lines`.
    """
    return (line.row for line in read_lines(path))


def _object(path: Path, number: int, line: str) -> Mapping[str, object]:
    try:
        value = json.loads(line)
    except json.JSONDecodeError as error:
        raise LoadError(f"{path}, line {number} is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise LoadError(f"{path}, line {number} is not an object")
    return value


def _range(pair: object) -> tuple[int, int] | None:
    if not isinstance(pair, list) or len(pair) != 2:
        return None
    start, end = pair
    if not isinstance(start, int) or not isinstance(end, int) or not 0 <= start < end:
        return None
    return start, end
