import re
from datetime import UTC, datetime, timedelta

import pytest

from indexes.status.shelf import Shelves, first_seen
from rag.index.journal import RunOutcome
from rag.settings import Settings
from tests.indexes.shelves import NIGHTLY, make_index, record, write_recipe
from web import create_app


@pytest.fixture
def settings(tmp_path, monkeypatch):
    monkeypatch.setattr("indexes.recipe._SHELF", tmp_path / "none")
    return Settings.load(overrides={"home": str(tmp_path), "index": "mill"})


@pytest.fixture
def client(rag, settings):
    with create_app(rag, shelves=Shelves(settings)).test_client() as client:
        yield client


def shown(client):
    response = client.get("/indexes")
    assert response.status_code == 200
    return response.text


def articles(text):
    """Return {index name: the words of its part of the page}."""
    parts = re.findall(r"<article.*?</article>", text, re.DOTALL)
    return {
        re.search(r"<bdi>(.*?)</bdi>", part)[1]: " ".join(re.sub(r"<[^>]+>", " ", part).split())
        for part in parts
    }


def test_the_served_index_comes_first_with_what_is_live_ran_and_runs_next(client, settings):
    write_recipe(settings, "mill", NIGHTLY)
    manifest = make_index(settings, "mill")
    make_index(settings, "bridge")
    record(settings, "mill", RunOutcome.PUBLISHED)

    told = articles(shown(client))

    assert list(told) == ["mill", "bridge"]
    assert "answers here" in told["mill"]
    assert "answers here" not in told["bridge"]
    assert f"2 documents, 3 chunks, made just now (build {manifest.build})" in told["mill"]
    assert "by the schedule: a new build went live" in told["mill"]
    assert "02:30 Europe/Berlin (" in told["mill"]
    assert "never rebuilt from a recipe" in told["bridge"]
    assert "when a person runs it" in told["bridge"]


def test_the_latest_runs_are_told_newest_first(client, settings):
    make_index(settings, "mill")
    record(settings, "mill", RunOutcome.PUBLISHED)
    record(settings, "mill", RunOutcome.FAILED)

    runs = re.findall(r"<li>(.*?)</li>", shown(client))

    assert len(runs) == 2
    assert "failed" in runs[0]
    assert "a new build went live" in runs[1]


@pytest.mark.parametrize(
    ("outcome", "worrying"),
    [
        (RunOutcome.PUBLISHED, False),
        (RunOutcome.UNCHANGED, False),
        (RunOutcome.REFUSED, True),
        (RunOutcome.STOPPED, True),
        (RunOutcome.FAILED, True),
        (RunOutcome.RUNNING, True),  # nobody holds the index, so it was interrupted
    ],
)
def test_a_run_that_went_wrong_stands_out_and_says_where_to_look(
    client, settings, outcome, worrying
):
    make_index(settings, "mill")
    record(settings, "mill", outcome)

    text = shown(client)

    assert ('class="worrying"' in text) is worrying
    assert ("python -m indexes history mill" in text) is worrying


def test_a_run_that_is_long_overdue_stands_out(client, settings):
    write_recipe(settings, "mill", NIGHTLY)
    make_index(settings, "mill")
    longer = datetime.now(UTC) - timedelta(days=5)
    first_seen(settings).note("mill", "30 2 * * *", "Europe/Berlin", longer)

    text = shown(client)

    assert 'class="worrying"' in text or datetime.now(UTC).hour in (0, 1, 2)
    assert "due since" in text


def test_what_is_broken_is_told_without_a_path(client, settings, caplog):
    write_recipe(settings, "bad", 'cron = "often"')
    make_index(settings, "mill")
    (settings.indexes / "mill" / "LIVE").write_text("nonsense")

    text = shown(client)

    assert "1 recipe cannot be read and will not run" in text
    assert "cannot be read at the moment" in text
    assert str(settings.home) not in text
    assert "bad.toml" in caplog.text
    assert "LIVE" in caplog.text


def test_a_folder_that_is_no_index_is_left_out(client, settings):
    make_index(settings, "mill")
    (settings.indexes / "<b>x").mkdir(parents=True)
    (settings.indexes / "<b>x" / "ledger.sqlite").write_bytes(b"")

    assert list(articles(shown(client))) == ["mill"]


def test_an_empty_shelf_says_how_to_begin(client, settings):
    write_recipe(settings, "idle")  # no index and no schedule: only a possibility

    assert "rag ingest FOLDER" in shown(client)


def test_every_page_links_to_the_indexes_and_carries_the_usual_headers(client):
    assert 'href="/indexes"' in client.get("/").text
    headers = client.get("/indexes").headers

    assert headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    text = client.get("/indexes").text
    assert "<style" not in text
    assert "style=" not in text
    assert text.count("<script") == 1  # the page's own module, which this view does not need


def test_without_a_shelf_there_is_no_such_page(rag):
    with create_app(rag).test_client() as client:
        assert client.get("/indexes").status_code == 404
        assert "/indexes" not in client.get("/").text


def test_health_tells_the_age_of_the_build_and_the_last_run(client, rag, settings):
    before = client.get("/api/health").json
    make_index(settings, "mill")
    record(settings, "mill", RunOutcome.UNCHANGED)
    record(settings, "mill", RunOutcome.FAILED)

    health = client.get("/api/health").json

    assert (before["age_s"], before["last_run"], before["last_success"]) == (None, None, None)
    assert health["build"] == rag.snapshot.build
    assert 0 <= health["age_s"] < 60
    assert health["last_run"] == "failed"
    assert datetime.now(UTC) - datetime.fromisoformat(health["last_success"]) < timedelta(minutes=1)


def test_health_answers_also_when_the_ledger_cannot_be_read(client, settings):
    make_index(settings, "mill")
    (settings.indexes / "mill" / "LIVE").write_text("nonsense")

    response = client.get("/api/health")

    assert response.status_code == 200
    assert response.json["age_s"] is None
