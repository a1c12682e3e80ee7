"""Which documents are to be forgotten: named, by metadata, by source, or by age."""

import re
from calendar import monthrange
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from fnmatch import translate

from rag.errors import IndexDamaged, QuestionError
from rag.index.catalog import Entry
from rag.index.held import SourceRow
from rag.index.layout import IndexFolder
from rag.index.reading import LedgerReader
from rag.index.records import plain
from rag.index.whole import checked_catalog
from rag.types import DocumentId


@dataclass(frozen=True, slots=True)
class Wanted:
    """Conditions joined by "and", the values of one by "or"; at least one must be given."""

    names: Sequence[str] = ()
    """Ids, sources or aliases, as `rag sources` prints them, or paths of files."""
    where: Mapping[str, str] = field(default_factory=dict[str, str])
    sources: Sequence[str] = ()
    """Shell patterns against sources and aliases."""
    older_than: int | None = None
    """Days: by the date a document bears or, without one, by when it was last read."""

    def __bool__(self) -> bool:
        """Return whether any condition is given."""
        return bool(self.names or self.where or self.sources or self.older_than is not None)


def chosen(ledger: LedgerReader, wanted: Wanted, today: date | None = None) -> list[SourceRow]:
    """Return the documents that meet `wanted`, by source; none if none does.

    Raises:
        QuestionError: If no condition is given, or a named document is not in the index.
    """
    if not wanted:
        raise QuestionError(
            "say which documents to forget: by name, --where KEY=VALUE, --source PATTERN or "
            "--older-than DAYS"
        )
    rows = [row for row in ledger.sources() if row.document_id]
    rows += only_in_builds(ledger.folder, {row.document_id for row in rows})
    rows = _named(rows, wanted.names, ledger.folder.name) if wanted.names else rows
    patterns = [re.compile(translate(pattern)) for pattern in wanted.sources]
    read = _read_on(ledger) if wanted.older_than is not None else {}
    last = _day_before(today or datetime.now(UTC).date(), wanted.older_than or 0)
    return [
        row
        for row in rows
        if all(row.metadata.get(key) == value for key, value in wanted.where.items())
        and (not patterns or any(p.match(n) for p in patterns for n in (row.source, *row.aliases)))
        and (wanted.older_than is None or _day(row.date or read[row.file]) < last)
    ]


def only_in_builds(folder: IndexFolder, known: Set[DocumentId]) -> list[SourceRow]:
    """Return the documents that builds on disk hold and the ledger does not, by source.

    Their files have gone or changed, but the build may answer: the gate refused the next one,
    or somebody rolled back. Where they lay is not known any more.
    """
    found: dict[DocumentId, SourceRow] = {}
    for id_ in reversed(folder.build_ids()):
        try:
            entries = checked_catalog(folder.build(id_)).entries
        except IndexDamaged:
            continue  # nothing can answer from it; `make_plan` says so if it is the live one
        for entry in entries:
            if entry.id not in known and entry.id not in found:
                found[entry.id] = _row_of(entry, id_)
    return sorted(found.values(), key=lambda row: row.source)


def _row_of(entry: Entry, build: str) -> SourceRow:
    """Return what a build tells of a document; its day is at the latest that of the build."""
    made = f"{build[:4]}-{build[4:6]}-{build[6:8]}"
    return SourceRow(
        source=entry.source,
        location=entry.id,  # an id stands for the place it was made of
        file="",
        document_id=entry.id,
        revision=entry.revision,
        title="",
        characters=0,
        chunks=0,
        aliases=entry.also,
        date=entry.metadata.get("date") or made,
        metadata=dict(entry.metadata),
        status=None,
        reason="",
    )


def _day_before(today: date, days: int) -> date:
    try:
        return today - timedelta(days=days)
    except OverflowError:  # before the calendar began: nothing is older
        return date.min


def _named(rows: Sequence[SourceRow], names: Sequence[str], index: str) -> list[SourceRow]:
    found: dict[str, SourceRow] = {}
    for name in map(plain, names):
        meant = [
            row
            for row in rows
            if name and name in (row.document_id, row.source, row.location, row.file, *row.aliases)
        ]
        if not meant:
            raise QuestionError(f"no document {name!r} in index {index!r}; see: rag sources")
        found |= {row.document_id: row for row in meant}
    return list(found.values())


def _read_on(ledger: LedgerReader) -> dict[str, str]:
    """Return when each file was last read, by its path."""
    with ledger.reading() as db:
        return dict(db.execute("SELECT file, at FROM report").fetchall())


def _day(written: str) -> date:
    """Return the last day that `2024`, `2024-03`, `2024-03-31` or a longer time may mean."""
    year, month, day = (*map(int, written[:10].split("-")), 0, 0)[:3]
    month = month or 12
    return date(year, month, day or monthrange(year, month)[1])
