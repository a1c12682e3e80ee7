"""Forget documents for good: out of the ledger, every build, every cache, and the log.

    plan (kept) -> tombstones -> ledger -> a build without them, live -> builds that held them
    -> texts, vectors -> write-ahead log -> lines that quote them -> search of every byte -> report

Interrupted anywhere, `resume` goes on with the plan that was kept: every step may be done twice.
"""

import sqlite3
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from rag.custody.byte_search import Search, search_folder
from rag.custody.plan import Plan, make_plan
from rag.custody.seal import write_record
from rag.custody.traces import wipe_traces
from rag.errors import IndexBusy, QuestionError
from rag.index.build import live_build, make_build, publish
from rag.index.disk import Disk, disk_errors
from rag.index.held import SourceRow
from rag.index.identity import release
from rag.index.layout import IndexFolder
from rag.index.ledger import Ledger
from rag.index.pruning import DROPPED, alone, prune
from rag.index.records import dump_report, load_report
from rag.index.schema import sqlite_errors
from rag.index.tombstones import put_forgotten
from rag.index.whole import checked_catalog, read_manifest
from rag.types import DocumentId

KIND = "quotewell forget report"
FORMAT = 1
_ALL = 1_000_000
_PATIENCE = 5.0
"""Seconds to wait for readers that still answer from an old build, or keep the log."""
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What a forget did, and where its report lies."""

    report: Path
    documents: int
    cleaned: dict[str, int]
    """How many of each kind of trace were removed."""
    before: str
    after: str
    search: Search

    def to_dict(self) -> dict[str, object]:
        """Return plain values, ready for JSON."""
        return {**asdict(self), "report": str(self.report)}


def forget(
    folder: IndexFolder, home: Path, rows: list[SourceRow], progress: Progress = lambda _: None
) -> Forgotten:
    """Forget the documents of `rows`, with all their names, and prove it by a search.

    Args:
        folder: The index.
        home: The data folder, every file of which is searched afterwards.
        rows: As `rag.custody.targets.chosen` returns them.
        progress: Told what is being done.

    Raises:
        QuestionError: If nothing would be left, or another forget has to be finished first.
        IndexBusy: If another process writes, or a reader keeps the write-ahead log; what was
            done stays done, and `resume` does the rest.
        IndexDamaged: If the live build cannot be read; make a new one first.
        DiskFull: If there is no room; `resume` does the rest.
    """
    with Ledger.open(folder) as ledger, ledger.writing():
        if folder.forgetting.exists():
            raise QuestionError(
                f"a forget in index {folder.name!r} was interrupted; finish it first with: "
                "rag forget --resume"
            )
        ids = {row.document_id for row in rows}
        if all(row.document_id in ids for row in ledger.sources() if row.document_id):
            raise QuestionError(
                f"nothing would be left of index {folder.name!r}; delete the folder "
                f"{folder.root} instead"
            )
        progress("looking for what only these documents hold")
        make_plan(ledger, rows).save(folder.forgetting)
        return _complete(ledger, home, progress)


def resume(
    folder: IndexFolder, home: Path, progress: Progress = lambda _: None
) -> Forgotten | None:
    """Finish a forget that was interrupted; None if there is none.

    Raises:
        IndexBusy, IndexDamaged, DiskFull: As `forget`.
        RecordAltered: If the plan that was kept has been changed.
    """
    with Ledger.open(folder) as ledger, ledger.writing():
        return _complete(ledger, home, progress) if folder.forgetting.exists() else None


def _complete(ledger: Ledger, home: Path, progress: Progress) -> Forgotten:
    folder = ledger.folder
    plan = Plan.read(folder.forgetting)
    progress("removing it from the ledger")
    put_forgotten(ledger, plan.at, (*plan.files, *plan.locations), plan.sums, plan.held)
    cleaned = _release(ledger, plan)
    progress("making a build without it")
    after = _replace_live(ledger, plan)
    progress("removing old builds, caches and quotes")
    cleaned["builds"] = _drop_builds(folder, plan)
    empty_log(ledger)
    with disk_errors(f"wiping quotes in {home}"):
        cleaned |= wipe_traces(folder, home, plan)
    progress("searching every byte of the data folder")
    search = search_folder(home, plan.prints)
    if any(home / hit.file == folder.ledger for hit in search.hits):
        compact(ledger)
        search = search_folder(home, plan.prints)
    path = folder.root / "forgotten" / f"{plan.at[:10]}-{plan.id}.json"
    write_record(path, _report(plan, cleaned, after, search))
    folder.forgetting.unlink()
    return Forgotten(path, len(plan.documents), cleaned, plan.before, after, search)


def _release(ledger: Ledger, plan: Plan) -> dict[str, int]:
    """Take the documents out of the ledger's lists; their texts go with the old builds."""
    with ledger.transaction() as db:
        known = [
            location
            for location in plan.locations
            if db.execute("SELECT 1 FROM location WHERE location = ?", (location,)).fetchone()
        ]
        for location in known:
            release(db, location)
        for file in plan.files:
            db.execute("DELETE FROM report WHERE file = ?", (file,))
            db.execute("DELETE FROM seen WHERE file = ?", (file,))
        notes = sum(_wipe_notes(db, name) for name in plan.names)
        for file, report in db.execute("SELECT file, report FROM report").fetchall():
            told = load_report(report)
            if told.duplicate_of in plan.names:
                told = replace(told, duplicate_of="")
                db.execute("UPDATE report SET report = ? WHERE file = ?", (dump_report(told), file))
        if known:
            db.execute(
                "UPDATE note SET value = CAST(value AS INTEGER) + 1 WHERE key = 'generation'"
            )
    return {"documents": len(plan.documents), "locations": len(plan.locations), "run notes": notes}


