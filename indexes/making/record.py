"""What a run came to goes into the history, also when it failed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from indexes.making.report import RebuildReport
from rag.errors import IndexFault, RagError, SourceVanished
from rag.index.journal import RunOutcome, end_run
from rag.index.ledger import Ledger


@contextmanager
def recorded(ledger: Ledger, number: int) -> Iterator[Callable[[RebuildReport], None]]:
    """Record what a run came to, also when it fails."""
    reports: list[RebuildReport] = []
    try:
        yield reports.append
    except SourceVanished as error:
        end_run(ledger, number, RunOutcome.STOPPED, note=str(error))
        raise
    except RagError as error:
        _record_failure(ledger, number, error)
        raise
    except KeyboardInterrupt:
        end_run(ledger, number, RunOutcome.INTERRUPTED, note="stopped by hand")
        raise
    for report in reports:
        end_run(
            ledger,
            number,
            report.outcome,
            build=report.build,
            counts=report.counts(),
            note=report.note,
        )


def _record_failure(ledger: Ledger, number: int, error: RagError) -> None:
    try:
        end_run(ledger, number, RunOutcome.FAILED, note=str(error))
    except IndexFault as fault:  # a full disk: whoever writes next marks the run
        error.add_note(f"(and it could not be recorded: {fault})")
