import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from indexes.first_seen import FirstSeen
from indexes.recipe import Recipe, Schedule
from indexes.timing.crew import BUSY, Crew
from indexes.timing.schedule import LOOK_SECONDS, Scheduler
from rag.errors import IndexDamaged, RecipeError
from rag.index.journal import Run, RunOutcome, runs
from rag.index.layout import IndexFolder

NIGHTLY = Schedule(cron="30 2 * * *", zone="UTC")
HOURLY = Schedule(cron="0 * * * *", zone="UTC")
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)

# What a rebuild does first and last, in a process of its own; the ledger is the real one.
CLAIM = """
import sys
from pathlib import Path
from rag.errors import IndexBusy
from rag.index.journal import RunOutcome, begin_run, end_run
from rag.index.layout import IndexFolder
from rag.index.ledger import Ledger

try:
    with Ledger.open(IndexFolder(Path(sys.argv[1])), create=True) as ledger, ledger.writing():
        end_run(ledger, begin_run(ledger, "schedule", sys.argv[2]), RunOutcome.UNCHANGED)
except IndexBusy:
    raise SystemExit(75)
"""


def recipe(name, schedule):
    return Recipe(name, Path(f"{name}.toml"), (), {}, schedule)


class Shelf:
    """Recipes, a clock, and rebuilds that claim their occurrence and end with a code."""

    def __init__(self, tmp_path, *recipes, jobs=1, now_if_new=False):
        self.now, self.tick, self.code, self.claims_first = NOON, 1000.0, 0, True
        self.begun, self.said, self.past, self.after = [], [], {}, 0
        self.recipes = list(recipes)
        self.crew = Crew(self._command, jobs=jobs)
        self.scheduler = Scheduler(
            recipes=lambda: self.recipes,
            history=self._history,
            seen=FirstSeen(tmp_path / "schedule.json"),
            crew=self.crew,
            say=self.said.append,
            after=self._after,
            now_if_new=now_if_new,
        )

    def _after(self):
        self.after += 1

    def _history(self, name):
        past = self.past.get(name, [])
        if isinstance(past, Exception):
            raise past
        return past

    def _command(self, name, why, due):
        self.begun.append((name, due))
        if self.claims_first:
            run = Run(0, why, due, due, due, RunOutcome.PUBLISHED, "", {}, "")
            self.past[name] = [run, *self.past.get(name, [])]
        return [sys.executable, "-S", "-c", f"raise SystemExit({self.code})"]

    def wake(self, forward=timedelta(0)):
        self.now += forward
        self.tick += max(0.0, forward.total_seconds())
        return self.scheduler.wake(self.now, self.tick)

    def settle(self):
        """Wake without moving the clock until nothing runs any more."""
        while self.crew.working():
            time.sleep(0.005)
            self.wake()
        self.wake()


@pytest.fixture
def shelf(tmp_path):
    made = []

    def make(*recipes, **how):
        made.append(Shelf(tmp_path, *recipes, **how))
        return made[-1]

    yield make
    for each in made:
        each.crew.stop(1)


def test_an_index_that_never_ran_runs_at_its_next_occurrence(shelf):
    its = shelf(recipe("ferries", NIGHTLY))

    its.wake()
    assert its.begun == []
    its.wake(timedelta(hours=14, minutes=31))

    assert its.begun == [("ferries", "2026-11-25T02:30Z")]


def test_an_index_that_never_ran_runs_at_once_if_asked(shelf):
    its = shelf(recipe("ferries", NIGHTLY), recipe("trains", NIGHTLY), now_if_new=True)
    its.past["trains"] = [Run(1, "person", "", "", "", RunOutcome.PUBLISHED, "", {}, "")]

    its.wake()
    its.settle()

    assert its.begun == [("ferries", "2026-11-24T02:30Z")]


def test_a_week_off_is_caught_up_by_one_run_also_by_a_scheduler_that_is_new(shelf):
    first = shelf(recipe("ferries", HOURLY))
    first.wake()
    second = shelf(recipe("ferries", HOURLY))

    second.wake(7 * DAY)
    second.settle()

    assert second.begun == [("ferries", "2026-12-01T12:00Z")]


def test_a_failed_run_waits_for_the_next_occurrence(shelf):
    its = shelf(recipe("ferries", HOURLY))
    its.wake()
    its.code, its.claims_first = 1, False  # it failed before it claimed anything

    for _ in range(40):
        its.wake(timedelta(minutes=2))
        its.settle()

    assert its.begun == [("ferries", "2026-11-24T13:00Z")]
    its.wake(timedelta(hours=1))
    assert its.begun[1:] == [("ferries", "2026-11-24T14:00Z")]
    assert any("failed (exit 1)" in line for line in its.said)


def test_busy_is_left_to_the_holder_and_tried_again_after_minutes(shelf):
    its = shelf(recipe("ferries", NIGHTLY))
    its.wake()
    its.code, its.claims_first = BUSY, False
    its.wake(DAY)
    its.settle()

    its.wake(timedelta(minutes=4))
    assert len(its.begun) == 1
    its.wake(timedelta(minutes=2))

    assert its.begun == [("ferries", "2026-11-25T02:30Z")] * 2


def test_what_the_holder_claimed_meanwhile_is_not_tried_again(shelf):
    its = shelf(recipe("ferries", NIGHTLY))
    its.wake()
    its.code = BUSY  # claimed by another scheduler just before
    its.wake(DAY)
    its.settle()

    its.wake(timedelta(hours=1))

    assert len(its.begun) == 1


