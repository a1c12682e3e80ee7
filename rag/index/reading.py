"""Reading the ledger: documents, chunks, sources, reports and the vectors kept for them."""

import json
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby

import numpy as np

from rag.closing import Closing
from rag.errors import IndexDamaged, IndexNotFound, QuestionError
from rag.index import held, vectors
from rag.index.aside import put_back
from rag.index.held import Counts, KnownFile, Location, SourceRow
from rag.index.layout import IndexFolder
from rag.index.records import (
    Row,
    decode_text,
    plain,
    read_chunk,
    read_document,
)
from rag.index.schema import connect, sqlite_errors, thawed
from rag.protocols import Floats, Ids
from rag.reports import FileReport
from rag.types import Chunk, ChunkId, Document, DocumentId, Revision

_BATCH = 2048


class LedgerReader(Closing):
    """Reads the ledger of one index; safe to share between threads."""

    def __init__(self, folder: IndexFolder, db: sqlite3.Connection) -> None:
        """Use an open connection; call `open_reader` or `Ledger.open` instead."""
        self.folder = folder
        self._db = db
        self._mutex = threading.RLock()

    def close(self) -> None:
        """Release the file; safe to call twice."""
        with self._mutex:
            self._db.close()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Lend the connection to one thread at a time, for a short look."""
        with self._mutex, sqlite_errors(self.folder.ledger):
            self._db = thawed(self._db, self.folder.ledger)
            yield self._db

    def known_files(self) -> dict[str, KnownFile]:
        """Return every file that was read or could not be, by its absolute path."""
        with self.reading() as db:
            return held.known_files(db)

    def sources(self) -> list[SourceRow]:
        """Return every document that is in the index now and every unread file, by source."""
        with self.reading() as db:
            return held.sources(db)

    def locations(self) -> list[Location]:
        """Return every place content was read from, copies included, by source."""
        with self.reading() as db:
            return held.locations(db)

    def reports(self) -> list[FileReport]:
        """Return what became of every file when it was last read, by source."""
        with self.reading() as db:
            return held.reports(db)

    def unread_reports(self) -> tuple[int, list[FileReport]]:
        """Return how many files there are, and the reports of those not read whole."""
        with self.reading() as db:
            return held.unread_reports(db)

    def counts(self) -> Counts:
        """Return how much is in the index now."""
        with self.reading() as db:
            return held.counts(db)

    def splitter(self) -> str | None:
        """Return the fingerprint of the splitter that cut the chunks, if it was recorded."""
        with self.reading() as db:
            row = db.execute("SELECT value FROM note WHERE key = 'splitter'").fetchone()
        return None if row is None else str(row[0])

    def check_pages(self) -> None:
        """Pass when every page, index and reference of the ledger's file is in order.

        Raises:
            IndexDamaged: Naming the first thing that is not.
        """
        with self.reading() as db:
            for check in ("integrity_check(1)", "foreign_key_check"):
                found = db.execute(f"PRAGMA {check}").fetchone()
                if found is not None and found[0] != "ok":
                    raise IndexDamaged(
                        f"{self.folder.ledger} is damaged ({found[0]}); restore it from a "
                        "backup, or delete its folder and make the index again"
                    )

    def generation(self) -> int:
        """Return a number that every change of documents or reports raises."""
        with self.reading() as db:
            row = db.execute("SELECT value FROM note WHERE key = 'generation'").fetchone()
        return 0 if row is None else int(row[0])

    def is_held(self) -> bool:
        """Return whether a person chose what is live, and no document changed since."""
        with self.reading() as db:
            row = db.execute("SELECT value FROM note WHERE key = 'held'").fetchone()
        return row is not None and int(row[0]) == self.generation()

    def document(self, document_id: DocumentId, revision: Revision | None = None) -> Document:
        """Return a document as it is now, or with the content of an earlier `revision`.

        Raises:
            IndexDamaged: If the ledger holds no such document or revision any more.
        """
        with self.reading() as db:
            row = db.execute(f"{held.SOURCES} WHERE document.id = ?", (document_id,)).fetchone()
        if row is None and revision is None:
            raise IndexDamaged(self._gone(f"document {document_id}"))
        now = None if row is None else held.source_row(row)
        source, also = (now.source, now.aliases) if now else ("", ())
        wanted = revision if revision is not None or now is None else now.revision
        return self.document_at(document_id, wanted or Revision(""), source, also)

    def find_document(self, name: str) -> Document:
        """Return the current document whose id, source or other source is `name`.

        Raises:
            QuestionError: If there is none.
        """
        with self.reading() as db:
            row = db.execute(
                "SELECT document FROM location WHERE ? IN (document, source, location)",
                (plain(name),),
            ).fetchone()
        if row is None:
            raise QuestionError(
                f"no document {name!r} in index {self.folder.name!r}; see: rag sources"
            )
        return self.document(DocumentId(row[0]))

    def document_at(
        self, document_id: DocumentId, revision: Revision, source: str, also: Sequence[str]
    ) -> Document:
        """Return the content of `revision` under the names a build gave it.

        Raises:
            IndexDamaged: If the ledger holds no such revision any more.
        """
        with self.reading() as db:
            document = read_document(db, document_id, revision, source, also)
        if document is None:
            raise IndexDamaged(self._gone(f"revision {revision} of {source!r}"))
        return document

    def text(self, revision: Revision) -> str:
        """Return the text of one revision.

        Raises:
            IndexDamaged: If the ledger does not hold it any more.
        """
        with self.reading() as db:
            row = db.execute("SELECT text FROM content WHERE revision = ?", (revision,)).fetchone()
        if row is None:
            raise IndexDamaged(self._gone(f"revision {revision}"))
        return decode_text(row[0])

    def rows(self, ids: Sequence[ChunkId]) -> dict[int, tuple[Row, Revision]]:
        """Return the stored row and the revision of each chunk of `ids` that is known."""
        with self.reading() as db:
            rows = db.execute(
                "SELECT chunk.id, start, end, heading, embed_key, revision FROM chunk "
                "JOIN content ON content.id = chunk.content "
                "WHERE chunk.id IN (SELECT value FROM json_each(?))",
                (json.dumps([int(id_) for id_ in ids]),),
            ).fetchall()
        return {row[0]: (row[:5], Revision(row[5])) for row in rows}

    def chunks(self, ids: Sequence[ChunkId]) -> list[Chunk]:
        """Return chunks of current documents, in the order of `ids`.

        Raises:
            IndexDamaged: If one belongs to no document that is in the index now.
        """
        rows = self.rows(ids)
        with self.reading() as db:
            owners: dict[str, str] = dict(
                db.execute(
                    "SELECT revision, document.id FROM document "
                    "JOIN content ON content.id = document.content"
                ).fetchall()
            )
        chunks: list[Chunk] = []
        for id_ in ids:
            if id_ not in rows or rows[id_][1] not in owners:
                raise IndexDamaged(self._gone(f"chunk {id_}"))
            row, revision = rows[id_]
            owner = DocumentId(owners[revision])
            chunks.append(read_chunk(row, self.text(revision), owner, revision))
        return chunks

    def live_chunks(self) -> Iterator[tuple[Revision, Ids]]:
        """Yield every current revision with the ids of its chunks, shape (n,)."""
        with self.reading() as db:
            rows = db.execute(
                "SELECT revision, chunk.id FROM document JOIN content "
                "ON content.id = document.content JOIN chunk ON chunk.content = content.id AND live"
                " ORDER BY content.id"
            ).fetchall()
        for revision, group in groupby(rows, key=lambda row: row[0]):
            yield Revision(revision), np.array([row[1] for row in group], dtype=np.int64)

    def missing_vectors(
        self, fingerprint: str, batch: int = _BATCH
    ) -> Iterator[list[tuple[bytes, str]]]:
        """Yield batches of (embed_key, text) for live texts the embedder has not seen.

        The texts are those missing when the first batch is asked for; vectors may be put
        between batches.
        """
        with self.reading() as db:
            ids = vectors.missing(db, fingerprint)
        for start in range(0, len(ids), batch):
            with self.reading() as db:
                rows = vectors.texts(db, ids[start : start + batch])
            yield rows

    def count_missing(self, fingerprint: str) -> int:
        """Return how many live texts have no vector by this embedder."""
        with self.reading() as db:
            return len(vectors.missing(db, fingerprint))

    def live_rows(
        self, fingerprint: str, dim: int, *, batch: int = _BATCH, only: Ids | None = None
    ) -> Iterator[tuple[Ids, Floats, list[str]]]:
        """Yield ids (n,), unit vectors (n, dim) and embedding texts of all live chunks.

        With `only`, those of the chunks it names, live or not.

        One batch is in memory at a time. The rows are those of one moment, whatever is
        written meanwhile.
        """
        db = connect(self.folder.ledger, read_only=True)
        try:
            with sqlite_errors(self.folder.ledger):
                yield from vectors.live(db, fingerprint, dim, batch, only)
        finally:
            db.close()

    def some_rows(
        self, fingerprint: str, dim: int, most: int
    ) -> Iterator[tuple[Ids, Floats, list[str]]]:
        """Yield what `live_rows` does, for at most `most` chunks drawn by chance."""
        with self.reading() as db:
            yield from vectors.live(db, fingerprint, dim, _BATCH, vectors.drawn(db, most))

    def _gone(self, what: str) -> str:
        return (
            f"the ledger of index {self.folder.name!r} does not hold {what}; if the index was "
            "rebuilt meanwhile, open it again"
        )


def open_reader(folder: IndexFolder) -> LedgerReader:
    """Open the ledger in `folder` for reading only.

    Raises:
        IndexNotFound: If there is none.
        IndexMismatch: If a newer Quotewell made it.
        IndexDamaged: If the file is broken.
    """
    check_exists(folder)
    return LedgerReader(folder, connect(folder.ledger, read_only=True))


def check_exists(folder: IndexFolder) -> None:
    """Raise `IndexNotFound`, with the way out, if there is no ledger in `folder`."""
    if folder.ledger.is_file() or put_back(folder):
        return
    others = ", ".join(folder.neighbours())
    there = f"the indexes there are: {others}" if others else "there is no index there yet"
    raise IndexNotFound(
        f"no index {folder.name!r} in {folder.root.parent}; {there}; "
        "make one with: rag ingest <folder or file>"
    )
