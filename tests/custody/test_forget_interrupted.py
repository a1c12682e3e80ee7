"""A forget that is stopped, kept from finishing, or read from meanwhile still leaves nothing."""

import sqlite3
import threading
from contextlib import closing

import pytest

from rag.custody import forget as forgetting
from rag.custody.forget import forget, resume
from rag.custody.plan import make_plan
from rag.doctor import diagnose
from rag.errors import IndexBusy, QuestionError
from rag.index.build import live_build
from rag.index.ledger import Ledger
from rag.index.reading import open_reader
from rag.settings import Settings
from tests.custody.material import (
    TEXTS,
    left_of,
    opened,
    prose,
    put,
    rows_of,
)


class StopsAt:
    """Hears of each step, and stops the process's work at the one of that number."""

    def __init__(self, number):
        self.left = number

    def __call__(self, doing):
        self.left -= 1
        if not self.left:
            raise KeyboardInterrupt(doing)


@pytest.mark.parametrize(
    ("number", "again"), [(2, 2), (2, 4), (3, 1), (3, 3), (4, 2), (4, 4), (5, 4), (5, 5)]
)
def test_a_forget_stopped_at_any_step_and_stopped_again_is_finished_by_resume(
    index, home, number, again
):
    with pytest.raises(KeyboardInterrupt):
        forget(index, home, rows_of(index, "notes/ada.txt"), StopsAt(number))
    rag = opened(index)  # whatever is live answers
    assert rag.ask(TEXTS["notes/ben.txt"].splitlines()[0]).citations
    rag.snapshot.close()
    with pytest.raises(QuestionError, match="--resume"):
        forget(index, home, rows_of(index, "notes/ben.txt"))
    if again < 5:
        with pytest.raises(KeyboardInterrupt):
            resume(index, home, StopsAt(again))

    done = resume(index, home)

    assert done.search.clean
    assert left_of(home, TEXTS["notes/ada.txt"]).clean
    assert resume(index, home) is None
    with open_reader(index) as ledger:
        assert {row.source for row in ledger.sources()} == set(TEXTS) - {"notes/ada.txt"}


def test_the_doctor_tells_of_a_forget_that_was_stopped(index, home):
    with pytest.raises(KeyboardInterrupt):
        forget(index, home, rows_of(index, "notes/ada.txt"), StopsAt(3))

    told = [f"{found.what}: {found.detail}" for found in diagnose(Settings(home=home))]

    (one,) = [line for line in told if line.startswith("forget in demo")]
    assert "rag forget --resume --index demo" in one


def test_a_forget_stopped_while_it_was_planned_has_changed_nothing(index, home):
    with pytest.raises(KeyboardInterrupt):
        forget(index, home, rows_of(index, "notes/ada.txt"), StopsAt(1))

    assert not index.forgetting.exists()
    assert rows_of(index, "notes/ada.txt")


def test_a_reader_that_keeps_the_log_is_an_error_that_names_the_way_out(index):
    with closing(sqlite3.connect(index.ledger, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM content").fetchone()
        with Ledger.open(index) as ledger:
            put(ledger, "notes/new.txt", prose("new"))

            with pytest.raises(IndexBusy, match="--resume"):
                forgetting.empty_log(ledger, 0.1)

            reader.execute("COMMIT")
            forgetting.empty_log(ledger, 0.1)
            assert (index.root / "ledger.sqlite-wal").stat().st_size == 0


@pytest.mark.slow
def test_a_forget_that_cannot_empty_the_log_says_so_and_is_finished_by_resume(index, home):
    with closing(sqlite3.connect(index.ledger, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM content").fetchone()

        with pytest.raises(IndexBusy, match="--resume"):
            forget(index, home, rows_of(index, "notes/ada.txt"))

    assert resume(index, home).search.clean
    assert left_of(home, TEXTS["notes/ada.txt"]).clean


def test_builds_that_a_server_still_reads_go_when_it_has_moved_on(index, home):
    old = opened(index)
    errors = []

    def serve():
        """Answer from the old build until a new one is live, as a server does."""
        while live_build(index) == old.snapshot.build:
            try:
                assert old.ask(TEXTS["notes/ben.txt"].splitlines()[0]).citations
            except Exception as error:  # noqa: BLE001
                errors.append(error)
        for _ in range(5):  # the last requests end
            errors.extend(_failures(old))
        old.snapshot.close()

    server = threading.Thread(target=serve)
    server.start()
    done = forget(index, home, rows_of(index, "notes/ada.txt"))
    server.join()

    assert errors == []
    assert index.build_ids() == [done.after]
    assert done.search.clean


def _failures(rag):
    try:
        rag.ask(TEXTS["notes/cleo.txt"].splitlines()[0])
    except Exception as error:  # noqa: BLE001
        return [error]
    return []


def test_a_reader_that_never_moves_on_keeps_nothing(index, home):
    old = opened(index)
    plan_rows = rows_of(index, "notes/ada.txt")
    with Ledger.open(index) as ledger, ledger.writing():
        plan = make_plan(ledger, plan_rows)
        forgetting._release(ledger, plan)
        forgetting._replace_live(ledger, plan)

        forgetting._drop_builds(index, plan, patience=0.1)

    assert left_of(home, TEXTS["notes/ada.txt"]).found_in.keys() <= {
        "indexes/demo/ledger.sqlite-wal"
    }
    old.snapshot.close()