def test_one_at_a_time_and_the_one_that_waits_longest_first(shelf):
    its = shelf(recipe("a", HOURLY), recipe("b", NIGHTLY), recipe("c", HOURLY))
    its.wake()

    its.wake(timedelta(hours=15, minutes=5))
    assert [name for name, _ in its.begun] == ["b"]
    its.settle()

    assert sorted(name for name, _ in its.begun) == ["a", "b", "c"]
    assert its.after == 3


def test_several_run_together_if_allowed_but_never_one_recipe_twice(shelf):
    its = shelf(recipe("a", HOURLY), recipe("b", HOURLY), recipe("c", HOURLY), jobs=2)
    its.wake()
    its.scheduler.crew = Crew(
        lambda name, why, due: (
            its.begun.append((name, due))
            or [sys.executable, "-S", "-c", "import time; time.sleep(30)"]
        ),
        jobs=2,
    )

    its.wake(timedelta(hours=1))
    its.wake(timedelta(hours=1))

    assert [name for name, _ in its.begun] == ["a", "b"]
    its.scheduler.crew.stop(5)


def test_an_edited_recipe_counts_at_the_next_look(shelf):
    its = shelf(recipe("ferries", NIGHTLY))
    its.wake()
    its.recipes = [recipe("ferries", HOURLY), recipe("plain", None)]

    its.wake(timedelta(minutes=1))
    assert its.begun == []  # the new schedule is not run for the past
    its.wake(timedelta(hours=1))

    assert its.begun == [("ferries", "2026-11-24T13:00Z")]


def test_a_bad_recipe_is_said_once_and_hides_no_other(shelf):
    its = shelf(RecipeError("a.toml: 'cron' must be five fields"), recipe("ferries", HOURLY))
    its.recipes.insert(0, RecipeError("b.toml: unknown key 'x'"))

    for _ in range(3):
        its.wake(timedelta(minutes=30))
        its.settle()

    assert [line for line in its.said if ".toml" in line] == [
        "b.toml: unknown key 'x'",
        "a.toml: 'cron' must be five fields",
    ]
    assert its.begun == [("ferries", "2026-11-24T13:00Z")]


def test_a_damaged_ledger_is_said_once_and_hides_no_other(shelf):
    its = shelf(recipe("broken", HOURLY), recipe("ferries", HOURLY))
    its.past["broken"] = IndexDamaged("ledger.sqlite is no ledger")

    for _ in range(3):
        its.wake(timedelta(minutes=30))
        its.settle()

    assert [line for line in its.said if "no ledger" in line] == [
        "broken: ledger.sqlite is no ledger"
    ]
    assert [name for name, _ in its.begun] == ["ferries"]


def test_it_sleeps_to_the_next_occurrence_and_never_long(shelf):
    its = shelf(recipe("ferries", HOURLY))

    assert its.wake(timedelta(minutes=30)) == LOOK_SECONDS
    assert its.wake(timedelta(minutes=29, seconds=56)) == pytest.approx(4)
    assert its.wake(timedelta(seconds=4)) == pytest.approx(1)  # something runs now


def test_a_clock_set_back_and_one_ahead_run_nothing_twice(shelf):
    its = shelf(recipe("ferries", HOURLY))
    its.wake()
    for forward in (2, 24 * 365, -24 * 365, 1, -24, 24, 1, -1, 1):
        its.wake(timedelta(hours=forward))
        its.settle()

    dues = [due for _, due in its.begun]
    assert len(dues) == len(set(dues))
    assert {"2026-11-24T14:00Z", "2027-11-24T14:00Z", "2026-11-24T16:00Z"} <= set(dues)


def test_of_two_schedulers_exactly_one_claims_each_occurrence(tmp_path):
    home = IndexFolder(tmp_path / "indexes" / "ferries")
    now, codes, pair = NOON, [], []
    for number in range(2):
        scheduler = Scheduler(
            recipes=lambda: [recipe("ferries", HOURLY)],
            history=lambda name: runs(home),
            seen=FirstSeen(tmp_path / "schedule.json"),
            crew=Crew(
                lambda name, why, due: [sys.executable, "-c", CLAIM, str(home.root), due],
                env={"PYTHONPATH": str(Path(__file__).parents[2])},
            ),
            say=codes.append,
        )
        pair.append(scheduler)
        scheduler.wake(now, float(number))

    for _ in range(2):
        now += timedelta(hours=1)
        for scheduler in pair:
            scheduler.wake(now, 1e6)
        while any(scheduler.crew.working() for scheduler in pair):
            time.sleep(0.02)
            for scheduler in pair:
                scheduler.crew.free("ferries") or scheduler.wake(now, 1e6)

    claimed = [run.due for run in runs(home)]
    assert claimed == ["2026-11-24T14:00Z", "2026-11-24T13:00Z"]
    assert sum("done" in line for line in codes) == 2


def test_a_schedule_of_another_zone_is_kept_in_that_zone(shelf):
    its = shelf(recipe("ferries", replace(NIGHTLY, zone="Asia/Tokyo")))
    its.wake()

    its.wake(timedelta(hours=6))  # 03:00 in Tokyo

    assert its.begun == [("ferries", "2026-11-24T17:30Z")]
