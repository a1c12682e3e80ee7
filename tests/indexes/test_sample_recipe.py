"""The recipe that comes with the project, made with the real models, from the command line."""

import json

import pytest
from click.testing import CliRunner

from indexes.__main__ import cli
from rag.assemble import Rag
from rag.settings import Settings

pytestmark = pytest.mark.model


@pytest.fixture
def home(tmp_path, monkeypatch):
    models = Settings.load().models
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "models").symlink_to(models)
    monkeypatch.setenv("RAG_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def run(*words):
    result = CliRunner(catch_exceptions=False).invoke(cli, [*words, "--json"])
    return result.exit_code, json.loads(result.stdout)


def test_the_sample_recipe_is_made_passes_its_gate_and_is_then_up_to_date(home):
    code, first = run("rebuild", "sample")
    again_code, again = run("rebuild", "sample")

    assert (code, first["outcome"]) == (0, "published")
    assert first["gate"]["asked"] == first["gate"]["right_now"] == 4
    assert (again_code, again["outcome"]) == (0, "unchanged")
    assert again["counts"]["embedded"] == 0
    assert [run["outcome"] for run in run("history", "sample")[1]] == ["unchanged", "published"]
    (listed,) = [one for one in run("list")[1]["indexes"] if one["name"] == "sample"]
    assert listed["live"]["build"] == first["build"]


def test_a_changed_document_answers_otherwise_after_the_next_rebuild_and_a_follower_sees_it(home):
    papers = home / "papers"
    papers.mkdir()
    (papers / "kiosk.md").write_text("# Kiosk\n\nThe harbour kiosk opens at seven.\n")
    (papers / "pump.md").write_text("# Pump\n\nThe bilge pump was bought in 1998.\n")
    (home / "recipes").mkdir()
    (home / "recipes" / "papers.toml").write_text(
        f'[[source]]\nkind = "folder"\nname = "papers"\npaths = ["{papers}"]\n'
    )
    assert run("rebuild", "papers")[1]["outcome"] == "published"
    question = "When does the harbour kiosk open?"

    live = Rag.follow("papers")
    with live() as rag:
        before = rag.ask(question)
    (papers / "kiosk.md").write_text("# Kiosk\n\nThe harbour kiosk opens at eleven.\n")
    code, second = run("rebuild", "papers")
    assert live.refresh()
    with live() as rag:
        after = rag.ask(question)
    live.close()

    assert code == 0
    assert second["counts"]["embedded"] == 1
    assert "seven" in before.citations[0].quote
    assert "eleven" in after.citations[0].quote
    assert after.build == second["build"] != before.build
    code, diff = run("diff", "papers", before.build, after.build)
    assert [change["what"] for change in diff["documents"]] == ["changed"]
    assert run("rollback", "papers")[1]["live"] == before.build
