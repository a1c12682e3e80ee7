"""Small files beside an index are changed one process after the other, and never by half."""

import fcntl
import threading
import time

import pytest

from rag.errors import IndexBusy
from rag.index.disk import replace_text
from rag.index.lock import holder_of, turn, writer_lock


def test_a_second_writer_waits_for_its_turn(tmp_path):
    order = []

    def second():
        with turn(tmp_path / "a.lock"):
            order.append("second")

    with turn(tmp_path / "a.lock"):
        waiting = threading.Thread(target=second)
        waiting.start()
        waiting.join(0.2)
        order.append("first")
    waiting.join(5)

    assert order == ["first", "second"]


def test_a_replaced_file_is_whole_and_alone(tmp_path):
    path = tmp_path / "a.json"
    path.write_text("old", encoding="utf-8")

    replace_text(path, "new \ud83d")

    assert path.read_text(encoding="utf-8") == "new ?"
    assert path.stat().st_mode & 0o777 == 0o644
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]


def test_a_file_that_cannot_be_replaced_stays_and_leaves_nothing_beside_it(tmp_path):
    path = tmp_path / "folder"
    path.mkdir()

    with pytest.raises(OSError, match="folder"):
        replace_text(path, "new")

    assert [p.name for p in tmp_path.iterdir()] == ["folder"]
    assert path.is_dir()


def test_somebody_who_only_asks_turns_no_writer_away(folder, monkeypatch):
    folder.root.mkdir(parents=True)
    asker = folder.lock.open("w")
    fcntl.flock(asker, fcntl.LOCK_SH)
    monkeypatch.setattr("rag.index.lock.time.sleep", lambda _: asker.close())

    with writer_lock(folder):
        assert holder_of(folder)

    assert not holder_of(folder)


def test_a_writer_turns_another_one_away_at_once(folder):
    folder.root.mkdir(parents=True)
    start = time.monotonic()

    with folder.lock.open("w") as holder:
        fcntl.flock(holder, fcntl.LOCK_EX)
        with pytest.raises(IndexBusy, match="being written to"), writer_lock(folder):
            pass

    assert time.monotonic() - start < 1
