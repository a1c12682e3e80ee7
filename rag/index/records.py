"""How documents, chunks and reports are written into rows, and read back unchanged."""

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict

from rag.errors import IndexDamaged
from rag.reports import FileReport, FileStatus
from rag.types import (
    Block,
    BlockKind,
    Chunk,
    ChunkId,
    Document,
    DocumentId,
    Page,
    Revision,
    Span,
    revision_of,
)

Row = tuple[int, int, int, str, bytes]
"""A chunk as stored: id, start, end, heading as JSON, key of its embedding text."""


def plain(name: str) -> str:
    r"""Return `name` as text any store takes; undecodable bytes of a file name become `\udc..`."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def embed_key(text: str) -> bytes:
    """Return the 16 bytes under which the vector of `text` is kept."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def encode_text(text: str) -> bytes:
    """Return `text` as bytes; lone surrogates survive."""
    return text.encode("utf-8", "surrogatepass")


def decode_text(data: bytes) -> str:
    """Return what `encode_text` was given."""
    return data.decode("utf-8", "surrogatepass")


def put_content(db: sqlite3.Connection, document: Document) -> int:
    """Store the content of `document` unless that revision is known; return its row id."""
    pages = [(p.number, *((p.span.start, p.span.end) if p.span else ())) for p in document.pages]
    blocks = [(b.kind.value, b.span.start, b.span.end, b.heading) for b in document.blocks]
    row = db.execute(
        "INSERT INTO content (revision, title, text, characters, metadata, pages, blocks) "
        "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (revision) DO UPDATE SET "
        "pages = excluded.pages, blocks = excluded.blocks RETURNING id",
        (
            document.revision,
            plain(document.title),
            encode_text(document.text),
            len(document.text),
            json.dumps(dict(document.metadata)),
            json.dumps(pages),
            json.dumps(blocks),
        ),
    ).fetchall()
    return int(row[0][0])


def put_chunks(
    db: sqlite3.Connection, content: int, document: Document, chunks: Sequence[Chunk]
) -> None:
    """Make `chunks` the live ones of a stored content; older ones stay for older builds.

    Raises:
        ValueError: If a chunk is no exact slice of `document`.
    """
    for chunk in chunks:
        if chunk.revision != document.revision or chunk.span.of(document.text) != chunk.text:
            raise ValueError(f"chunk {chunk.id} is no slice of {document.source!r}")
    db.execute("UPDATE chunk SET live = 0 WHERE content = ?", (content,))
    db.executemany(
        "INSERT INTO chunk VALUES (?, ?, ?, ?, ?, ?, 1) ON CONFLICT (id) DO UPDATE SET "
        "heading = excluded.heading, embed_key = excluded.embed_key, live = 1",
        (
            (
                chunk.id,
                content,
                chunk.span.start,
                chunk.span.end,
                json.dumps(chunk.heading),
                embed_key(chunk.embedding_text),
            )
            for chunk in chunks
        ),
    )


def _check_content(revision: str, title: str, text: str, metadata: dict[str, str]) -> None:
    """Pass when the content is what it was when it was stored: its revision is its checksum.

    Raises:
        IndexDamaged: If a byte of it has changed.
    """
    # A title taken from the file's name is no part of the content.
    if revision not in {revision_of(own, text, metadata) for own in (title, "untitled", "")}:
        raise IndexDamaged(
            f"the stored text of {title!r} does not match its checksum; ingest its folder into a "
            "new index, or restore the ledger from a backup"
        )


def read_document(
    db: sqlite3.Connection, document_id: str, revision: str, source: str, also: Sequence[str]
) -> Document | None:
    """Return the document with the content of `revision`, or None if that is gone."""
    row = db.execute(
        "SELECT title, text, metadata, pages, blocks FROM content WHERE revision = ?", (revision,)
    ).fetchone()
    if row is None:
        return None
    title, stored, metadata, pages, blocks = row
    with _stored(f"revision {revision} of {source!r}"):
        text = decode_text(stored)
        _check_content(revision, title, text, json.loads(metadata))
        return Document(
            id=DocumentId(document_id),
            revision=Revision(revision),
            text=text,
            source=source,
            title=title,
            metadata=json.loads(metadata),
            pages=tuple(
                Page(n, Span(*where) if where else None) for n, *where in json.loads(pages)
            ),
            blocks=tuple(
                Block(BlockKind(kind), Span(start, end), tuple(heading))
                for kind, start, end, heading in json.loads(blocks)
            ),
            also=tuple(also),
        )


def read_chunk(row: Row, text: str, document_id: DocumentId, revision: Revision) -> Chunk:
    """Return the chunk of a stored row, sliced from its document's text.

    Raises:
        IndexDamaged: If the row has changed since it was stored: its key is its checksum.
    """
    id_, start, end, heading, key = row
    span = Span(start, end)
    with _stored(f"chunk {id_}"):
        names = () if heading == "[]" else tuple(json.loads(heading))
        chunk = Chunk(ChunkId(id_), document_id, revision, span, span.of(text), names)
        if embed_key(chunk.embedding_text) != key:
            raise ValueError("it does not match its checksum")
    return chunk


def embedding_text(text: str, row: Row) -> str:
    """Return `Chunk.embedding_text` of a stored row."""
    return read_chunk(row, text, DocumentId(""), Revision("")).embedding_text


@contextmanager
def _stored(what: str) -> Iterator[None]:
    """Call what cannot be read back damaged; only we wrote it.

    Raises:
        IndexDamaged: Naming `what`.
    """
    try:
        yield
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise IndexDamaged(
            f"{what} of the ledger is damaged ({error}); ingest its folder into a new index, or "
            "restore the ledger from a backup"
        ) from error


def dump_report(report: FileReport) -> str:
    """Return `report` as JSON."""
    return json.dumps(asdict(report))


def load_report(data: str) -> FileReport:
    """Return the report `dump_report` was given."""
    with _stored("a report"):
        values: Mapping[str, object] = json.loads(data)
        typed: dict[str, object] = {
            **values,
            "status": FileStatus(str(values["status"])),
            "pages_without_text": tuple(json.loads(data)["pages_without_text"]),
        }
        return FileReport(**typed)  # type: ignore[arg-type]