def _wipe_notes(db: sqlite3.Connection, name: str) -> int:
    return db.execute("UPDATE run SET note = '' WHERE instr(note, ?)", (name,)).rowcount


def _replace_live(ledger: Ledger, plan: Plan) -> str:
    """Publish the live build without the documents, if it holds one; return what is live."""
    folder = ledger.folder
    live = live_build(folder)
    if live is None or live not in plan.builds:
        return live or ""
    made = read_manifest(folder.build(live))
    ids = {DocumentId(id_) for id_ in plan.documents}
    left = checked_catalog(folder.build(live)).without(ids)
    manifest = make_build(
        folder,
        ledger,
        embedder_name=made.embedder.name,
        fingerprint=made.embedder.fingerprint,
        dim=made.embedder.dim,
        splitter=made.splitter,
        model=made.embedder.model,
        only=left,
    )
    publish(folder, manifest.build)
    return manifest.build


def _drop_builds(folder: IndexFolder, plan: Plan, patience: float = _PATIENCE) -> int:
    """Delete the builds that held a document, then every text no build or document uses.

    Servers move to the new build by themselves; one that has not after `patience` seconds
    loses its own.
    """
    until, live = time.monotonic() + patience, live_build(folder)
    with disk_errors(f"deleting builds in {folder.builds}"):
        for id_ in sorted({*plan.builds} - {live}):
            if folder.build(id_).exists():
                _drop(folder, id_, until)
    prune(folder, keep=_ALL)
    return len(plan.builds)


def _drop(folder: IndexFolder, build_id: str, until: float) -> None:
    while True:
        with alone(folder, build_id) as free:
            if free or time.monotonic() > until:
                dropped = folder.builds / f"{DROPPED}{build_id}"
                Disk().rename(folder.build(build_id), dropped)
                return
        time.sleep(0.05)


def empty_log(ledger: Ledger, patience: float = _PATIENCE) -> None:
    """Write the log into the ledger's file and cut it to nothing.

    Raises:
        IndexBusy: If a reader keeps it for longer than `patience` seconds.
    """
    until = time.monotonic() + patience
    while True:
        with ledger.reading() as db:
            db.execute("PRAGMA busy_timeout = 200")
            busy = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            db.execute("PRAGMA busy_timeout = 10000")
        if not busy:
            return
        if time.monotonic() > until:
            raise IndexBusy(
                f"somebody reads index {ledger.folder.name!r} for a long time, so what was "
                f"forgotten stays in {ledger.folder.ledger.name}-wal; stop the other commands and "
                "servers that use it, then run: rag forget --resume"
            )
        time.sleep(0.05)


def compact(ledger: Ledger) -> None:
    """Write the ledger's file anew, so that no unused part of a page holds anything.

    Raises:
        DiskFull: If there is no room for a second copy.
        IndexBusy: If somebody reads it for long.
    """
    with ledger.reading() as db, sqlite_errors(ledger.folder.ledger):
        db.execute("VACUUM")
    empty_log(ledger)


def _report(plan: Plan, cleaned: dict[str, int], after: str, search: Search) -> dict[str, object]:
    return {
        "kind": KIND,
        "format": FORMAT,
        "id": plan.id,
        "at": plan.at,
        "cleaned": cleaned,
        "build_before": plan.before,
        "build_after": after,
        "builds_removed": list(plan.builds),
        "windows": len(plan.prints),
        "windows_shared": plan.shared,
        "prints": plan.prints.to_dict(),
        "search": search.to_dict(),
    }
