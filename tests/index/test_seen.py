"""Unchanged files are told by how they look; forgotten ones by a hash of where and what."""

import os
import time

import pytest

from rag.index.seen import looks, put_seen, seen
from rag.index.tombstones import any_forgotten, forgotten_on, lift, put_forgotten
from tests.index.material import put


def at_rest(path, monkeypatch):
    """Let time pass until nobody can have written `path` a moment ago."""
    later = path.stat().st_ctime + 10
    monkeypatch.setattr(time, "time", lambda: later)
    return path


def test_a_file_looks_the_same_until_it_is_written_touched_or_replaced(tmp_path, monkeypatch):
    path = tmp_path / "a.txt"
    path.write_text("one")
    first = looks(at_rest(path, monkeypatch))
    again = looks(path)
    monkeypatch.undo()
    path.write_text("two")
    os.utime(path, ns=(0, 0))  # as a careless copy does; ctime cannot be set
    written = looks(at_rest(path, monkeypatch))
    monkeypatch.undo()
    (tmp_path / "b.txt").write_text("two")
    (tmp_path / "b.txt").rename(path)
    replaced = looks(at_rest(path, monkeypatch))

    assert first == again != ""
    assert len({first, written, replaced}) == 3


def test_a_file_written_a_moment_ago_is_not_told_by_its_looks(tmp_path):
    (tmp_path / "a.txt").write_text("one")

    assert looks(tmp_path / "a.txt") == ""
    assert looks(tmp_path / "gone.txt") == ""


def test_only_files_that_are_in_the_index_are_remembered(ledger):
    put(ledger, "/a.txt", "apples")
    put_seen(ledger, [("/a.txt", "look", "sum"), ("/b.txt", "look", "sum"), ("/a.txt", "", "x")])

    assert seen(ledger) == {"/a.txt": ("look", "sum")}

    ledger.remove("/a.txt")
    put(ledger, "/c.txt", "plums")
    put_seen(ledger, [("/c.txt", "other", "sum")])
    assert seen(ledger) == {"/c.txt": ("other", "sum")}


@pytest.mark.parametrize(
    ("location", "sha256"), [("/a.txt", "ff"), ("/a.txt", ""), ("/moved.txt", "ab")]
)
def test_a_forgotten_file_is_known_by_its_place_or_its_bytes(ledger, location, sha256):
    put_forgotten(ledger, "2026-11-24", ["/a.txt"], ["ab", ""])

    assert forgotten_on(ledger, location, sha256) == "2026-11-24"
    assert forgotten_on(ledger, "/b.txt", "cd") is None
    assert forgotten_on(ledger, "/b.txt", "") is None


def test_nothing_readable_is_kept_of_a_forgotten_file_and_lifting_lets_it_back(folder, ledger):
    assert not any_forgotten(ledger)
    put_forgotten(ledger, "2026-11-24", ["/secret-name.txt"], ["abcdef0123456789"])
    assert any_forgotten(ledger)
    ledger.close()
    data = b"".join(path.read_bytes() for path in folder.root.iterdir())

    assert b"secret-name" not in data
    assert b"abcdef0123456789" not in data


def test_lifting_lets_a_file_back_in(ledger):
    put_forgotten(ledger, "2026-11-24", ["/a.txt"], ["ab"])

    assert lift(ledger, "/a.txt", "ab")
    assert not lift(ledger, "/a.txt", "ab")
    assert forgotten_on(ledger, "/a.txt", "ab") is None
