"""The ledger's tables, how its file is opened, and what SQLite's errors mean to a person."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rag.errors import (
    DiskFull,
    IndexBusy,
    IndexDamaged,
    IndexFault,
    IndexMismatch,
    IndexNotFound,
)

VERSION = 2
_WAIT_SECONDS = 10.0
_PAGE = 4096

# A revision is stored once, however many documents had it; `document.content` is what a
# document says now. A location is one record of one file; several may share a document.
_TABLES = """
CREATE TABLE content (
    id INTEGER PRIMARY KEY, revision TEXT NOT NULL UNIQUE, title TEXT NOT NULL,
    text BLOB NOT NULL, characters INTEGER NOT NULL, metadata TEXT NOT NULL,
    pages TEXT NOT NULL, blocks TEXT NOT NULL);
CREATE TABLE document (
    id TEXT PRIMARY KEY, location TEXT NOT NULL UNIQUE,
    content INTEGER NOT NULL UNIQUE
        REFERENCES content (id) DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE location (
    location TEXT PRIMARY KEY, file TEXT NOT NULL, source TEXT NOT NULL UNIQUE,
    sha256 TEXT NOT NULL, document TEXT NOT NULL REFERENCES document (id));
CREATE INDEX location_file ON location (file);
CREATE INDEX location_document ON location (document);
CREATE TABLE chunk (
    id INTEGER PRIMARY KEY, content INTEGER NOT NULL REFERENCES content (id) ON DELETE CASCADE,
    start INTEGER NOT NULL, end INTEGER NOT NULL, heading TEXT NOT NULL,
    embed_key BLOB NOT NULL, live INTEGER NOT NULL);
CREATE INDEX chunk_content ON chunk (content, live, start);
CREATE TABLE embedder (id INTEGER PRIMARY KEY, fingerprint TEXT NOT NULL UNIQUE);
CREATE TABLE vector (
    embedder INTEGER NOT NULL REFERENCES embedder (id), embed_key BLOB NOT NULL,
    vector BLOB NOT NULL, PRIMARY KEY (embedder, embed_key));
CREATE TABLE report (
    file TEXT PRIMARY KEY, source TEXT NOT NULL, report TEXT NOT NULL, at TEXT NOT NULL);
CREATE TABLE note (key TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
# What format 2 adds: who may write, what ran, what was live when, what was seen of each file,
# and what must not come back.
_LIVING = """
CREATE TABLE lease (
    id INTEGER PRIMARY KEY CHECK (id = 1), token INTEGER NOT NULL, holder TEXT NOT NULL,
    since TEXT NOT NULL);
INSERT INTO lease VALUES (1, 0, '', '');
CREATE TABLE run (
    number INTEGER PRIMARY KEY AUTOINCREMENT, why TEXT NOT NULL, due TEXT NOT NULL,
    started TEXT NOT NULL, finished TEXT NOT NULL, outcome TEXT NOT NULL, build TEXT NOT NULL,
    counts TEXT NOT NULL, note TEXT NOT NULL);
CREATE UNIQUE INDEX run_due ON run (due) WHERE due <> '';
CREATE TABLE publication (
    number INTEGER PRIMARY KEY AUTOINCREMENT, build TEXT NOT NULL, at TEXT NOT NULL,
    forced INTEGER NOT NULL);
CREATE TABLE seen (
    file TEXT PRIMARY KEY, look TEXT NOT NULL, stamp TEXT NOT NULL);
CREATE TABLE forgotten (key BLOB PRIMARY KEY, at TEXT NOT NULL);
"""


def connect(path: Path, *, create: bool = False, read_only: bool = False) -> sqlite3.Connection:
    """Open the ledger file; the connection may be used by several threads in turn.

    Raises:
        IndexNotFound: If nothing was written to the file yet and `create` is false.
        IndexDamaged: If the file is no ledger.
        IndexMismatch: If a newer Quotewell made it.
    """
    mode = "ro" if read_only else "rwc" if create else "rw"
    with sqlite_errors(path):
        try:
            return _opened(path, mode, create=create, read_only=read_only)
        except sqlite3.OperationalError:
            if not (read_only and _is_full(path) and _at_rest(path)):
                raise
        # Even a reader makes a small file beside the ledger, for which there is no room. As
        # long as there is none nobody can write either, so the file may be read as it is.
        return _opened(path, "ro&immutable=1", create=False, read_only=True, kind=Frozen)


class Frozen(sqlite3.Connection):
    """A reader that was opened while the disk was full; good for as long as it is."""


def thawed(db: sqlite3.Connection, path: Path) -> sqlite3.Connection:
    """Return `db`, or an ordinary reader in its place once there is room again."""
    if not isinstance(db, Frozen) or _is_full(path):
        return db
    db.close()
    return connect(path, read_only=True)


def _opened(
    path: Path,
    mode: str,
    *,
    create: bool,
    read_only: bool,
    kind: type[sqlite3.Connection] = sqlite3.Connection,
) -> sqlite3.Connection:
    db = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=_WAIT_SECONDS,
        isolation_level=None,
        check_same_thread=False,
        factory=kind,
    )
    try:
        _prepare(db, path, create=create, read_only=read_only)
    except BaseException:
        db.close()
        raise
    return db


def _at_rest(path: Path) -> bool:
    """Return whether everything that was written is in the ledger's file itself."""
    log = path.with_name(f"{path.name}-wal")
    return not log.exists() or log.stat().st_size == 0


def _prepare(db: sqlite3.Connection, path: Path, *, create: bool, read_only: bool) -> None:
    db.execute("PRAGMA foreign_keys = ON")
    db.execute("PRAGMA trusted_schema = OFF")
    if not read_only:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA secure_delete = ON")  # what is removed must not stay in the file
    version = format_of(db)
    if version > VERSION:
        raise IndexMismatch(
            f"{path} was made by a newer Quotewell (ledger format {version}, this one reads up "
            f"to {VERSION}); update with: pip install --upgrade quotewell"
        )
    if version == 1 and not read_only:
        _run(db, _LIVING)
    elif version == 0:
        _check_new(db, path, create=create)
        _run(db, _TABLES + _LIVING)


def _check_new(db: sqlite3.Connection, path: Path, *, create: bool) -> None:
    """Pass when tables may be made in the file: it is new, or its first ingest was killed.

    Raises:
        IndexNotFound: If there is nothing in it yet and it is only to be read.
        IndexDamaged: If it belongs to something else, or has lost what a build was made of.
    """
    empty = not db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if not empty or path.with_name("LIVE").exists():
        raise IndexDamaged(
            f"{path} holds no ledger; restore it from a backup, or delete its folder and make the "
            "index again with: rag ingest"
        )
    if not create:
        raise _nothing_yet(path)


def format_of(db: sqlite3.Connection) -> int:
    """Return the ledger's format; format 1 lacks the tables of a living index."""
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def _run(db: sqlite3.Connection, statements: str) -> None:
    """Bring the ledger to `VERSION`, all of it or nothing, whoever else tries at this moment."""
    before = format_of(db)
    db.execute("BEGIN IMMEDIATE")
    try:
        if format_of(db) == before:  # or another process was quicker
            for statement in filter(str.strip, statements.split(";\n")):
                db.execute(statement)
            db.execute(f"PRAGMA user_version = {VERSION}")
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


@contextmanager
def sqlite_errors(path: Path) -> Iterator[None]:
    """Turn what SQLite reports about the ledger at `path` into our own errors.

    Raises:
        DiskFull: If there was no room; the transaction was undone.
        IndexBusy: If another process kept the file locked.
        IndexDamaged: If the file's content is broken.
        IndexFault: If the disk refused for another reason.
    """
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise _named(error, path) from error
    except UnicodeDecodeError as error:  # SQLite quotes what is broken, and that is no UTF-8
        raise _damaged(error, path) from error


def _named(error: sqlite3.DatabaseError, path: Path) -> Exception:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    refused = {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY}
    if code == sqlite3.SQLITE_FULL or (code in refused and _is_full(path)):
        return DiskFull(f"no room to write {path}; nothing was changed; free some space and retry")
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return IndexBusy(f"{path} is locked by another process; wait until it is done and retry")
    if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB} or _is_odd(error):
        return _damaged(error, path)
    if code == sqlite3.SQLITE_READONLY and path.with_name(f"{path.name}-journal").exists():
        return _nothing_yet(path)  # killed while the file was made; only a writer can undo that
    if code in refused:
        return IndexFault(f"cannot use {path} ({error}); see to the disk and its permissions")
    return error


def _nothing_yet(path: Path) -> IndexNotFound:
    return IndexNotFound(
        f"{path} holds nothing yet (its first ingest did not finish); "
        "make the index with: rag ingest <folder or file>"
    )


def _damaged(error: Exception, path: Path) -> IndexDamaged:
    return IndexDamaged(
        f"{path} is damaged ({error}); restore it from a backup, or delete its folder and "
        "make the index again with: rag ingest"
    )


def _is_odd(error: sqlite3.DatabaseError) -> bool:
    """Return whether a column holds what we never put there, or a table of ours is not there."""
    if not isinstance(error, sqlite3.OperationalError):
        return False
    undecodable = not hasattr(error, "sqlite_errorcode")  # Python's complaint, not SQLite's
    return undecodable or str(error).startswith(("no such table", "no such column"))


def _is_full(path: Path) -> bool:
    """Return whether the disk has no room for another page, whatever SQLite says of it."""
    try:
        return shutil.disk_usage(path.parent).free < _PAGE
    except OSError:
        return False
