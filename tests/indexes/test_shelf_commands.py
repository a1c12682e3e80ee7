import json

import pytest
from click.testing import CliRunner

from indexes.commands.status import history, list_, metrics
from rag.errors import IndexNotFound
from rag.index.journal import RunOutcome
from tests.indexes.shelves import NIGHTLY, make_index, record, settings_at, write_recipe


@pytest.fixture
def settings(tmp_path, monkeypatch):
    monkeypatch.setattr("indexes.recipe._SHELF", tmp_path / "none")
    monkeypatch.setenv("RAG_HOME", str(tmp_path / "home"))
    return settings_at(tmp_path / "home")


def run(command, *words):
    return CliRunner().invoke(command, words, catch_exceptions=False)


def test_the_list_tells_what_is_live_what_ran_and_what_comes(settings):
    write_recipe(settings, "ferries", f"{NIGHTLY}\nwatch = true")
    manifest = make_index(settings, "ferries")
    record(settings, "ferries", RunOutcome.REFUSED)

    lines = run(list_).output.splitlines()

    assert lines[0] == "ferries"
    assert f"2 documents, 3 chunks, made just now (build {manifest.build})" in lines[1]
    assert "just now (" in lines[2]
    assert "by the schedule: refused, because the new build answered worse" in lines[2]
    assert "02:30 Europe/Berlin (" in lines[3]
    assert lines[3].endswith("and when its files change")
    assert lines[4] == "  builds  1 on disk"


def test_the_list_as_json_holds_every_index_and_every_problem(settings):
    write_recipe(settings, "broken", 'cron = "often"')
    write_recipe(settings, "ferries", NIGHTLY)
    make_index(settings, "trains")

    told = json.loads(run(list_, "--json").output)

    assert [row["name"] for row in told["indexes"]] == ["ferries", "trains"]
    assert told["indexes"][0]["coming"]["zone"] == "Europe/Berlin"
    assert told["indexes"][1]["live"]["documents"] == 2
    assert told["indexes"][1]["age_s"] < 60
    assert "broken.toml" in told["problems"][0]


def test_a_problem_is_told_beside_the_list(settings):
    write_recipe(settings, "broken", 'cron = "often"')
    make_index(settings, "trains")
    (settings.indexes / "trains" / "LIVE").write_text("nonsense")

    outcome = run(list_)

    assert outcome.exit_code == 0
    assert "error   " in outcome.output
    assert "names no build" in outcome.output
    assert "broken.toml" in outcome.stderr


def test_an_empty_shelf_says_how_to_begin(settings):
    assert "rag ingest FOLDER" in run(list_).output


def test_history_is_newest_first_with_counts_and_the_reason(settings):
    record(
        settings,
        "ferries",
        RunOutcome.PUBLISHED,
        build="b1",
        counts={"new": 3, "gone": 0, "milliseconds": 1250},
    )
    record(settings, "ferries", RunOutcome.STOPPED, note="9 of 10 files\x1b[2J have gone")

    lines = run(history, "ferries").output.splitlines()

    assert "stopped, because much of a source had gone at once" in lines[0]
    assert lines[1].strip() == "9 of 10 files?[2J have gone"
    assert lines[2].endswith("a new build went live (1.2 s)")
    assert lines[3].strip() == "build b1, 3 new"


def test_history_as_json_is_every_run_up_to_as_many_as_wanted(settings):
    for _ in range(3):
        record(settings, "ferries", RunOutcome.UNCHANGED)

    told = json.loads(run(history, "ferries", "--json", "--most", "2").output)

    assert [row["number"] for row in told] == [3, 2]
    assert {"why", "due", "started", "finished", "outcome", "note"} <= set(told[0])


def test_history_of_an_index_that_does_not_exist_is_an_error_and_of_a_new_recipe_is_not(settings):
    write_recipe(settings, "ferries", NIGHTLY)

    assert "has not been rebuilt" in run(history, "ferries").output
    with pytest.raises(IndexNotFound, match="no index 'nope'"):
        run(history, "nope")


def test_metrics_go_to_the_home_folder_another_file_or_the_terminal(settings, tmp_path):
    make_index(settings, "ferries")

    run(metrics)
    run(metrics, "--metrics", str(tmp_path / "other.prom"))
    printed = run(metrics, "--metrics", "-").output

    sample = 'quotewell_index_documents{index="ferries"} 2.0'
    assert sample in (settings.home / "metrics.prom").read_text()
    assert sample in (tmp_path / "other.prom").read_text()
    assert sample in printed
