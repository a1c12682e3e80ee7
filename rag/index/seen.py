"""How each file looked when it was last read, so that an unchanged one need not be opened.

A file whose size, times and inode are as they were holds the same bytes, unless it was
written in the very moment it was read; such a file is not remembered until it is at rest.
"""

import time
from collections.abc import Iterable
from pathlib import Path

from rag.index.ledger import Ledger
from rag.index.reading import LedgerReader
from rag.index.records import plain

_AT_REST = 2.0
"""Seconds since the last change; file systems count time in steps of up to two seconds."""


def looks(path: Path) -> str:
    """Return a text that changes whenever the file does; empty if it cannot be told yet.

    Links are not followed.
    """
    try:
        status = path.lstat()
    except OSError:
        return ""
    # Nobody can set `ctime`, so it tells when a file was last written whatever `mtime` says.
    if 0 <= time.time() - status.st_ctime < _AT_REST:
        return ""
    return f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns} {status.st_ino}"


def seen(ledger: LedgerReader) -> dict[str, tuple[str, str]]:
    """Return how each file looked and what marked its bytes, by its absolute path."""
    with ledger.reading() as db:
        return {file: (look, stamp) for file, look, stamp in db.execute("SELECT * FROM seen")}


def put_seen(ledger: Ledger, rows: Iterable[tuple[str, str, str]]) -> None:
    """Remember (path, `looks`, stamp) of files, taken before they were read."""
    kept = [(plain(file), look, stamp) for file, look, stamp in rows if look and stamp]
    if not kept:
        return
    with ledger.transaction() as db:
        db.executemany("INSERT OR REPLACE INTO seen VALUES (?, ?, ?)", kept)
        db.execute("DELETE FROM seen WHERE file NOT IN (SELECT file FROM location)")
