"""What must not come back: keyed hashes of forgotten locations and contents, never a name.

A file that still lies where it lay, or was copied elsewhere, is not read again after it was
forgotten. The key is drawn once for each ledger, so that a hash tells nothing to whoever
merely guesses a file's name elsewhere.
"""

import hashlib
import secrets
import sqlite3
from collections.abc import Iterable
from typing import TYPE_CHECKING

from rag.index.reading import LedgerReader
from rag.index.records import plain

if TYPE_CHECKING:  # the ledger itself asks before it keeps a record of a file
    from rag.index.ledger import Ledger

_KEY = "tombstone_key"


def forgotten_on(ledger: LedgerReader, location: str, sha256: str) -> str | None:
    """Return when a file was forgotten, by its path or its bytes; None if it was not.

    Args:
        ledger: The index's.
        location: The file's absolute path.
        sha256: Of its bytes, in hexadecimal; empty when not known.
    """
    with ledger.reading() as db:
        key = _key(db)
        if key is None:
            return None
        rows = db.execute(
            "SELECT at FROM forgotten WHERE key IN (?, ?)",
            (_mark(key, "location", location), _mark(key, "bytes", sha256)),
        ).fetchall()
    return max(row[0] for row in rows) if rows else None


def put_forgotten(
    ledger: "Ledger", at: str, locations: Iterable[str], sha256s: Iterable[str]
) -> None:
    """Remember that files at `locations`, and files of these bytes, were forgotten `at`."""
    with ledger.transaction() as db:
        key = _key(db)
        if key is None:
            key = secrets.token_bytes(32)
            db.execute("INSERT INTO note VALUES (?, ?)", (_KEY, key.hex()))
        marks = [_mark(key, "location", location) for location in locations]
        marks += [_mark(key, "bytes", sha256) for sha256 in sha256s if sha256]
        db.executemany(
            "INSERT OR REPLACE INTO forgotten VALUES (?, ?)", ((mark, at) for mark in marks)
        )


def lift(ledger: "Ledger", location: str, sha256: str = "") -> bool:
    """Let a file be read again; return whether it had been forgotten."""
    with ledger.transaction() as db:
        key = _key(db)
        if key is None:
            return False
        marks = (_mark(key, "location", location), _mark(key, "bytes", sha256))
        file = plain(location).rpartition("#")[0]  # one record of a file that is known
        db.execute("UPDATE location SET sha256 = '' WHERE file = ?", (file,))
        db.execute("DELETE FROM seen WHERE file = ?", (file,))
        return db.execute("DELETE FROM forgotten WHERE key IN (?, ?)", marks).rowcount > 0


def any_forgotten(ledger: LedgerReader) -> bool:
    """Return whether anything was ever forgotten, so that nobody hashes files in vain."""
    with ledger.reading() as db:
        return _key(db) is not None


def is_forgotten(db: sqlite3.Connection, location: str) -> bool:
    """Return whether what lay at `location`, a file or one record of it, was forgotten."""
    key = _key(db)
    query = "SELECT 1 FROM forgotten WHERE key = ?"
    return key is not None and bool(
        db.execute(query, (_mark(key, "location", location),)).fetchone()
    )


def _key(db: sqlite3.Connection) -> bytes | None:
    row = db.execute("SELECT value FROM note WHERE key = ?", (_KEY,)).fetchone()
    return None if row is None else bytes.fromhex(row[0])


def _mark(key: bytes, kind: str, value: str) -> bytes:
    text = f"{kind}:{plain(value)}".encode()
    return hashlib.blake2b(text, key=key, digest_size=16).digest()
