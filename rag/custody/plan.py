"""What a forget is going to do, worked out before anything is touched and kept until it is done.

The plan holds hashes, names and fingerprints, never a text, so that a forget that was
interrupted can be finished although what it was about is already half gone.
"""

import json
import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rag.custody.prints import Prints, forms
from rag.custody.seal import read_record, write_record
from rag.errors import IndexDamaged
from rag.index.build import live_build
from rag.index.catalog import Catalog
from rag.index.held import SourceRow
from rag.index.identity import document_id_of
from rag.index.layout import IndexFolder
from rag.index.reading import LedgerReader
from rag.index.records import decode_text
from rag.index.tombstones import sha256_of
from rag.index.whole import checked_catalog

KIND = "quotewell forget in progress"
_OWN_VECTORS = """
WITH gone AS (
    SELECT embed_key FROM chunk JOIN content ON content.id = chunk.content
    WHERE revision IN (SELECT value FROM json_each(?1))),
stays AS (
    SELECT embed_key FROM chunk JOIN content ON content.id = chunk.content
    WHERE revision IN (SELECT value FROM json_each(?2)))
SELECT vector FROM vector WHERE embed_key IN gone AND embed_key NOT IN stays
"""
_PLACES = """
SELECT location.location, CASE file WHEN location.location THEN sha256 ELSE '' END,
document, revision FROM location
JOIN document ON document.id = location.document JOIN content ON content.id = document.content
WHERE document IN (SELECT value FROM json_each(?))
"""


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything needed to forget some documents, or to go on with it."""

    id: str
    at: str
    """ISO 8601, UTC."""
    documents: tuple[str, ...]
    """Ids."""
    locations: tuple[str, ...]
    files: tuple[str, ...]
    """Paths of files none of whose documents stay."""
    sums: tuple[str, ...]
    """SHA-256 of the bytes of those files."""
    names: tuple[str, ...]
    """Sources and aliases; they are wiped with the plan."""
    builds: tuple[str, ...]
    """Builds that hold one of the documents and must go."""
    before: str
    """The build that was live, or empty."""
    shared: int
    """Windows that documents which stay hold, too."""
    prints: Prints
    held: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    """What is barred with each place, as `rag.index.tombstones.put_forgotten` takes it."""

    def save(self, path: Path) -> None:
        """Write the plan, all of it or none."""
        values = {**asdict(self), "prints": self.prints.to_dict()}
        write_record(path, {"kind": KIND, **values})

    @classmethod
    def read(cls, path: Path) -> "Plan":
        """Read what `save` wrote.

        Raises:
            RecordAltered: If it was changed, or is none.
        """
        record: dict[str, Any] = read_record(path, KIND)
        values: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value
            for key, value in record.items()
            if key not in {"kind", "sha256", "prints"}
        }
        return cls(**values, prints=Prints.from_dict(record["prints"]))


def make_plan(ledger: LedgerReader, rows: Sequence[SourceRow]) -> Plan:
    """Return how to forget the documents of `rows`."""
    folder = ledger.folder
    catalogs = _catalogs(folder)
    live = live_build(folder) or ""
    targets = {str(row.document_id) for row in rows}
    stays, gone = _revisions(ledger, rows, catalogs, live)
    held = tuple(
        id_
        for id_, catalog in catalogs.items()
        if any(entry.id in targets or entry.revision in gone for entry in catalog.entries)
    )
    for id_ in catalogs.keys() - set(held):  # what these hold stays, too
        stays |= {str(entry.revision) for entry in catalogs[id_].entries}
    every = Prints.of(_texts(ledger, gone), _vectors(ledger, gone, stays))
    prints = every.without(_texts(ledger, stays))
    locations, files, sums = _places(ledger, targets)
    return Plan(
        secrets.token_hex(4),
        datetime.now(UTC).isoformat(timespec="seconds"),
        tuple(sorted(targets)),
        locations,
        files,
        sums,
        tuple(sorted({name for row in rows for name in (row.source, *row.aliases)})),
        held,
        live,
        len(every) - len(prints),
        prints,
        _held(ledger, catalogs, targets, gone, stays),
    )


def _held(
    ledger: LedgerReader,
    catalogs: dict[str, Catalog],
    targets: set[str],
    gone: set[str],
    stays: set[str],
) -> dict[str, list[str]]:
    """Return the sums of texts and files that go, by the id of each place that held them."""
    with ledger.reading() as db:
        rows = db.execute(
            "SELECT revision, text FROM content AS own WHERE revision IN "
            "(SELECT value FROM json_each(?1)) AND NOT EXISTS (SELECT 1 FROM content AS other "
            "WHERE other.characters = own.characters AND other.text = own.text "
            "AND other.revision IN (SELECT value FROM json_each(?2)))",
            (json.dumps(sorted(gone)), json.dumps(sorted(stays))),
        ).fetchall()
        places = db.execute(_PLACES, (json.dumps(sorted(targets)),)).fetchall()
    texts = {str(revision): f"text:{sha256_of(decode_text(text))}" for revision, text in rows}
    of: dict[str, set[str]] = {id_: set() for id_ in targets}
    revisions = [(id_, revision) for _, _, id_, revision in places]
    revisions += [(e.id, str(e.revision)) for c in catalogs.values() for e in c.entries]
    for id_, revision in revisions:
        if id_ in targets and revision in texts:
            of[id_].add(texts[revision])
    held = {id_: sorted(contents) for id_, contents in of.items()}
    for location, stamp, id_, _ in places:
        whole = [f"bytes:{stamp.partition('/')[0]}"] if stamp else []  # none of one record
        held[document_id_of(location)] = [*sorted(of[id_]), *whole]
    return held


def _catalogs(folder: IndexFolder) -> dict[str, Catalog]:
    """Return the list of every build; one that cannot be read counts as holding everything.

    Raises:
        IndexDamaged: If that is the live one.
    """
    found: dict[str, Catalog] = {}
    for id_ in folder.build_ids():
        try:
            found[id_] = checked_catalog(folder.build(id_))
        except IndexDamaged:
            if id_ == live_build(folder):
                raise  # `prune` deletes the others
    return found


def _revisions(
    ledger: LedgerReader, rows: Sequence[SourceRow], catalogs: dict[str, Catalog], live: str
) -> tuple[set[str], set[str]]:
    """Return the revisions that stay and those that go, which no remaining document holds."""
    targets = {row.document_id for row in rows}
    stays = {str(r.revision) for r in ledger.sources() if r.document_id not in targets}
    entries = catalogs[live].entries if live in catalogs else ()
    stays |= {str(entry.revision) for entry in entries if entry.id not in targets}
    gone = {str(row.revision) for row in rows}
    for catalog in catalogs.values():
        gone |= {str(entry.revision) for entry in catalog.entries if entry.id in targets}
    return stays - {""}, gone - stays


def _texts(ledger: LedgerReader, revisions: Iterable[str]) -> Iterator[bytes]:
    """Yield the text, title and metadata of each revision as files here may hold them."""
    for revision in sorted(revisions):
        with ledger.reading() as db:
            row = db.execute(
                "SELECT title, text, metadata FROM content WHERE revision = ?", (revision,)
            ).fetchone()
        if row is not None:
            for text in (row[0], decode_text(row[1]), *json.loads(row[2]).values()):
                yield from forms(text)


def _vectors(ledger: LedgerReader, gone: set[str], stays: set[str]) -> Iterator[bytes]:
    """Yield the vectors of chunks that only `gone` revisions have."""
    with ledger.reading() as db:
        rows = db.execute(
            _OWN_VECTORS, (json.dumps(sorted(gone)), json.dumps(sorted(stays)))
        ).fetchall()
    yield from (bytes(row[0]) for row in rows)


def _places(
    ledger: LedgerReader, targets: set[str]
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Return locations, and path and SHA-256 of the files nothing of which stays."""
    with ledger.reading() as db:
        rows = db.execute("SELECT location, file, sha256, document FROM location").fetchall()
    kept = {file for _, file, _, document in rows if document not in targets}
    ours = [row for row in rows if row[3] in targets]
    whole = [row for row in ours if row[1] not in kept]
    return (
        tuple(sorted(row[0] for row in ours)),
        tuple(sorted({row[1] for row in whole})),
        tuple(sorted({row[2].partition("/")[0] for row in whole} - {""})),
    )
