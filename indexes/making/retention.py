"""Documents that are older than a recipe allows are forgotten, with proof, at each rebuild."""

from pathlib import Path

from rag.custody.forget import forget, resume
from rag.custody.targets import Wanted, chosen
from rag.index.ledger import Ledger
from rag.index.tombstones import lift


def expire(ledger: Ledger, home: Path, days: int | None) -> tuple[str, ...]:
    """Forget every document older than `days`; finish first what an interrupted forget left.

    A document's age is that of the date it bears or, without one, of its last reading. It is
    not read again while its file lies there.

    Returns:
        The sources of the documents forgotten now; their names are kept nowhere else.

    Raises:
        QuestionError: If nothing would be left of the index.
        IndexBusy: If a reader keeps the write-ahead log; the next rebuild goes on with it.
    """
    resume(ledger.folder, home)
    if days is None:
        return ()
    rows = chosen(ledger, Wanted(older_than=days))
    if rows:
        forget(ledger.folder, home, rows)
        for row in rows:  # what the file holds later may be younger; only these bytes stay away
            for place in {row.file, row.location}:
                lift(ledger, place)
    return tuple(row.source for row in rows)
