"""A rebuild that was stopped, spoiled or is not alone leaves a whole build live."""

import threading

import click
import pytest

from rag.__main__ import run
from rag.errors import (
    DiskFull,
    IndexBusy,
    IndexDamaged,
    LoadError,
)
from rag.index.build import live_build
from rag.index.journal import RunOutcome, runs
from rag.index.ledger import Ledger


class Stop(BaseException):
    """A kill that leaves the process alive for the test."""


@pytest.mark.parametrize("stage", ["look", "read", "embed", "build", "publish"])
def test_an_interrupted_rebuild_goes_on_and_repeats_no_finished_embedding(shelf, stage):
    embedded = []

    def stop_at(name, done, total, note):
        if name == stage:
            raise Stop

    with pytest.raises(Stop):
        shelf.rebuild(progress=stop_at)
    embedded += shelf.embedder.embedded
    report = shelf.rebuild()
    embedded += shelf.embedder.embedded

    assert report.outcome in {RunOutcome.PUBLISHED, RunOutcome.UNCHANGED}
    assert len(embedded) == len(set(embedded)) == 4
    assert len(shelf.sources()) == 4
    assert runs(shelf.folder)[1].outcome is RunOutcome.INTERRUPTED


def test_a_build_that_was_finished_but_not_published_is_not_made_again(shelf, monkeypatch):
    def fail(*_, **__):
        raise Stop

    with monkeypatch.context() as patch:
        patch.setattr("indexes.making.rebuild.publish", fail)
        with pytest.raises(Stop):
            shelf.rebuild()
    (made,) = shelf.folder.build_ids()

    assert shelf.rebuild().build == made == live_build(shelf.folder)


def test_a_build_that_is_not_whole_never_goes_live(shelf, monkeypatch):
    first = shelf.rebuild()
    shelf.write("mill.md", "# Mill\n\nThe mill opens at ten.\n")
    build = shelf.ingester

    def spoiled(settings):
        ingester = build(settings)
        original = type(ingester).build

        def spoil(ledger, progress):
            manifest = original(ingester, ledger, progress)
            path = shelf.folder.build(manifest.build) / "dense.faiss"
            data = bytearray(path.read_bytes())
            data[-9] ^= 1
            path.write_bytes(data)
            return manifest

        return _Spoiling(ingester, spoil)

    shelf.ingester = spoiled
    with pytest.raises(IndexDamaged, match=r"dense\.faiss"):
        shelf.rebuild()

    assert live_build(shelf.folder) == first.build
    assert runs(shelf.folder)[0].outcome is RunOutcome.FAILED
    shelf.ingester = build
    assert shelf.rebuild().outcome is RunOutcome.PUBLISHED


class _Spoiling:
    """An ingester whose build step is another."""

    def __init__(self, ingester, build):
        self._ingester = ingester
        self.build = build

    def __getattr__(self, name):
        return getattr(self._ingester, name)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._ingester.loader.close()


def test_somebody_else_who_writes_keeps_a_rebuild_out_at_once(shelf):
    shelf.rebuild()
    with Ledger.open(shelf.folder) as ledger, ledger.writing():
        failed = []

        def other():
            try:
                shelf.rebuild()
            except IndexBusy as error:
                failed.append(error)

        thread = threading.Thread(target=other)
        thread.start()
        thread.join(20)

    assert "is being written to" in str(failed[0])


def test_an_occurrence_is_run_once(shelf):
    due = "2026-11-24T03:00+00:00"
    shelf.rebuild(why="schedule", due=due)

    with pytest.raises(IndexBusy, match="already started"):
        shelf.rebuild(why="schedule", due=due)

    assert [run.due for run in runs(shelf.folder)] == [due]


def test_a_failure_that_could_not_be_recorded_says_both(shelf, monkeypatch, capsys):
    """As on a full disk, which stops the run and then its record."""

    def full(*_, **__):
        raise DiskFull("no room to write ledger.sqlite")

    shelf.papers.mkdir(exist_ok=True)
    for path in shelf.papers.rglob("*.md"):
        path.unlink()
    with monkeypatch.context() as patch:
        patch.setattr("indexes.making.record.end_run", full)
        group = click.Group(commands={"x": click.Command("x", callback=shelf.rebuild)})
        patch.setattr("sys.argv", ["rag", "x"])
        with pytest.raises(SystemExit):
            run(group)

    told = capsys.readouterr().err
    assert "nothing could be read" in told
    assert "(and it could not be recorded: no room to write ledger.sqlite)" in told
    with pytest.raises(LoadError):
        shelf.rebuild()
    assert [one.outcome for one in runs(shelf.folder)] == [
        RunOutcome.FAILED,
        RunOutcome.INTERRUPTED,
    ]
