"""Which document a location holds: who keeps an id when files are copied, changed and dropped.

A document is named after the location it was first found at, for good. Content that is
already there under another location is not stored twice: the later location becomes another
source of the same document. When the two part again, the content stays with whoever still
holds it, and the id with the location it was made from.
"""

import hashlib
import sqlite3
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """One record of one file, as it was just read."""

    location: str
    file: str
    source: str
    sha256: str


def document_id_of(location: str) -> str:
    """Return the id of a document first found at `location`, the same on every run."""
    key = location.encode("utf-8", "surrogatepass")
    return hashlib.blake2b(key, digest_size=8).hexdigest()


def settle(db: sqlite3.Connection, place: Place, content: int) -> str | None:
    """Record that `place` now holds `content`.

    Returns:
        The source that already held exactly this content, or None if it is new here.
    """
    holder = db.execute(
        "SELECT document.id, document.location, location.source FROM document "
        "JOIN location USING (location) WHERE content = ?",
        (content,),
    ).fetchone()
    if holder is not None and holder[1] != place.location:
        previous = _own(db, place.location)
        _point(db, place, holder[0])
        _abandon(db, place.location, previous)
        return str(holder[2])
    document = document_id_of(place.location)
    if holder is None:
        _give_content(db, document, place.location, content)
    _point(db, place, document)
    return None


def release(db: sqlite3.Connection, location: str) -> None:
    """Forget `location`; what others still hold stays theirs."""
    previous = _own(db, location)
    if previous is None:
        db.execute("DELETE FROM location WHERE location = ?", (location,))
        return
    _hand_over(db, location, previous)
    db.execute("DELETE FROM location WHERE location = ?", (location,))
    db.execute("DELETE FROM document WHERE location = ?", (location,))


def _own(db: sqlite3.Connection, location: str) -> int | None:
    """Return the content of the document named after `location`, if there is one."""
    row = db.execute("SELECT content FROM document WHERE location = ?", (location,)).fetchone()
    return None if row is None else int(row[0])


def _abandon(db: sqlite3.Connection, location: str, previous: int | None) -> None:
    """Delete the document named after `location`, which points elsewhere by now."""
    if previous is not None:
        _hand_over(db, location, previous)
        db.execute("DELETE FROM document WHERE location = ?", (location,))


def _give_content(db: sqlite3.Connection, document: str, location: str, content: int) -> None:
    previous = _own(db, location)
    if previous is None:
        db.execute("INSERT INTO document VALUES (?, ?, ?)", (document, location, content))
        return
    _hand_over(db, location, previous, replacement=content)
    db.execute("UPDATE document SET content = ? WHERE id = ?", (content, document))


def _hand_over(
    db: sqlite3.Connection, location: str, content: int, *, replacement: int | None = None
) -> None:
    """Let the next location that holds the document of `location` have one of its own."""
    heir = db.execute(
        "SELECT location FROM location WHERE document = ? AND location <> ? ORDER BY rowid LIMIT 1",
        (document_id_of(location), location),
    ).fetchone()
    if heir is None:
        return
    # Two documents never share a content, so the old one lets go of it first.
    stand_in = -content if replacement is None else replacement
    db.execute("UPDATE document SET content = ? WHERE location = ?", (stand_in, location))
    document = document_id_of(heir[0])
    db.execute("INSERT INTO document VALUES (?, ?, ?)", (document, heir[0], content))
    db.execute(
        "UPDATE location SET document = ? WHERE document = ? AND location <> ?",
        (document, document_id_of(location), location),
    )


def _point(db: sqlite3.Connection, place: Place, document: str) -> None:
    taken = db.execute(
        "SELECT 1 FROM location WHERE source = ? AND location <> ?", (place.source, place.location)
    ).fetchone()
    source = place.location if taken else place.source
    db.execute(
        "INSERT INTO location VALUES (?, ?, ?, ?, ?) ON CONFLICT (location) DO UPDATE SET "
        "file = excluded.file, source = excluded.source, sha256 = excluded.sha256, "
        "document = excluded.document",
        (place.location, place.file, source, place.sha256, document),
    )
