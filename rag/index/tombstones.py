"""What must not come back: keyed hashes of forgotten locations and contents, never a name.

A file that still lies where it lay, or was copied elsewhere, is not read again after it was
forgotten, nor is a record of the same text in whatever file. With each place goes a list of
the marks of its contents, so that lifting the place lifts them, too. The key is drawn once for
each ledger, so that a hash tells nothing to whoever merely guesses a file's name elsewhere.
"""

import hashlib
import re
import secrets
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from rag.index.identity import document_id_of
from rag.index.reading import LedgerReader
from rag.index.records import encode_text, plain

if TYPE_CHECKING:  # the ledger itself asks before it keeps a record of a file
    from rag.index.ledger import Ledger

_KEY = "tombstone_key"
_ID = re.compile(r"[0-9a-f]{16}")
HELD = "tombstones of "
"""Note, by the mark of a place: `kind:mark` of each content forgotten with it, by commas."""


def forgotten_on(ledger: LedgerReader, location: str, sha256: str) -> str | None:
    """Return when a file was forgotten, by its path or its bytes; None if it was not.

    Args:
        ledger: The index's.
        location: The file's absolute path.
        sha256: Of its bytes, in hexadecimal; empty when not known.
    """
    place = document_id_of(plain(location))
    with ledger.reading() as db:
        key = _key(db)
        if key is None:
            return None
        rows = db.execute(
            "SELECT at FROM forgotten WHERE key IN (?, ?, ?)",
            (
                _mark(key, "location", location),
                _mark(key, "place", place),
                _mark(key, "bytes", sha256),
            ),
        ).fetchall()
    return max(row[0] for row in rows) if rows else None


def put_forgotten(
    ledger: "Ledger",
    at: str,
    locations: Iterable[str],
    sha256s: Iterable[str],
    held: Mapping[str, Sequence[str]] | None = None,
) -> None:
    """Remember that files at `locations`, and files of these bytes, were forgotten `at`.

    Args:
        ledger: The index's.
        at: ISO 8601, UTC.
        locations: Absolute paths, or those of records, `path#record`.
        sha256s: Of the bytes of whole files.
        held: What lay where, by `document_id_of` each location: `text:` and the SHA-256 of
            each text, `bytes:` and that of each file. It is barred wherever it lies.
    """
    with ledger.transaction() as db:
        key = _key(db)
        if key is None:
            key = secrets.token_bytes(32)
            db.execute("INSERT INTO note VALUES (?, ?)", (_KEY, key.hex()))
        marks = [_mark(key, "location", location) for location in locations]
        marks += [_mark(key, "bytes", sha256) for sha256 in sha256s if sha256]
        for place, contents in (held or {}).items():
            beside = {content: _mark(key, *content.split(":", 1)) for content in contents}
            own = _mark(key, "place", place)
            marks += [own, *beside.values()]
            told = [f"{content.split(':')[0]}:{mark.hex()}" for content, mark in beside.items()]
            db.execute(
                "INSERT OR REPLACE INTO note VALUES (?, ?)", (HELD + own.hex(), ",".join(told))
            )
        db.executemany(
            "INSERT OR REPLACE INTO forgotten VALUES (?, ?)", ((mark, at) for mark in marks)
        )


def lift(ledger: "Ledger", location: str, sha256: str = "", *, contents: bool = False) -> bool:
    """Let a file be read again; return whether it had been forgotten.

    Args:
        ledger: The index's.
        location: The file's absolute path, `path#record`, or the id of a document of which no
            path is known.
        sha256: Of its bytes, in hexadecimal; empty when not known.
        contents: Whether the bytes that lay there may come back as well, not only a file that
            was changed, if only its date.
    """
    location = plain(location)
    with ledger.transaction() as db:
        key = _key(db)
        if key is None:
            return False
        id_ = location if _ID.fullmatch(location) else document_id_of(location)
        place = _mark(key, "place", id_)
        marks = [_mark(key, "location", location), _mark(key, "bytes", sha256), place]
        note = (HELD + place.hex(),)
        row = db.execute("SELECT value FROM note WHERE key = ?", note).fetchone()
        held = held_marks(row[0]) if row else []
        marks += [mark for kind, mark in held if contents or kind == "text"]
        if contents:
            db.execute("DELETE FROM note WHERE key = ?", note)
        file = location.rpartition("#")[0]  # one record of a file that is known
        db.execute("UPDATE location SET sha256 = '' WHERE file = ?", (file,))
        db.execute("DELETE FROM seen WHERE file = ?", (file,))
        return (
            sum(
                db.execute("DELETE FROM forgotten WHERE key = ?", (mark,)).rowcount
                for mark in marks
            )
            > 0
        )


def held_marks(value: str) -> list[tuple[str, bytes]]:
    """Return kind and mark of each content in a note of tombstones.

    Raises:
        ValueError: If it is none.
    """
    pairs = [part.split(":") for part in value.split(",") if part]
    return [(kind, bytes.fromhex(mark)) for kind, mark in pairs]


def any_forgotten(ledger: LedgerReader) -> bool:
    """Return whether anything was ever forgotten, so that nobody hashes files in vain."""
    with ledger.reading() as db:
        return _key(db) is not None


def is_forgotten(db: sqlite3.Connection, location: str, text: str, *, numbered: bool) -> bool:
    """Return whether what lay at `location`, or this text, was forgotten.

    Args:
        db: The ledger's.
        location: A file, or one record of it.
        text: What lies there now.
        numbered: Whether the records of the file are known by their number only. Another one
            has that number when a line goes, so the text alone counts where it is known.
    """
    key = _key(db)
    if key is None:
        return False
    place = _mark(key, "place", document_id_of(location))
    marks = [_mark(key, "text", sha256_of(text))]
    held = db.execute("SELECT 1 FROM note WHERE key = ?", (HELD + place.hex(),)).fetchone()
    if not numbered or held is None:
        marks += [place, _mark(key, "location", location)]
    return any(
        db.execute("SELECT 1 FROM forgotten WHERE key = ?", (mark,)).fetchone() for mark in marks
    )


def sha256_of(text: str) -> str:
    """Return the SHA-256 of a text, in hexadecimal."""
    return hashlib.sha256(encode_text(text)).hexdigest()


def _key(db: sqlite3.Connection) -> bytes | None:
    row = db.execute("SELECT value FROM note WHERE key = ?", (_KEY,)).fetchone()
    return None if row is None else bytes.fromhex(row[0])


def _mark(key: bytes, kind: str, value: str) -> bytes:
    text = f"{kind}:{plain(value)}".encode()
    return hashlib.blake2b(text, key=key, digest_size=16).digest()
