"""The shelf in plain words, the same for the terminal and the page."""

from datetime import datetime

from indexes.status.shelf import Coming, Status
from rag.index.journal import Run, RunOutcome

OUTCOMES = {
    RunOutcome.RUNNING: "still running",
    RunOutcome.PUBLISHED: "a new build went live",
    RunOutcome.UNCHANGED: "nothing had changed",
    RunOutcome.REFUSED: "refused, because the new build answered worse",
    RunOutcome.STOPPED: "stopped, because much of a source had gone at once",
    RunOutcome.FAILED: "failed",
    RunOutcome.INTERRUPTED: "interrupted; the next run goes on from there",
}
WHYS = {"person": "by hand", "schedule": "by the schedule", "watch": "because files changed"}
_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"))


def ago(seconds: float) -> str:
    """Return `3 hours ago`; less than a minute, or a time in the future, is `just now`."""
    for size, unit in _UNITS:
        if seconds >= size:
            number = int(seconds // size)
            return f"{number:,} {unit}{'' if number == 1 else 's'} ago"
    return "just now"


def moment(text: str) -> str:
    """Return an ISO 8601 time of a run as `2026-11-24 02:00 UTC`."""
    return f"{datetime.fromisoformat(text):%Y-%m-%d %H:%M} UTC"


def live_words(status: Status, now: datetime) -> str:
    """Return what answers now and how old it is."""
    if status.live is None:
        return "no build yet"
    live = status.live
    return (
        f"{live.documents:,} document{'' if live.documents == 1 else 's'}, {live.chunks:,} chunks, "
        f"made {ago(live.age_s(now))} (build {live.build})"
    )


def run_words(run: Run) -> str:
    """Return when and why a run began, and what it came to."""
    return f"{moment(run.started)}, {_why(run)}: {OUTCOMES[run.outcome]}"


def last_words(run: Run, now: datetime) -> str:
    """Return `run_words` with how long ago the run began."""
    seconds = (now - datetime.fromisoformat(run.started)).total_seconds()
    return f"{ago(seconds)} ({moment(run.started)}), {_why(run)}: {OUTCOMES[run.outcome]}"


def coming_words(coming: Coming | None) -> str:
    """Return when the index is made again by itself, in its zone and in UTC."""
    if coming is None:
        return "when a person runs it"
    parts: list[str] = []
    if coming.due:
        parts.append(f"due since {coming.local} {coming.zone}; a scheduler will run it")
    elif coming.utc:
        utc = "" if coming.zone == "UTC" else f" ({moment(coming.utc)})"
        parts.append(f"{coming.local} {coming.zone}{utc}")
    if coming.watch:
        parts.append("when its files change")
    return ", and ".join(parts)


def _why(run: Run) -> str:
    return WHYS.get(run.why, run.why)
