"""The truth: every document, revision, chunk, vector and report of one index.

Builds are made of it and can be thrown away; it cannot. Every change is one transaction,
on the disk when the call returns.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime

from rag.index import vectors
from rag.index.identity import Place, release, settle
from rag.index.layout import IndexFolder
from rag.index.lock import writer_lock, writing_to
from rag.index.reading import LedgerReader, check_exists
from rag.index.records import dump_report, load_report, plain, put_chunks, put_content
from rag.index.schema import connect, sqlite_errors
from rag.index.tombstones import is_forgotten
from rag.protocols import Floats, Splitter
from rag.reports import FileReport, FileStatus
from rag.types import Chunk, Document

_SWEEP = """
CREATE TEMP TABLE IF NOT EXISTS kept_content (revision TEXT PRIMARY KEY);
CREATE TEMP TABLE IF NOT EXISTS kept_chunk (id INTEGER PRIMARY KEY);
"""
_UNUSED_CHUNKS = """
DELETE FROM chunk WHERE id NOT IN (SELECT id FROM kept_chunk)
AND NOT (live AND content IN (SELECT content FROM document))
"""
_UNUSED_CONTENT = """
DELETE FROM content WHERE id NOT IN (SELECT content FROM document)
AND revision NOT IN (SELECT revision FROM kept_content)
"""
_UNUSED_VECTORS = "DELETE FROM vector WHERE embed_key NOT IN (SELECT embed_key FROM chunk)"


class Ledger(LedgerReader):
    """Reads and writes the ledger of one index; safe to share between threads."""

    @classmethod
    def open(cls, folder: IndexFolder, *, create: bool = False) -> "Ledger":
        """Open the ledger in `folder`.

        Raises:
            IndexNotFound: If there is none and `create` is false.
            IndexMismatch: If a newer Quotewell made it.
            IndexDamaged: If the file is broken.
        """
        if create:
            with writer_lock(folder):
                return cls(folder, connect(folder.ledger, create=True))
        check_exists(folder)
        return cls(folder, connect(folder.ledger))

    def writing(self) -> AbstractContextManager[None]:
        """Keep every other writer out until the block ends.

        Raises:
            IndexBusy: At once, if another thread or process is writing.
        """
        return writer_lock(self.folder)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Hold one transaction as the one writer; it is undone if the block fails.

        Raises:
            IndexBusy: If another thread or process is writing.
            LeaseLost: If another writer took over since this one's last write.
            DiskFull: If there is no room; nothing was changed.
        """
        with self._mutex, sqlite_errors(self.folder.ledger), writing_to(self.folder, self._db):
            yield self._db

    def put_file(
        self,
        location: str,
        sha256: str,
        contents: Sequence[tuple[Document, Sequence[Chunk]]],
        report: FileReport,
    ) -> FileReport:
        """Record what one file holds now, all of it or nothing.

        Args:
            location: The file's absolute path.
            sha256: Of the file's bytes.
            contents: Each document of the file with its chunks, in the file's order.
            report: What reading it came to.

        Returns:
            The report as stored, with counts and, for a copy, `duplicate_of`.

        Raises:
            IndexBusy: If another process is writing.
            DiskFull: If there is no room; nothing was changed.
        """
        file = plain(location)
        with self.transaction() as db:
            readable = report.status is not FileStatus.REJECTED
            if readable:
                report = _replace_file(db, file, sha256, contents, report)
            else:
                report = _keep_last(db, file, report)
            if _put_report(db, file, report) or readable:
                _raise_generation(db)
        return report

    def remove(self, source: str) -> int:
        """Forget a source, a file or a location by its exact name.

        Its text leaves the disk when no kept build uses it any more; see `prune`.

        Returns:
            How many sources were forgotten; 0 if there is none of that name.
        """
        name = plain(source)
        with self.transaction() as db:
            rows = db.execute(
                "SELECT location FROM location WHERE ? IN (source, location, file) "
                "OR file IN (SELECT file FROM report WHERE source = ?)",
                (name, name),
            ).fetchall()
            for (location,) in rows:
                release(db, location)
            db.execute(
                "DELETE FROM report WHERE file NOT IN (SELECT file FROM location) "
                "AND ? IN (source, file)",
                (name,),
            )
            _raise_generation(db)
        return len(rows)

    def resplit(
        self, splitter: Splitter, progress: Callable[[int, int], None] | None = None
    ) -> int:
        """Cut every document again if another splitter cut them, and record which did.

        Returns:
            How many documents were cut; 0 when `splitter` was the last one used.
        """
        if self.splitter() == splitter.fingerprint:
            return 0
        rows = [row for row in self.sources() if row.document_id]
        with self.transaction() as db:
            for done, row in enumerate(rows, 1):
                document = self.document(row.document_id)
                put_chunks(db, put_content(db, document), document, splitter.split(document))
                if progress is not None:
                    progress(done, len(rows))
            db.execute(
                "INSERT OR REPLACE INTO note VALUES ('splitter', ?)", (splitter.fingerprint,)
            )
            _raise_generation(db)
        return len(rows)

    def put_vectors(self, fingerprint: str, keys: Sequence[bytes], rows: Floats) -> None:
        """Keep unit vectors of shape (n, dim) under the keys `missing_vectors` gave.

        Raises:
            ModelError: If they are not one unit vector per key.
        """
        with self.transaction() as db:
            vectors.put(db, fingerprint, keys, rows)

    def sweep(self, revisions: Iterable[str], chunk_ids: Iterable[int]) -> int:
        """Delete texts, chunks and vectors that nothing uses; return how many texts.

        Args:
            revisions: Those a kept build still points into.
            chunk_ids: Those a kept build still points at.
        """
        with self.transaction() as db:
            for statement in _SWEEP.strip().split("\n"):
                db.execute(statement)
            db.execute("DELETE FROM kept_content")
            db.execute("DELETE FROM kept_chunk")
            db.executemany(
                "INSERT OR IGNORE INTO kept_content VALUES (?)", ((r,) for r in revisions)
            )
            db.executemany(
                "INSERT OR IGNORE INTO kept_chunk VALUES (?)", ((int(i),) for i in chunk_ids)
            )
            db.execute(_UNUSED_CHUNKS)
            swept = db.execute(_UNUSED_CONTENT).rowcount
            db.execute(_UNUSED_VECTORS)
        with self.reading() as db:
            # Removed text must not stay behind in the write-ahead log either.
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return swept


