import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from indexes.status.shelf import first_seen, read_history, read_shelf, read_status
from rag.index.journal import RunOutcome
from rag.index.layout import IndexFolder
from rag.index.lock import writer_lock
from tests.indexes.shelves import (
    NIGHTLY,
    NOW,
    make_index,
    record,
    settings_at,
    write_recipe,
)


@pytest.fixture
def settings(tmp_path):
    return settings_at(tmp_path)


def status_of(settings, name, now=NOW):
    (found,) = [status for status in read_shelf(settings, now).indexes if status.name == name]
    return found


def test_a_shelf_holds_recipes_without_an_index_and_indexes_without_a_recipe(settings):
    write_recipe(settings, "ferries", NIGHTLY)
    make_index(settings, "trains")

    ferries, trains = status_of(settings, "ferries"), status_of(settings, "trains")

    assert ferries.recipe.endswith("ferries.toml")
    assert (ferries.live, ferries.last, ferries.builds) == (None, None, ())
    assert (trains.recipe, trains.coming) == ("", None)
    assert trains.live is not None


def test_the_live_build_is_told_with_what_it_holds_and_its_age(settings):
    manifest = make_index(settings, "ferries")
    made = datetime.fromisoformat(manifest.created)

    status = status_of(settings, "ferries")

    assert (status.live.build, status.builds) == (manifest.build, (manifest.build,))
    assert (status.live.documents, status.live.chunks) == (2, 3)
    assert status.live.age_s(made + timedelta(hours=3)) == 3 * 3600
    assert status.live.age_s(made - timedelta(hours=3)) == 0
    assert status.to_dict(made + timedelta(seconds=5))["age_s"] == 5


def test_the_last_run_and_the_last_success_are_told_apart(settings):
    make_index(settings, "ferries")
    record(settings, "ferries", RunOutcome.PUBLISHED)
    record(settings, "ferries", RunOutcome.UNCHANGED)
    good = status_of(settings, "ferries")
    record(settings, "ferries", RunOutcome.FAILED, note="no room")

    status = status_of(settings, "ferries")

    assert good.succeeded == good.last.finished != ""
    assert status.last.outcome is RunOutcome.FAILED
    assert status.succeeded == good.succeeded


def test_the_next_run_is_the_next_free_occurrence_in_both_zones(settings):
    write_recipe(settings, "ferries", f"{NIGHTLY}\nwatch = true")
    record(settings, "ferries", RunOutcome.PUBLISHED, due="2026-11-24T01:30Z")

    coming = status_of(settings, "ferries").coming

    assert (coming.utc, coming.local) == ("2026-11-25T01:30Z", "2026-11-25 02:30")
    assert (coming.zone, coming.watch, coming.due) == ("Europe/Berlin", True, False)


def test_a_missed_occurrence_is_due(settings):
    write_recipe(settings, "ferries", NIGHTLY)
    first_seen(settings).note("ferries", "30 2 * * *", "Europe/Berlin", NOW - timedelta(days=9))

    coming = status_of(settings, "ferries").coming

    assert (coming.utc, coming.due) == ("2026-11-24T01:30Z", True)


def test_a_recipe_that_only_watches_has_no_time(settings):
    write_recipe(settings, "ferries", "watch = true")

    coming = status_of(settings, "ferries").coming

    assert (coming.cron, coming.utc, coming.watch, coming.due) == ("", "", True, False)


def test_an_index_that_is_being_written_is_told_while_it_is(settings):
    make_index(settings, "ferries")

    with writer_lock(IndexFolder.named(settings.indexes, "ferries")):
        during = status_of(settings, "ferries").writing

    assert during
    assert not status_of(settings, "ferries").writing


def test_a_run_whose_process_died_is_interrupted_before_anybody_takes_over(settings):
    record(settings, "ferries", RunOutcome.RUNNING)
    folder = IndexFolder.named(settings.indexes, "ferries")

    with writer_lock(folder):
        (alive,), writing = read_history(folder)
    (dead,), _ = read_history(folder)

    assert (alive.outcome, writing) == (RunOutcome.RUNNING, True)
    assert dead.outcome is RunOutcome.INTERRUPTED


@pytest.mark.parametrize(("file", "text"), [("LIVE", b"nonsense"), ("ledger.sqlite", b"x" * 4096)])
def test_a_damaged_index_says_so_and_hides_no_other(settings, file, text):
    make_index(settings, "ferries")
    make_index(settings, "trains")
    folder = IndexFolder.named(settings.indexes, "ferries")
    for beside in folder.root.glob("ledger.sqlite-*"):
        beside.unlink()
    (folder.root / file).write_bytes(text)

    assert file in status_of(settings, "ferries").problem
    assert status_of(settings, "trains").problem == ""
    assert status_of(settings, "trains").live is not None


def test_a_bad_recipe_is_a_problem_and_hides_no_other(settings):
    write_recipe(settings, "ferries", 'cron = "often"')
    write_recipe(settings, "trains", NIGHTLY)

    shelf = read_shelf(settings, NOW)

    assert "trains" in {status.name for status in shelf.indexes}
    (problem,) = shelf.problems
    assert "ferries.toml" in problem
    assert "often" in problem


def test_looking_changes_no_file(settings):
    write_recipe(settings, "ferries", NIGHTLY)
    make_index(settings, "ferries")

    def files():
        return {p: p.stat().st_mtime_ns for p in settings.home.rglob("*") if p.is_file()}

    read_shelf(settings, NOW)  # SQLite makes its shared memory on the first look
    before = files()
    read_shelf(settings, NOW)

    assert {p: t for p, t in files().items() if "-shm" not in p.name} == {
        p: t for p, t in before.items() if "-shm" not in p.name
    }


def test_the_status_of_one_index_needs_no_recipe(settings):
    manifest = make_index(settings, "ferries")

    status = read_status("ferries", settings, datetime.now(UTC))

    assert status.live.build == manifest.build


def test_reading_the_shelf_loads_no_model_library():
    code = (
        "import sys; import indexes.commands.status, indexes.commands.timing;"
        "print({'torch', 'transformers', 'openvino', 'flask'} & set(sys.modules))"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "set()"
