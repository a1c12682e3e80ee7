"""What is new, changed, moved, gone or as it was: every file in exactly one place."""

import hashlib
import os
import shutil
import time
from pathlib import Path

import pytest

from rag.corpus.walk import Found, walk
from rag.index.layout import IndexFolder
from rag.index.ledger import Ledger
from rag.index.tombstones import put_forgotten
from rag.plan import below, location_of
from rag.reports import FileStatus, Refusal
from tests.test_ingest import CountingEmbedder, ingester_of


@pytest.fixture
def files(tmp_path):
    folder = tmp_path / "papers"
    folder.mkdir()
    for name in ("a", "b", "c"):
        (folder / f"{name}.txt").write_text(f"The {name} mill opens at nine.\n")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7\nnothing more")
    return folder


@pytest.fixture
def index(folder_named, files):
    index = folder_named("papers")
    with ingester_of(index, CountingEmbedder()) as ingester:
        ingester.ingest([files], lambda *event: None)
    return index


@pytest.fixture
def folder_named(tmp_path):
    return lambda name: IndexFolder.named(tmp_path / "indexes", name)


def planned(index, files, items=None):
    with ingester_of(index, CountingEmbedder()) as ingester, Ledger.open(index) as ledger:
        return ingester.plan(ledger, items or list(walk([files])), below([files]))


def names(found):
    return [getattr(item, "source", item) for item in found]


def test_an_unchanged_folder_leaves_only_what_could_not_be_read(index, files):
    plan = planned(index, files)

    assert names(plan.unchanged) == [f"papers/{name}.txt" for name in "abc"]
    assert names(plan.retried) == ["papers/broken.pdf"]
    assert names(plan.to_read) == ["papers/broken.pdf"]
    assert sum(plan.counts().values()) == 4


def test_new_changed_moved_and_gone_files_are_told_apart(index, files):
    (files / "a.txt").write_text("The a mill opens at ten.\n")
    (files / "b.txt").rename(files / "moved.txt")
    (files / "c.txt").unlink()
    (files / "d.txt").write_text("The d mill opens at nine.\n")

    plan = planned(index, files)

    assert names(plan.changed) == ["papers/a.txt"]
    assert [(one.found.source, one.was.source) for one in plan.moved] == [
        ("papers/moved.txt", "papers/b.txt")
    ]
    assert names(plan.gone) == ["papers/c.txt"]
    assert names(plan.to_drop) == ["papers/c.txt", "papers/b.txt"]
    assert names(plan.new) == ["papers/d.txt"]
    assert names(plan.to_read) == [
        f"papers/{name}" for name in ("a.txt", "broken.pdf", "d.txt", "moved.txt")
    ]


def test_a_copy_is_new_and_not_moved(index, files):
    shutil.copy(files / "b.txt", files / "copy.txt")

    plan = planned(index, files)

    assert names(plan.new) == ["papers/copy.txt"]
    assert plan.moved == plan.gone == ()


def test_an_unchanged_file_is_not_opened_once_its_looks_are_known(index, files, monkeypatch):
    later = max(path.stat().st_ctime for path in files.iterdir()) + 60
    monkeypatch.setattr(time, "time", lambda: later)
    with ingester_of(index, CountingEmbedder()) as ingester:
        ingester.ingest([files], lambda *event: None)
    opened = []
    real = os.open
    monkeypatch.setattr(
        os, "open", lambda path, *rest, **kw: (opened.append(str(path)), real(path, *rest, **kw))[1]
    )

    plan = planned(index, files)

    assert len(plan.unchanged) == 3
    assert {Path(path).name for path in opened if str(files) in path} == {"broken.pdf"}


def test_a_file_that_looks_otherwise_than_when_it_was_read_is_changed(index, files, monkeypatch):
    later = max(path.stat().st_ctime for path in files.iterdir()) + 60
    monkeypatch.setattr(time, "time", lambda: later)
    with ingester_of(index, CountingEmbedder()) as ingester:
        ingester.ingest([files], lambda *event: None)
    before = (files / "a.txt").stat()
    (files / "a.txt").write_text("The a mill opens at four.\n")
    os.utime(files / "a.txt", ns=(before.st_atime_ns, before.st_mtime_ns))

    plan = planned(index, files)

    assert before.st_size == (files / "a.txt").stat().st_size
    assert names(plan.changed) == ["papers/a.txt"]
    assert names(plan.unchanged) == ["papers/b.txt", "papers/c.txt"]


def test_files_of_a_folder_that_cannot_be_listed_are_not_gone(index, files):
    hidden = Refusal("docs", FileStatus.REJECTED, reason="It hides.", path=str(files))

    with ingester_of(index, CountingEmbedder()) as ingester, Ledger.open(index) as ledger:
        plan = ingester.plan(ledger, [hidden], lambda file: True)

    assert plan.gone == ()


def test_a_file_that_is_refused_now_is_not_gone(index, files):
    (files / "a.txt").unlink()
    (files / "a.txt").symlink_to(files / "b.txt")

    plan = planned(index, files)

    assert names(plan.refused) == ["papers/a.txt"]
    assert plan.gone == ()


def test_what_was_forgotten_is_not_read_again_wherever_it_lies(index, files):
    with Ledger.open(index) as ledger:
        sha256 = hashlib.sha256((files / "b.txt").read_bytes()).hexdigest()
        put_forgotten(ledger, "2026-11-24T00:00", [str(files / "c.txt")], [sha256])
        ledger.remove("papers/b.txt")
        ledger.remove("papers/c.txt")
    (files / "c.txt").write_text("Changed since.\n")
    shutil.copy(files / "b.txt", files / "copy.txt")

    plan = planned(index, files)

    assert names(plan.forgotten) == ["papers/b.txt", "papers/c.txt", "papers/copy.txt"]
    assert "forgotten on 2026-11-24" in plan.forgotten[0].reason
    assert "rag forget --lift" in plan.forgotten[0].reason
    assert not {location_of(item) for item in plan.to_read if isinstance(item, Found)} & {
        str(files / "copy.txt")
    }


def test_planning_changes_nothing(index, files):
    before = index.ledger.read_bytes()

    planned(index, files)

    assert index.ledger.read_bytes() == before
