import sys
import time
from dataclasses import replace

import pytest

from indexes.recipe import Recipe, Schedule
from indexes.sources.folder import Folder
from indexes.timing.crew import BUSY, Crew
from indexes.timing.watch import Watcher, places_of
from rag.settings import Settings


class Elsewhere:
    """A source that is no folder on this machine."""

    name = "site"


class Watched:
    """A watcher over recipes, with a clock of its own and rebuilds that end when told."""

    def __init__(self, tmp_path):
        self.settings = Settings.load(overrides={"home": str(tmp_path / "home")})
        self.gate, self.code = tmp_path / "gate", 0
        self.begun, self.said, self.after, self.tick = [], [], 0, 0.0
        self.crew = Crew(self._command, jobs=2)
        self.watcher = Watcher(self.crew, self.said.append, self._after, check=0.05)

    def _after(self):
        self.after += 1

    def _command(self, name, why, due):
        self.begun.append((name, why, due))
        wait = (
            "import os, sys, time\n"
            f"while not os.path.exists({str(self.gate)!r}): time.sleep(.005)\n"
            f"sys.exit({self.code})"
        )
        return [sys.executable, "-S", "-c", wait]

    def turn(self, forward=0.0):
        self.tick += forward
        self.watcher.turn(self.tick)

    def hears(self, name, seconds=5.0):
        """Turn until a change of `name` is heard and no more come; the tick stands still."""
        self.tick += 0.01
        burst = self.watcher._bursts[name]
        end = time.monotonic() + seconds
        while burst._last != self.tick and time.monotonic() < end:
            time.sleep(0.01)
            self.turn()
        if heard := burst._last == self.tick:
            time.sleep(0.15)  # one write may be told in two parts
            self.turn()
        return heard

    def finish(self):
        """Let the rebuild end, and turn until it has."""
        self.gate.touch()
        while self.crew.working():
            time.sleep(0.005)
            self.turn()
        self.gate.unlink()


@pytest.fixture
def docs(tmp_path):
    (tmp_path / "docs").mkdir()
    return tmp_path / "docs"


@pytest.fixture
def recipe(tmp_path, docs):
    return Recipe(
        name="ferries",
        path=tmp_path / "ferries.toml",
        sources=(Folder(name="docs", paths=(docs,)),),
        settings={},
        schedule=Schedule(watch=True, debounce_s=2.0),
    )


@pytest.fixture
def its(tmp_path):
    made = Watched(tmp_path)
    yield made
    made.watcher.close()
    made.crew.stop(1)


def test_a_burst_of_changes_is_one_rebuild_when_it_is_quiet(its, recipe, docs):
    its.watcher.keep([recipe], its.settings)
    assert its.hears("ferries")

    its.turn(1.9)
    assert its.begun == []
    its.turn(0.2)

    assert its.begun == [("ferries", "watch", "")]


def test_changes_during_a_rebuild_lead_to_exactly_one_more(its, recipe, docs):
    its.watcher.keep([recipe], its.settings)
    assert its.hears("ferries")
    its.turn(3)
    for number in range(3):
        (docs / f"{number}.md").write_text("x")
        assert its.hears("ferries")
        its.turn(3)  # it would be ready, but its rebuild still runs
    assert len(its.begun) == 1

    its.finish()
    its.turn(3)
    its.finish()
    its.turn(60)

    assert len(its.begun) == 2
    assert its.after == 2


def test_a_busy_index_is_tried_again_and_a_failed_one_waits_for_a_change(its, recipe, docs):
    its.watcher.keep([recipe], its.settings)
    assert its.hears("ferries")
    its.code = BUSY
    its.turn(3)
    its.finish()

    its.turn(20)
    assert len(its.begun) == 1
    its.code = 1
    its.turn(20)
    assert len(its.begun) == 2
    its.finish()
    its.turn(1000)
    assert len(its.begun) == 2
    (docs / "a.md").write_text("x")
    assert its.hears("ferries")
    its.turn(3)

    assert len(its.begun) == 3


def test_a_folder_that_vanishes_does_not_end_the_watch(its, recipe, docs):
    its.watcher.keep([recipe], its.settings)
    assert its.hears("ferries")
    its.turn(3)
    its.finish()

    docs.rename(docs.with_name("away"))
    end = time.monotonic() + 5
    while not any("is not there" in line for line in its.said) and time.monotonic() < end:
        time.sleep(0.01)
        its.turn()
    docs.with_name("away").rename(docs)

    assert its.hears("ferries")
    assert any(f"ferries: {docs} is not there" in line for line in its.said)


def test_what_cannot_be_watched_is_said_to_be_left_to_the_schedule(its, recipe):
    its.watcher.keep([replace(recipe, sources=(Elsewhere(),))], its.settings)

    assert its.said == ["ferries: cannot be watched, so left to the schedule: site"]


def test_an_edited_recipe_is_begun_afresh_and_one_that_is_gone_is_let_go(its, recipe, tmp_path):
    its.watcher.keep([recipe], its.settings)
    assert its.hears("ferries")
    its.turn(3)
    its.finish()
    (tmp_path / "more").mkdir()

    its.watcher.keep([recipe], its.settings)
    assert not its.hears("ferries", 0.3)
    edited = replace(recipe, sources=(Folder(name="docs", paths=(tmp_path / "more",)),))
    its.watcher.keep([edited], its.settings)
    assert its.hears("ferries")
    its.watcher.keep([], its.settings)
    its.turn(1000)

    assert len(its.begun) == 1


def test_what_is_ignored_and_what_is_written_by_ourselves_does_not_count(its, recipe, tmp_path):
    source = Folder(name="docs", paths=(tmp_path,), exclude=("drafts/", ".*"))

    (place,), left = places_of(replace(recipe, sources=(source, Elsewhere())), its.settings)

    assert left == ["site"]
    assert place.counts(tmp_path / "docs" / "a.md")
    assert not place.counts(tmp_path / "drafts" / "a.md")
    assert not place.counts(tmp_path / "docs" / ".a.md.swp")
    assert not place.counts(tmp_path / "home" / "indexes" / "ferries" / "LIVE")
    assert not place.counts(tmp_path.parent / "elsewhere.md")
