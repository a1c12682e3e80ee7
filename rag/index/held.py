"""What an index holds, as lists: documents, files, reports and counts, each by one query."""

import json
import sqlite3
from dataclasses import dataclass

from rag.index.records import load_report
from rag.reports import FileReport, FileStatus
from rag.types import DocumentId, Revision

SOURCES = """
SELECT own.source, own.location, own.file, document.id, content.revision, title, characters,
    (SELECT count(*) FROM chunk WHERE chunk.content = content.id AND live),
    (SELECT json_group_array(source) FROM (
        SELECT source FROM location WHERE document = document.id
        AND location <> document.location ORDER BY rowid)),
    metadata, json_extract(report.report, '$.status'), json_extract(report.report, '$.reason')
FROM document JOIN content ON content.id = document.content
JOIN location AS own ON own.location = document.location
LEFT JOIN report ON report.file = own.file
"""
_NOT_WHOLE = """
SELECT report FROM report WHERE json_extract(report, '$.status') <> 'accepted'
OR json_array_length(report, '$.pages_without_text') > 0
"""
_UNREAD = "SELECT file, report FROM report WHERE file NOT IN (SELECT file FROM location)"
_LOCATIONS = "SELECT source, file FROM location ORDER BY source"
_REPORTS = "SELECT report FROM report ORDER BY source"
_KNOWN = """
SELECT report.file, report.source, coalesce(min(sha256), ''), coalesce(max(sha256), ''),
    count(location) FROM report LEFT JOIN location ON location.file = report.file
GROUP BY report.file
"""
_COUNTS = """
SELECT (SELECT count(*) FROM document), (SELECT count(*) FROM location),
    (SELECT count(*) FROM document JOIN chunk ON chunk.content = document.content AND live),
    (SELECT coalesce(sum(characters), 0) FROM document
     JOIN content ON content.id = document.content)
"""


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One document as a list of sources shows it, or a file that could not be read.

    Of the latter there is no document: its id is empty and `reason` says why.
    """

    source: str
    location: str
    file: str
    document_id: DocumentId
    revision: Revision
    title: str
    characters: int
    chunks: int
    aliases: tuple[str, ...]
    date: str | None
    """The document's own, ISO 8601, if it bears one."""
    metadata: dict[str, str]
    status: FileStatus | None
    reason: str


@dataclass(frozen=True, slots=True)
class Location:
    """Where one document, or a copy of it, was read: its source and the file's path."""

    source: str
    file: str


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A file that was read once: what its bytes were, and how many documents it holds."""

    source: str
    stamp: str
    """Empty if it has to be read again whatever its bytes are."""
    documents: int


@dataclass(frozen=True, slots=True)
class Counts:
    """How much an index holds now; characters and chunks of every document together."""

    documents: int
    sources: int
    chunks: int
    characters: int


def known_files(db: sqlite3.Connection) -> dict[str, KnownFile]:
    """Return every file that was read or could not be, by its absolute path."""
    return {
        file: KnownFile(source, low if low == high else "", count)
        for file, source, low, high, count in db.execute(_KNOWN)
    }


def sources(db: sqlite3.Connection) -> list[SourceRow]:
    """Return every document that is in the index now and every unread file, by source."""
    rows = [source_row(row) for row in db.execute(SOURCES)]
    rows += [_unread_row(file, data) for file, data in db.execute(_UNREAD)]
    return sorted(rows, key=lambda row: row.source)


def locations(db: sqlite3.Connection) -> list[Location]:
    """Return every place content was read from, copies included, by source."""
    return [Location(*row) for row in db.execute(_LOCATIONS)]


def reports(db: sqlite3.Connection) -> list[FileReport]:
    """Return what became of every file when it was last read, by source."""
    return [load_report(row[0]) for row in db.execute(_REPORTS)]


def unread_reports(db: sqlite3.Connection) -> tuple[int, list[FileReport]]:
    """Return how many files there are, and the reports of those not read whole."""
    files = int(db.execute("SELECT count(*) FROM report").fetchone()[0])
    return files, [load_report(row[0]) for row in db.execute(_NOT_WHOLE)]


def counts(db: sqlite3.Connection) -> Counts:
    """Return how much is in the index now."""
    return Counts(*db.execute(_COUNTS).fetchone())


def source_row(row: tuple[str, ...]) -> SourceRow:
    """Return a row of `SOURCES` under names."""
    source, location, file, id_, revision, title, characters, chunks, also, about, *report = row
    status, reason = report
    metadata = json.loads(about)
    return SourceRow(
        source=source,
        location=location,
        file=file,
        document_id=DocumentId(id_),
        revision=Revision(revision),
        title=title,
        characters=int(characters),
        chunks=int(chunks),
        aliases=tuple(json.loads(also)),
        date=metadata.get("date"),
        metadata=metadata,
        status=FileStatus(status) if status else None,
        reason=reason or "",
    )


def _unread_row(file: str, data: str) -> SourceRow:
    report = load_report(data)
    return SourceRow(
        source=report.source,
        location=file,
        file=file,
        document_id=DocumentId(""),
        revision=Revision(""),
        title="",
        characters=0,
        chunks=0,
        aliases=(),
        date=None,
        metadata={},
        status=report.status,
        reason=report.reason,
    )
