"""Search every byte offset of every file below a folder for windows with known fingerprints.

Files are read block by block, so memory stays the same however large they are. What lies in
an SQLite file in several pieces, because a value went over the edge of a page, is found by
reading its rows as well.
"""

import os
import sqlite3
import stat
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

from rag.custody.prints import WINDOW, Finder, Prints, joined

BLOCK = 1 << 20
"""Bytes read at a time."""
_MOST_HITS = 20
"""Stretches told of one file."""
_SQLITE = b"SQLite format 3\0"


@dataclass(frozen=True, slots=True)
class Hit:
    """Something that was looked for and is there."""

    file: str
    """Below the folder that was searched."""
    place: str
    """`byte 4096`, or the table of a database."""


@dataclass
class Search:
    """What a search read and found."""

    files: int = 0
    bytes: int = 0
    """Searched; what several links lead to counts once."""
    found: int = 0
    """Windows found, each wherever it lies; two that overlap count twice."""
    found_in: dict[str, int] = field(default_factory=dict[str, int])
    """How many of them in each file."""
    hits: list[Hit] = field(default_factory=list[Hit])
    """The first of them in each file, one for each unbroken stretch."""
    unread: list[str] = field(default_factory=list[str])
    """Files that could not be read, and why."""
    seconds: float = 0.0

    @property
    def clean(self) -> bool:
        """Return whether everything was read and nothing found."""
        return not self.found and not self.unread

    def to_dict(self) -> dict[str, object]:
        """Return plain values, ready for JSON."""
        return asdict(self)


def search_folder(root: Path, prints: Prints) -> Search:
    """Return where below `root` windows of `prints` occur; without prints nothing is read."""
    started, result = time.perf_counter(), Search()
    if len(prints):
        finder = Finder(prints)
        for path in _files(root, result):
            _search_file(path, str(path.relative_to(root)), finder, result)
    result.seconds = round(time.perf_counter() - started, 3)
    return result


def _files(root: Path, result: Search) -> Iterator[Path]:
    """Yield every regular file below `root` once, wherever links lead.

    Folders that cannot be listed are noted.
    """
    seen: set[tuple[int, int]] = set()

    def new(path: Path) -> os.stat_result | None:
        """Return the state of what `path` leads to, unless it was met before or is gone."""
        try:
            status = path.stat()
        except FileNotFoundError:
            return None  # deleted meanwhile, or a link to nothing
        except OSError as error:
            result.unread.append(f"{path.relative_to(root)}: {error.strerror}")
            return None
        known = len(seen)
        seen.add((status.st_dev, status.st_ino))
        return status if len(seen) > known else None

    def refused(error: OSError) -> None:
        result.unread.append(f"{error.filename}: {error.strerror}")

    for folder, folders, names in os.walk(root, onerror=refused, followlinks=True):
        folders[:] = [name for name in sorted(folders) if new(Path(folder, name))]
        for name in sorted(names):
            status = new(Path(folder, name))
            if status is not None and stat.S_ISREG(status.st_mode):
                yield Path(folder, name)


def _search_file(path: Path, name: str, finder: Finder, result: Search) -> None:
    try:
        with path.open("rb") as handle:
            result.files += 1
            database = handle.read(len(_SQLITE)) == _SQLITE
            handle.seek(0)
            for start, block in _blocks(handle):
                result.bytes += len(block) if not start else len(block) - (WINDOW - 1)
                _keep(result, name, start, finder.find(block))
        if database:
            _search_rows(path, name, finder, result)
    except FileNotFoundError:
        result.files -= 1
    except (OSError, sqlite3.Error) as error:
        result.unread.append(f"{name}: {error}")


def _blocks(handle: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Yield (offset, bytes); each block begins with the end of the one before."""
    start, before = 0, b""
    while data := handle.read(BLOCK):
        yield start - len(before), before + data
        start += len(data)
        before = (before + data)[-(WINDOW - 1) :]


def _keep(result: Search, name: str, start: int, found: list[tuple[int, int]]) -> None:
    if not found:
        return
    offsets = [offset for offset, _ in found]
    first = [now for last, now in pairwise([-2 * WINDOW, *offsets]) if now - last > WINDOW]
    told = sum(hit.file == name for hit in result.hits)
    result.hits += [Hit(name, f"byte {start + one}") for one in first[: _MOST_HITS - told]]
    result.found_in[name] = result.found_in.get(name, 0) + len(found)
    result.found += len(found)


def _search_rows(path: Path, name: str, finder: Finder, result: Search) -> None:
    """Look into every value of every table, which a page's edge may cut in the file."""
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as db:
        db.text_factory = bytes
        db.execute("PRAGMA trusted_schema = OFF")
        for (raw,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            table = raw.decode("utf-8", "replace")
            quoted = table.replace('"', '""')
            found = 0
            for block in joined(_values(db, f'SELECT * FROM "{quoted}"')):  # noqa: S608  (quoted)
                found += len(finder.find(block))
            # Most were seen in the file already; say it only if these were not.
            if found and name not in result.found_in:
                result.hits.append(Hit(name, f"table {table}"))
                result.found_in[name] = found
                result.found += found


def _values(db: sqlite3.Connection, query: str) -> Iterator[bytes]:
    """Yield every value of all rows that is long enough to hold something."""
    for row in db.execute(query):
        for value in row:
            if isinstance(value, bytes) and len(value) >= WINDOW:
                yield value
