"""`schedule` and `watch` as the processes they are: started, told to stop, and looked at."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner

from indexes.commands.timing import watch
from rag.errors import RecipeError
from rag.index.journal import RunOutcome, runs
from rag.index.layout import IndexFolder
from rag.settings import Settings
from tests.indexes.shelves import make_index, record, settings_at, write_recipe
from tests.models.weights import real_weights

ROOT = Path(__file__).parents[2]


@pytest.fixture
def settings(tmp_path, monkeypatch):
    monkeypatch.setenv("RAG_HOME", str(tmp_path / "home"))
    return settings_at(tmp_path / "home")


class Process:
    """A command in a process of its own, read line by line."""

    def __init__(self, name, *words):
        code = f"import indexes.commands.timing as c; c.{name}()"
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )
        self.lines = []

    def until(self, text, seconds=30):
        """Read up to a line with `text`."""
        timer = threading.Timer(seconds, self.process.kill)
        timer.start()
        try:
            for line in self.process.stdout:
                self.lines.append(line.strip())
                if text in line:
                    return
        finally:
            timer.cancel()
        raise AssertionError(f"{text!r} was not said: {self.lines}")

    def stop(self, number=signal.SIGTERM):
        """Send the signal; return the exit code and what was said after it."""
        self.process.send_signal(number)
        rest, _ = self.process.communicate(timeout=30)
        return self.process.returncode, rest


@pytest.fixture
def started():
    made = []

    def start(*words):
        made.append(Process(*words))
        return made[-1]

    yield start
    for each in made:
        each.process.kill()
        each.process.communicate()


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.slow)]
)
def test_the_scheduler_says_what_comes_and_stops_when_told(settings, started, number):
    write_recipe(settings, "ferries", 'cron = "0 0 1 1 *"')

    scheduler = started("schedule")
    scheduler.until("ferries: next run ")
    code, rest = scheduler.stop(number)

    assert code == 0
    assert rest.splitlines()[-1] == "stopped"
    assert "Traceback" not in "".join(scheduler.lines)


def test_the_scheduler_writes_the_metrics_when_a_run_has_ended(settings, started, tmp_path):
    write_recipe(settings, "ferries", 'cron = "0 0 1 1 *"', paths='["/nowhere/at/all"]')
    write_recipe(settings, "sample", 'cron = "0 0 1 1 *"')
    record(settings, "sample", RunOutcome.UNCHANGED)
    path = tmp_path / "out" / "quotewell.prom"

    scheduler = started("schedule", "--now", "--metrics", str(path))
    scheduler.until("ferries: begins, due ")
    scheduler.until("ferries: failed (exit 1)")
    scheduler.stop()

    assert not any(line.startswith("sample: begins") for line in scheduler.lines)
    assert 'quotewell_index_builds{index="ferries"} 0.0' in path.read_text()


@pytest.mark.slow
def test_watching_says_what_it_watches_and_what_is_left(settings, started, tmp_path):
    (tmp_path / "docs").mkdir()
    recipe = write_recipe(settings, "ferries", "watch = true", paths=f'["{tmp_path / "docs"}"]')
    recipe.write_text(
        recipe.read_text()
        + '\n[[source]]\nkind = "web"\nname = "site"\npages = ["https://example.org/"]\n'
    )
    make_index(settings, "ferries")

    watcher = started("watch")
    watcher.until("watching: ferries")
    watcher.until("ferries: begins")
    code, rest = watcher.stop()

    assert code == 0
    assert "ferries: cannot be watched, so left to the schedule: site" in watcher.lines
    assert rest.strip().endswith("stopped")


@pytest.mark.slow
def test_a_recipe_that_breaks_is_watched_as_it_was_and_hides_no_other(settings, started, tmp_path):
    (tmp_path / "docs").mkdir()
    write_recipe(settings, "ferries", "watch = true", paths=f'["{tmp_path / "docs"}"]')
    write_recipe(settings, "broken", 'cron = "often"')

    watcher = started("watch")
    watcher.until("watching: ferries")

    assert any("broken.toml" in line for line in watcher.lines)
    assert watcher.stop()[0] == 0


@pytest.mark.model
def test_two_schedulers_make_an_index_once_and_its_files_are_followed(
    started, tmp_path, monkeypatch
):
    real_weights("all-MiniLM-L6-v2")
    models, home, docs = Settings.load().models, tmp_path / "home", tmp_path / "docs"
    home.mkdir()
    (home / "models").symlink_to(models)
    monkeypatch.setenv("RAG_HOME", str(home))
    docs.mkdir()
    (docs / "a.md").write_text("The ferry sails at noon.")
    schedule = 'cron = "0 0 1 1 *"\nwatch = true\ndebounce_s = 0.3'
    write_recipe(settings_at(home), "ferries", schedule, paths=f'["{docs}"]')

    pair = [started("schedule", "--now") for _ in range(2)]
    for one in pair:
        one.until("ferries: begins, due ", 60)
        one.until(" s\n", 60)  # "done after 3.1 s", or "left to another process ... after 0.9 s"
    watcher = started("watch")
    watcher.until("ferries: done", 60)
    (docs / "b.md").write_text("The night boat sails at eleven.")
    watcher.until("ferries: done", 60)

    past = runs(IndexFolder.named(home / "indexes", "ferries"))
    outcomes = [(run.why, run.outcome.value) for run in past]
    assert outcomes == [
        ("watch", "published"),
        ("watch", "unchanged"),
        ("schedule", "published"),
    ]
    assert past[0].counts["embedded"] == 1
    told = [line for one in pair for line in one.lines]
    assert sum("ferries: done" in line for line in told) == 1
    assert sum("ferries: left to another process" in line for line in told) == 1
    assert [one.stop()[0] for one in (*pair, watcher)] == [0, 0, 0]


def test_watching_a_recipe_that_does_not_exist_is_an_error(settings):
    with pytest.raises(RecipeError, match="nope"):
        CliRunner().invoke(watch, ["nope"], catch_exceptions=False)
