"""What was run and what was live when, kept in the ledger: the history of one index.

A run names its occurrence (`due`), and an occurrence can be claimed once: of two schedulers
that start the same rebuild, exactly one gets to run it. A run that its process did not end is
marked as interrupted by whoever writes next.
"""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum

from rag.errors import IndexBusy
from rag.index.layout import IndexFolder
from rag.index.ledger import Ledger
from rag.index.schema import connect, format_of, sqlite_errors

_RUNS = """
SELECT number, why, due, started, finished, outcome, build, counts, note FROM run
ORDER BY number DESC LIMIT ?
"""
_SCHEDULED = """
SELECT number, why, due, started, finished, outcome, build, counts, note FROM run
WHERE due <> '' ORDER BY number DESC LIMIT ?
"""
LAST_PUBLISHED = "SELECT build FROM publication ORDER BY number DESC LIMIT ?"


class RunOutcome(StrEnum):
    """What a run came to."""

    RUNNING = "running"
    PUBLISHED = "published"
    UNCHANGED = "unchanged"
    REFUSED = "refused"
    """The gate kept the new build back."""
    STOPPED = "stopped"
    """Most of a source had gone, and a person has to say what that means."""
    FAILED = "failed"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class Run:
    """One rebuild; times are ISO 8601 in UTC, `finished` is empty while it runs."""

    number: int
    why: str
    """person, schedule or watch."""
    due: str
    """The occurrence of the schedule it was for; empty if for none."""
    started: str
    finished: str
    outcome: RunOutcome
    build: str
    counts: Mapping[str, int]
    note: str

    def to_dict(self) -> dict[str, object]:
        """Return plain values, ready for JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Publication:
    """A build that went live, when, and whether a person overruled the gate."""

    build: str
    at: str
    forced: bool


def begin_run(ledger: Ledger, why: str, due: str = "") -> int:
    """Record that a run starts and return its number; call it while holding `writing()`.

    Raises:
        IndexBusy: If `due` was claimed before.
    """
    with ledger.transaction() as db:
        # Whoever holds the lease is the only one who runs, so the others are dead.
        db.execute(
            "UPDATE run SET outcome = ?, finished = ? WHERE outcome = ?",
            (RunOutcome.INTERRUPTED, _now(), RunOutcome.RUNNING),
        )
        if due and db.execute("SELECT 1 FROM run WHERE due = ?", (due,)).fetchone():
            raise IndexBusy(
                f"the run of index {ledger.folder.name!r} that was due at {due} was already "
                "started by another scheduler"
            )
        row = db.execute(
            "INSERT INTO run (why, due, started, finished, outcome, build, counts, note) "
            "VALUES (?, ?, ?, '', ?, '', '{}', '') RETURNING number",
            (why, due, _now(), RunOutcome.RUNNING),
        ).fetchall()
    return int(row[0][0])


def end_run(
    ledger: Ledger,
    number: int,
    outcome: RunOutcome,
    *,
    build: str = "",
    counts: Mapping[str, int] | None = None,
    note: str = "",
) -> None:
    """Record what a run came to."""
    with ledger.transaction() as db:
        db.execute(
            "UPDATE run SET outcome = ?, finished = ?, build = ?, counts = ?, note = ? "
            "WHERE number = ?",
            (outcome, _now(), build, json.dumps(dict(counts or {})), note, number),
        )


def runs(folder: IndexFolder, most: int = 50, *, scheduled: bool = False) -> list[Run]:
    """Return the latest runs, newest first; none if there is no ledger yet.

    Args:
        folder: The index.
        most: How many runs.
        scheduled: Only those that were for an occurrence of the schedule.
    """
    rows = _rows(folder, _SCHEDULED if scheduled else _RUNS, most)
    return [
        Run(number, why, due, started, finished, RunOutcome(outcome), build, json.loads(c), note)
        for number, why, due, started, finished, outcome, build, c, note in rows
    ]


def publications(folder: IndexFolder, most: int = 1000) -> list[Publication]:
    """Return what went live, newest first; none if there is no ledger yet."""
    rows = _rows(
        folder, "SELECT build, at, forced FROM publication ORDER BY number DESC LIMIT ?", most
    )
    return [Publication(build, at, bool(forced)) for build, at, forced in rows]


def record_publication(db: sqlite3.Connection, build: str, *, forced: bool) -> None:
    """Add a publication inside the transaction that makes the build live."""
    db.execute(
        "INSERT INTO publication (build, at, forced) VALUES (?, ?, ?)", (build, _now(), forced)
    )


def _rows(folder: IndexFolder, query: str, most: int) -> list[tuple]:  # type: ignore[type-arg]
    if not folder.ledger.is_file():
        return []
    db = connect(folder.ledger, read_only=True)
    try:
        with sqlite_errors(folder.ledger):
            return [] if format_of(db) < 2 else db.execute(query, (most,)).fetchall()
    finally:
        db.close()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
