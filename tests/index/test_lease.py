"""One writer at a time, a dead one is no obstacle, and one that was overtaken writes nothing."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from rag.errors import IndexBusy, LeaseLost
from rag.index.build import live_build, publish
from rag.index.ledger import Ledger
from rag.index.lock import holder_of
from rag.index.pruning import prune
from tests.index.material import build, build_and_publish, put

_HOLD = """
import sys
from pathlib import Path
from rag.index.layout import IndexFolder
from rag.index.ledger import Ledger
with Ledger.open(IndexFolder(Path(sys.argv[1]))) as ledger, ledger.writing():
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def other(folder, ledger):
    """Run another process that holds the index."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-c", _HOLD, str(folder.root)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    ) as process:
        assert process.stdout.readline() == b"held\n"
        yield process
        process.kill()


def token(folder):
    with closing(sqlite3.connect(folder.ledger)) as db:
        return db.execute("SELECT token, holder FROM lease").fetchone()


def take_over(folder, ledger):
    """Do what happens when the lock's file is deleted: another holder gets a new one."""
    folder.lock.unlink()
    with Ledger.open(folder) as usurper:
        # Another thread stands for another process: the lock knows neither.
        thread = threading.Thread(target=lambda: put(usurper, "/theirs.txt", "theirs"))
        thread.start()
        thread.join()


def test_each_holder_gets_a_higher_token_with_its_first_write_and_keeps_it(folder, ledger):
    with ledger.writing():
        put(ledger, "/a.txt", "one")
        first = token(folder)
        put(ledger, "/b.txt", "two")
        assert token(folder) == first
    put(ledger, "/c.txt", "three")

    assert token(folder)[0] == first[0] + 1
    assert f'"process": {os.getpid()}' in first[1]


def test_a_holder_that_was_overtaken_cannot_commit(folder, ledger):
    with ledger.writing():
        put(ledger, "/a.txt", "one")
        take_over(folder, ledger)
        with pytest.raises(LeaseLost, match="another writer took over"):
            put(ledger, "/b.txt", "two")

    assert [row.source for row in ledger.sources()] == ["a.txt", "theirs.txt"]


def test_a_holder_that_was_overtaken_cannot_publish(folder, ledger):
    put(ledger, "/a.txt", "one")
    live = build_and_publish(folder, ledger).build
    put(ledger, "/a.txt", "two")
    with ledger.writing():
        made = build(folder, ledger)
        take_over(folder, ledger)
        with pytest.raises(LeaseLost):
            publish(folder, made.build)

    assert live_build(folder) == live


def test_another_process_that_holds_the_index_is_seen_and_keeps_us_out(folder, ledger, other):
    assert holder_of(folder)
    with pytest.raises(IndexBusy):
        put(ledger, "/a.txt", "one")


def test_a_killed_holder_is_no_obstacle(folder, ledger, other):
    started = time.monotonic()
    other.send_signal(signal.SIGKILL)
    other.wait(10)

    put(ledger, "/a.txt", "one")

    assert not holder_of(folder)
    assert time.monotonic() - started < 5


def test_an_index_that_nobody_writes_to_has_no_holder(folder, ledger):
    assert not holder_of(folder)
    with ledger.writing():
        assert holder_of(folder)


def test_a_holder_that_was_overtaken_deletes_nothing_of_the_other(folder, ledger):
    put(ledger, "/a.txt", "one")
    build_and_publish(folder, ledger)
    making = folder.builds / ".making-20300101-000000-0000000"
    with ledger.writing():
        put(ledger, "/b.txt", "two")
        take_over(folder, ledger)
        making.mkdir()
        with pytest.raises(LeaseLost):
            prune(folder)

    assert making.is_dir()
