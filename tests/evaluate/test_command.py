import json
import signal
import subprocess
import sys
import time
import tomllib
from dataclasses import replace
from importlib import import_module
from importlib.metadata import EntryPoint
from pathlib import Path

import click
import pytest

from rag.__main__ import main
from rag.errors import RagError, SettingsError, WeightsMissing
from rag.evaluate.judge import EntailmentJudge, StrictJudge
from rag.evaluate.plan import Plan
from rag.evaluate.run import evaluate
from rag.measure.evaluate import command, write_outputs
from rag.measure.feedback import group
from rag.measure.parts import bundled_set, machine, make_judge, models_used, shown_settings
from rag.settings import Settings, VerifierSettings
from rag.testing import HashingEmbedder, SubstringVerifier
from rag.types import Mode
from tests.evaluate.sets import write_claims, write_set
from tests.models.weights import real_weights

ROOT = Path(__file__).parent.parent.parent


def test_the_command_is_registered_where_rag_looks_for_it():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    module, _, name = project["entry-points"]["quotewell.commands"]["eval"].partition(":")

    assert getattr(import_module(module), name) is command
    assert isinstance(command, click.Command)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--tasks", "answers,nonsense"], ["'nonsense'", "retrieval, answers"]),
        (["--tasks", "claims"], ["claims.jsonl"]),
        (["--out", "no/such/folder/x.json"], ["no/such/folder", "create"]),
        (["--into", "."], ["--into", "attacks.jsonl"]),
        (["--out", "/dev/null"], ["/dev/null", "no file"]),
        (["--report", __file__], ["cannot write a report", "name a folder"]),
        (["--index", "absent"], ["absent", "rag ingest"]),
        ([], ["all-MiniLM-L6-v2", "rag models fetch"]),
    ],
)
def test_what_goes_wrong_is_a_sentence_that_says_what_to_do(tmp_path, arguments, words):
    write_set(tmp_path / "set")

    with pytest.raises(RagError) as caught:
        command.main([str(tmp_path / "set"), *arguments], standalone_mode=False)

    assert all(word in str(caught.value) for word in words), caught.value


def test_a_run_with_a_lone_surrogate_is_written_whole(tmp_path):
    out = tmp_path / "run.json"

    write_outputs({"set": "a\udc80b"}, out, None)

    assert json.loads(out.read_text(encoding="utf-8")) == {"set": "a?b"}
    assert [path.name for path in tmp_path.iterdir()] == ["run.json"]


def test_the_model_that_verifies_cannot_be_the_judge(tmp_path):
    settings = replace(Settings(home=tmp_path), verifier=VerifierSettings(model="nli"))

    with pytest.raises(SettingsError, match="cannot judge itself"):
        make_judge(settings, "nli", HashingEmbedder())
    with pytest.raises(WeightsMissing, match="owner/other"):
        make_judge(settings, "owner/other", HashingEmbedder())
    assert isinstance(make_judge(settings, None, HashingEmbedder()), StrictJudge)


def test_the_sample_is_found_without_knowing_where_it_is():
    point = EntryPoint("sample", "indexes.sample:folder", "quotewell.sets")

    assert bundled_set([point]) == ROOT / "indexes" / "sample"
    with pytest.raises(SettingsError, match="--into SET"):
        bundled_set([])


def test_the_feedback_commands_are_registered_where_rag_looks_for_them():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    module, _, name = project["entry-points"]["quotewell.commands"]["feedback"].partition(":")

    assert getattr(import_module(module), name) is group
    assert set(group.commands) == {"add", "list", "remove"}


def test_any_inference_model_can_judge():
    judge = EntailmentJudge(SubstringVerifier())

    assert judge.name == "substring"
    assert judge.supports(["a b c", "a b c"], ["b c", "d"]) == [True, False]


def test_what_figures_depend_on_is_said_and_nothing_private():
    settings = Settings(home=Path("/somewhere/private"))

    shown = json.dumps(shown_settings(settings))
    models = models_used(settings, Mode.GENERATIVE)

    assert "private" not in shown
    assert '"relevance_floor"' in shown
    assert set(models) == {"embedder", "generator"}
    assert all(len(s) == 64 for model in models.values() for s in model["sha256"].values())
    assert set(models_used(settings, Mode.EXTRACTIVE)) == {"embedder"}
    assert machine()["cores"] >= 1
    assert machine()["python"].startswith("3.")


def test_the_judge_is_tried_on_claims_it_was_not_fitted_on(home, lab):
    plan = Plan(home / "village", ("citations",), claims=(home / "village-claims",))

    figures = evaluate(plan, lab, lambda *heard: None).figures

    notes = figures["citations.recall"].notes
    assert notes["judged_claims"] == 2  # of four; the others are in the calibration half
    assert notes["judge"].startswith("strict lexical-semantic")
    assert "judge" not in figures["citations.quote_fidelity"].notes


@pytest.fixture
def weights(tmp_path, monkeypatch):
    """A home of its own with the weights of the real one."""
    models = Settings.load().models
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "models").symlink_to(models)
    monkeypatch.setenv("RAG_HOME", str(tmp_path / "home"))
    return real_weights("all-MiniLM-L6-v2")


@pytest.mark.model
def test_an_interrupt_prints_what_is_done_and_exits_with_130(weights, tmp_path):
    write_set(tmp_path / "village")
    rows = [{"_id": f"q{i}", "text": f"Who sells rye bread number {i}?"} for i in range(2000)]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (tmp_path / "village" / "queries.jsonl").write_text(lines)
    (tmp_path / "village" / "qrels" / "test.tsv").unlink()
    words = ["eval", tmp_path / "village", "--tasks", "answers,speed", "--json"]
    command = [sys.executable, "-m", "rag", *map(str, words)]

    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as process:
        give_up = time.monotonic() + 60
        while not list((tmp_path / "home" / "eval").glob("*.jsonl")):
            assert time.monotonic() < give_up
            time.sleep(0.1)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)

    whole = json.loads(out)
    assert process.returncode == 130
    assert whole["partial"] is True
    assert 0 < whole["items"] < 2000
    assert whole["answers"]["coverage"]["n"] == whole["items"]


@pytest.mark.model
def test_a_small_set_is_measured_by_the_real_command(weights, tmp_path, monkeypatch, capsys):
    write_set(tmp_path / "village")
    write_claims(tmp_path / "claims")
    out = tmp_path / "figures.json"
    words = ["eval", tmp_path / "village", "--json", "--out", out, "--claims", tmp_path / "claims"]

    runs = []
    for _ in range(2):
        monkeypatch.setattr(sys, "argv", ["rag", *map(str, words)])
        main()
        runs.append(json.loads(capsys.readouterr().out))

    first, second = runs
    kept = json.loads(out.read_text())
    assert {key: kept[key] for key in second} == second
    assert set(kept) - set(second) == {"when", "command", "rows"}
    assert [row["id"] for row in kept["rows"]] == ["open", "sails", "bread", "moon"]
    assert kept["command"].endswith(f"eval {tmp_path}/village --claims {tmp_path}/claims")
    assert first["citations"]["quote_fidelity"]["value"] == 1.0
    assert first["retrieval"]["recall@20"]["value"] == 1.0
    assert first["partial"] is False
    assert first["index"] == second["index"]
    assert first["answers"] == second["answers"]
    assert first["speed"]["answer_p50_ms"] == second["speed"]["answer_p50_ms"]  # not asked again
    assert set(first["models"]["embedder"]["sha256"])
