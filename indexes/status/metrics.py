"""The shelf as a Prometheus text file, for a node exporter's textfile collector.

Prometheus text format 0.0.4: one family a figure, one sample an index; times are seconds since
1970 in UTC. A figure that does not exist, such as the age of a build never made, is left out.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path

from indexes.status.shelf import Shelf, Status
from rag.index.disk import disk_errors, replace_text
from rag.index.journal import RunOutcome


def _seconds(text: str) -> float | None:
    return datetime.fromisoformat(text).timestamp() if text else None


def _duration(status: Status) -> float | None:
    run = status.last
    if run is None or not run.finished:
        return None
    if "milliseconds" in run.counts:  # by the monotonic clock
        return run.counts["milliseconds"] / 1000
    begun, ended = datetime.fromisoformat(run.started), datetime.fromisoformat(run.finished)
    return max(0.0, (ended - begun).total_seconds())


_Figure = Callable[[Status], float | None]
_GAUGES: tuple[tuple[str, str, _Figure], ...] = (
    (
        "index_documents",
        "Documents of the live build.",
        lambda status: status.live.documents if status.live else None,
    ),
    (
        "index_chunks",
        "Chunks of the live build.",
        lambda status: status.live.chunks if status.live else None,
    ),
    ("index_builds", "Builds on disk.", lambda status: len(status.builds)),
    ("index_writing", "1 while somebody writes to the index.", lambda status: status.writing),
    ("index_problem", "1 if the index cannot be read.", lambda status: bool(status.problem)),
    (
        "live_build_timestamp_seconds",
        "When the live build was made.",
        lambda status: _seconds(status.live.created) if status.live else None,
    ),
    (
        "last_success_timestamp_seconds",
        "When a run last published a build or found nothing to do.",
        lambda status: _seconds(status.succeeded),
    ),
    (
        "last_run_timestamp_seconds",
        "When the latest run began.",
        lambda status: _seconds(status.last.started) if status.last else None,
    ),
    ("last_run_duration_seconds", "How long the latest run took, once it has ended.", _duration),
    (
        "next_run_timestamp_seconds",
        "When the schedule runs the index next.",
        lambda status: _seconds(status.coming.utc) if status.coming else None,
    ),
)


def metrics_text(shelf: Shelf) -> str:
    """Return the figures of `shelf` in the Prometheus text format."""
    return "\n".join([*_lines(shelf), ""])


def write_metrics(path: Path, shelf: Shelf) -> None:
    """Put the figures into `path`, all of it or nothing, readable by everyone.

    Raises:
        DiskFull: If there is no room.
        IndexFault: If the folder cannot be written to.
    """
    with disk_errors(f"writing the metrics to {path}"):
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_text(path, metrics_text(shelf))


def _lines(shelf: Shelf) -> Iterator[str]:
    for name, help_, figure in _GAUGES:
        yield from _head(name, help_)
        for status in shelf.indexes:
            if (value := figure(status)) is not None:
                yield _sample(name, {"index": status.name}, value)
    yield from _head("last_run_outcome", "1 for what the latest run came to, 0 for the others.")
    for status in shelf.indexes:
        if status.last:
            for outcome in RunOutcome:
                labels = {"index": status.name, "outcome": outcome.value}
                yield _sample("last_run_outcome", labels, status.last.outcome is outcome)
    yield from _head("recipe_problems", "Recipes that cannot be read.")
    yield _sample("recipe_problems", {}, len(shelf.problems))


def _head(name: str, help_: str) -> Iterator[str]:
    yield f"# HELP quotewell_{name} {help_}"
    yield f"# TYPE quotewell_{name} gauge"


def _sample(name: str, labels: Mapping[str, str], value: float) -> str:
    inside = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
    return f"quotewell_{name}{f'{{{inside}}}' if inside else ''} {float(value)!r}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
