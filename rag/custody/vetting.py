"""Is a ledger that came from elsewhere what it says? Asked before anything of it is used.

Its tables must be ours to the letter, without triggers or views; its pages sound; every text
must match its revision, which is its checksum; every chunk must be the slice its id says.
Only the vectors cannot be checked without the embedder: they are numbers of length 1, no more.
"""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from rag.errors import ArchiveRefused, IndexDamaged
from rag.index.catalog import Catalog, Entry
from rag.index.identity import document_id_of
from rag.index.records import load_report, read_chunk, read_document
from rag.index.schema import VERSION, connect
from rag.index.tombstones import HELD, held_marks
from rag.types import Document, DocumentId, Revision, chunk_id

_MAGIC = b"SQLite format 3\0"
_NONSENSE = (
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)
_METADATA = "SELECT metadata FROM content WHERE revision = ?"
_CHUNKS = """
SELECT chunk.id, start, end, heading, embed_key FROM chunk
JOIN content ON content.id = chunk.content WHERE revision = ?
"""


def check_ledger(path: Path, dim: int) -> None:
    """Pass when the ledger at `path` can be trusted as far as anything can be.

    Args:
        path: The file; nobody else may use it meanwhile.
        dim: Length of the vectors of the embedder that will be used.

    Raises:
        ArchiveRefused: Naming what is wrong.
    """
    with path.open("rb") as file:
        head = file.read(20)
    # Bytes 18 and 19 are 1 unless the file expects a log beside it, which it has not.
    if head[:16] != _MAGIC or head[18:20] != b"\1\1":
        raise _refused("is no SQLite file, or needs another file beside it")
    with _faults(), _opened(path) as db:
        _check_schema(db)
        _check_pages(db)
        _check_contents(db)
        _check_documents(db)
        _check_vectors(db, dim)
        _check_rest(db)