def hold_generation(db: sqlite3.Connection, *, held: bool) -> None:
    """Note that a person chose what is live now, until a document changes; or that none did."""
    db.execute("DELETE FROM note WHERE key = 'held'")
    if held:
        db.execute(
            "INSERT INTO note SELECT 'held', coalesce("
            "(SELECT value FROM note WHERE key = 'generation'), '0')"
        )


def _raise_generation(db: sqlite3.Connection) -> None:
    db.execute(
        "INSERT INTO note VALUES ('generation', '1') ON CONFLICT (key) "
        "DO UPDATE SET value = CAST(value AS INTEGER) + 1"
    )


def _put_report(db: sqlite3.Connection, file: str, report: FileReport) -> bool:
    """Record a report; return whether it says anything new."""
    row = db.execute("SELECT report FROM report WHERE file = ?", (file,)).fetchone()
    before = None if row is None else replace(load_report(row[0]), seconds=report.seconds)
    db.execute(
        "INSERT OR REPLACE INTO report VALUES (?, ?, ?, ?)",
        (file, plain(report.source), dump_report(report), _now()),
    )
    return before != report


def _keep_last(db: sqlite3.Connection, file: str, report: FileReport) -> FileReport:
    """Keep what was last readable of a file that no longer is, and say so."""
    # An empty sum never matches, so that the file is read again even if it changes back.
    held = db.execute("UPDATE location SET sha256 = '' WHERE file = ?", (file,)).rowcount
    if not held:
        return report
    kept = "The last version that could be read stays in the index."
    return replace(report, reason=f"{report.reason} {kept}".strip())


def _replace_file(
    db: sqlite3.Connection,
    file: str,
    sha256: str,
    contents: Sequence[tuple[Document, Sequence[Chunk]]],
    report: FileReport,
) -> FileReport:
    places = _places(file, sha256, [document for document, _ in contents], report.source)
    numbered = _numbered(places)
    forgotten = {
        place.location
        for place, (document, _) in zip(places, contents, strict=True)
        if is_forgotten(db, place.location, document.text, numbered=numbered)
    }
    wanted = [
        (place, *content)
        for place, content in zip(places, contents, strict=True)
        if place.location not in forgotten
    ]
    before = {row[0] for row in db.execute("SELECT location FROM location WHERE file = ?", (file,))}
    for location in sorted(before - {place.location for place, *_ in wanted}):
        release(db, location)
    copies: list[str] = []
    for place, document, chunks in wanted:
        content = put_content(db, document)
        put_chunks(db, content, document, chunks)
        holder = settle(db, place, content)
        copies += [holder] if holder is not None else []
    return replace(
        _without(report, len(forgotten), len(wanted)),
        documents=len(wanted),
        chunks=sum(len(chunks) for _, _, chunks in wanted),
        characters=sum(len(document.text) for _, document, _ in wanted),
        duplicate_of=copies[0] if len(copies) == len(wanted) and copies else "",
    )


def _without(report: FileReport, forgotten: int, left: int) -> FileReport:
    """Say that some records of a file were forgotten and are not read again."""
    if not forgotten:
        return report
    status = FileStatus.PARTIAL if left else FileStatus.REJECTED
    reason = f"{report.reason} {forgotten} of its {forgotten + left} documents were forgotten."
    return replace(report, status=status, reason=reason.strip())


def _places(file: str, sha256: str, documents: Sequence[Document], file_source: str) -> list[Place]:
    """Return the location of each document: the file, or the file plus `#record`."""
    places: list[Place] = []
    taken: set[str] = set()
    for number, document in enumerate(documents, 1):
        source = plain(document.source)
        record = source.removeprefix(plain(file_source)) if source != file_source else ""
        location = file + (record if record.startswith("#") else "")
        if location in taken or (len(documents) > 1 and location == file):
            location = f"{file}#{number}"
        taken.add(location)
        places.append(Place(location, file, source, sha256))
    return places


def _numbered(places: Sequence[Place]) -> bool:
    """Return whether the records of a file are known by nothing but their number in it."""
    return [place.location for place in places] == [
        f"{place.file}#{number}" for number, place in enumerate(places, 1)
    ]


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
