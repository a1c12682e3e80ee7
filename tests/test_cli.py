"""The command as a person types it; errors are one sentence and an exit code."""

import json
import sys
from pathlib import Path

import pytest

from rag.__main__ import main

ROOT = Path(__file__).parent.parent


@pytest.fixture
def rag(monkeypatch, capsys):
    """Run the command; return (exit code, stdout, stderr)."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["rag", *map(str, arguments)])
        code = 0
        try:
            main()
        except SystemExit as stop:
            code = stop.code or 0
        out, err = capsys.readouterr()
        return code, out, err

    return run


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["ask", "When?", "--index", "absent"], 1, ["absent", "rag ingest"]),
        (["ask", "When?", "--index", "../../etc"], 2, ["../../etc"]),
        (["show", "a.md", "--index", "absent"], 1, ["absent"]),
        (["chat", "--index", "absent"], 1, ["absent", "rag ingest"]),
        (["sources", "--index", "absent"], 1, ["absent"]),
        (["ask", "When?", "--passages", "0"], 2, ["search.passages", "0", "[1, 50]"]),
        (["ask", "When?", "--config", "absent.toml"], 2, ["absent.toml"]),
        (["ask", "When?", "--meta", "year"], 2, ["KEY=VALUE", "year"]),
        (["ingest", "."], 1, ["all-MiniLM-L6-v2", "rag models fetch"]),
        (["models", "verify", "no-such-model"], 1, ["no-such-model"]),
        (["nonsense"], 2, ["nonsense"]),
    ],
)
def test_what_goes_wrong_is_a_sentence_and_an_exit_code(rag, arguments, code, words):
    found, _, err = rag(*arguments)

    assert found == code, err
    assert all(word in err for word in words), err
    assert "Traceback" not in err


def test_models_are_listed_before_any_is_fetched(rag):
    code, out, _ = rag("models", "list", "--json")

    assert code == 0
    assert {(row["name"], row["present"]) for row in json.loads(out)} == {
        ("all-MiniLM-L6-v2", False),
        ("SmolLM2-135M-Instruct", False),
        ("quotewell-reader", True),
    }


def test_doctor_says_what_to_do_about_missing_weights(rag):
    code, out, _ = rag("doctor")

    assert code == 1
    assert "FAIL model all-MiniLM-L6-v2" in out
    assert "rag models fetch" in out


@pytest.mark.model
def test_from_a_folder_to_an_answer_and_its_source(rag, tmp_path):
    papers = ROOT / "indexes" / "sample" / "corpus" / "people"

    code, _, err = rag("ingest", papers, "--index", "cli-test")
    assert code == 0, err
    code, out, _ = rag(
        "ask", "How many days of annual leave do full-time staff have?", "-i", "cli-test", "--json"
    )
    answer = json.loads(out)
    citation = answer["claims"][0]["citations"][0]
    code, shown, _ = rag(
        "show", citation["source"], "-i", "cli-test",
        "--start", citation["start"], "--end", citation["end"],
    )  # fmt: skip

    assert code == 0
    assert answer["outcome"] == "answered"
    assert answer["text"].startswith("27 ")  # of 2026, not the 25 of 2022
    assert "27 days" in citation["quote"]
    assert shown.rstrip("\n") == citation["quote"]
    code, out, _ = rag("search", "annual leave", "-i", "cli-test", "--explain")
    assert "fused" in out
    assert "people/" in out
    code, out, _ = rag("sources", "-i", "cli-test")
    assert out.count("people/") >= 4
    assert rag("doctor")[0] == 0


@pytest.mark.model
def test_a_question_of_100_kb_and_an_empty_one_are_refused(rag):
    papers = ROOT / "indexes" / "sample" / "corpus" / "people"
    rag("ingest", papers, "--index", "cli-test")

    for question, word in (("", "empty"), ("x" * 102_400, "102,400")):
        code, _, err = rag("ask", question, "-i", "cli-test")
        assert code == 2
        assert word in err