def read_live(path: Path, ledger: Path) -> Catalog:
    """Return the list of documents and chunks at `path`, each held by the checked `ledger`.

    Raises:
        ArchiveRefused: If it is none, or names what the ledger does not hold.
    """
    with _faults(), _opened(ledger) as db:
        rows = json.loads(path.read_bytes())
        if not isinstance(rows, list):
            raise TypeError("no list of documents")
        entries = [_entry(row) for row in rows]
        owners = {int(id_): number for number, row in enumerate(rows) for id_ in row["chunks"]}
        if len({entry.id for entry in entries}) != len(entries):
            raise ValueError("a document is listed twice")
        if len(owners) != sum(len(row["chunks"]) for row in rows):
            raise ValueError("a chunk is listed twice")
        for entry, row in zip(entries, rows, strict=True):
            held = {id_ for id_, *_ in db.execute(_CHUNKS, (entry.revision,))}
            if not held >= set(row["chunks"]):
                raise ValueError(f"a chunk of {entry.source!r} is not in the ledger")
            stored = db.execute(_METADATA, (entry.revision,)).fetchone()
            if stored is None or json.loads(stored[0]) != entry.metadata:
                raise ValueError(f"the metadata of {entry.source!r} is not that of its text")
    ids = np.array(sorted(owners), dtype=np.int64)
    return Catalog(entries, ids, np.array([owners[id_] for id_ in ids.tolist()], dtype=np.int32))


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a file nobody else uses, and let its schema do nothing."""
    uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    with closing(sqlite3.connect(uri, uri=True)) as db:
        db.execute("PRAGMA trusted_schema = OFF")
        db.execute("PRAGMA cell_size_check = ON")
        yield db


@contextmanager
def _faults() -> Iterator[None]:
    """Turn whatever a hostile file provokes while it is read into a refusal."""
    try:
        yield
    except (sqlite3.Error, sqlite3.Warning) as error:
        raise _refused(f"cannot be read ({error})") from error
    except IndexDamaged as error:
        raise _refused(f"is damaged ({error})") from error
    except _NONSENSE as error:
        raise _refused(f"makes no sense ({error})") from error


def _refused(what: str) -> ArchiveRefused:
    return ArchiveRefused(
        f"the ledger in the archive {what}; nothing was imported, make a new one with: rag export"
    )


def _check_schema(db: sqlite3.Connection) -> None:
    found = int(db.execute("PRAGMA user_version").fetchone()[0])
    if found != VERSION:
        raise _refused(f"has format {found} and this version reads {VERSION}")
    if _schema(db) != _our_schema():
        raise _refused("has other tables than a ledger has")


def _schema(db: sqlite3.Connection) -> set[tuple[object, ...]]:
    return set(db.execute("SELECT type, name, tbl_name, sql FROM sqlite_master").fetchall())


@cache
def _our_schema() -> set[tuple[object, ...]]:
    with (
        TemporaryDirectory() as folder,
        closing(connect(Path(folder, "ledger.sqlite"), create=True)) as db,
    ):
        return _schema(db)


def _check_pages(db: sqlite3.Connection) -> None:
    report = [row[0] for row in db.execute("PRAGMA integrity_check(1)")]
    if report != ["ok"]:
        raise _refused(f"has damaged pages ({report[0]})")
    if db.execute("PRAGMA foreign_key_check").fetchone():
        raise _refused("names rows that are not there")


def _check_contents(db: sqlite3.Connection) -> None:
    """Check every text against its revision, and every chunk against its text."""
    for (revision,) in db.execute("SELECT revision FROM content").fetchall():
        document = read_document(db, "", revision, "", ())
        if document is None:
            raise ValueError("a text has gone")
        _check_shape(document)
        for row in db.execute(_CHUNKS, (revision,)).fetchall():
            _check_chunk(document, row)


def _check_shape(document: Document) -> None:
    texts = (*document.metadata, *document.metadata.values(), document.title)
    spans = [page.span for page in document.pages] + [block.span for block in document.blocks]
    if not all(isinstance(text, str) for text in texts):
        raise TypeError("metadata that is no text")
    if not all(isinstance(page.number, int) for page in document.pages):
        raise TypeError("a page without a number")
    if any(span is not None and span.end > len(document.text) for span in spans):
        raise ValueError("a page or block beyond the end of its text")


def _check_chunk(document: Document, row: tuple[Any, ...]) -> None:
    id_, _, end, *_ = row
    chunk = read_chunk(row, document.text, DocumentId(""), document.revision)
    if not all(isinstance(part, str) for part in chunk.heading):
        raise TypeError("a heading that is no text")
    if id_ != chunk_id(document.revision, chunk.span) or end > len(document.text):
        raise ValueError(f"chunk {id_} is not where its id says")


def _check_documents(db: sqlite3.Connection) -> None:
    for id_, location in db.execute("SELECT id, location FROM document"):
        if id_ != document_id_of(location):
            raise ValueError(f"document {id_} has the id of another")
    values = db.execute("SELECT location, file, source, sha256, document FROM location")
    if not all(isinstance(value, str) for row in values for value in row):
        raise TypeError("a source that is no text")


def _check_vectors(db: sqlite3.Connection, dim: int) -> None:
    """Check that the vectors of that length are unit vectors; the others are not used."""
    for (data,) in db.execute("SELECT vector FROM vector"):
        if not isinstance(data, bytes):
            raise TypeError("a vector that is none")
        if len(data) != 4 * dim:
            continue
        row = np.frombuffer(data, "<f4").astype(np.float64)  # whose squares always fit
        if not abs(np.linalg.norm(row) - 1) < 1e-2:  # true for NaN, too
            raise ValueError("a vector that is not of length 1")


def _check_rest(db: sqlite3.Connection) -> None:
    for (data,) in db.execute("SELECT report FROM report"):
        if not isinstance(load_report(data).source, str):
            raise TypeError("a report without a file")
    notes: Mapping[str, str] = dict(db.execute("SELECT key, value FROM note").fetchall())
    int(notes.get("generation", "0"))
    if len(bytes.fromhex(notes.get("tombstone_key", "00" * 32))) != 32:
        raise ValueError("a key of the wrong length")
    for key, value in notes.items():
        if key.startswith(HELD):
            held_marks(value)
    for (counts,) in db.execute("SELECT counts FROM run"):
        if not isinstance(json.loads(counts), dict):
            raise TypeError("a run without counts")


def _entry(row: Mapping[str, Any]) -> Entry:
    texts = [row["id"], row["revision"], row["source"], *row["also"]]
    metadata = row["metadata"]
    texts += [*metadata.keys(), *metadata.values()]
    if not all(isinstance(text, str) for text in texts) or not isinstance(row["also"], list):
        raise TypeError("a document without a name")
    if not all(isinstance(id_, int) for id_ in row["chunks"]):
        raise TypeError("a chunk without an id")
    return Entry(
        DocumentId(row["id"]),
        Revision(row["revision"]),
        row["source"],
        tuple(row["also"]),
        dict(metadata),
    )
