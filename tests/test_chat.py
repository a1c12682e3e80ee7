"""`rag chat` as a person types into it, over a pipeline without weights."""

import json
from contextlib import nullcontext

import pytest
from click.testing import CliRunner

import rag.__main__ as command
from rag.testing import pipeline_of

TEXTS = {
    "fares.md": "Tickets for adults cost 12 euros.\n\nTickets for children cost 5 euros.",
    "mill.md": "The mill opens at nine.",
}


@pytest.fixture
def chat(monkeypatch):
    """Return a function that types lines into `rag chat` and returns what it printed."""
    monkeypatch.setattr(command, "_open", lambda common, more: nullcontext(pipeline_of(TEXTS)))

    def run(*lines, options=()):
        return CliRunner().invoke(command.cli, ["chat", *options], input="\n".join(lines) + "\n")

    return run


def test_a_follow_up_is_answered_and_how_it_was_understood_is_shown(chat):
    shown = chat("What do tickets for adults cost?", "And for children?").stdout

    assert "(understood as: What do tickets for children cost?)" in shown
    assert shown.index("12 euros") < shown.index("5 euros")


def test_a_line_with_an_equals_sign_says_how_the_last_question_was_meant(chat):
    shown = chat("Tickets?", "= When does the mill open?").stdout

    assert "(understood as: When does the mill open?)" in shown
    assert "The mill opens at nine. [1]" in shown


def test_a_bad_line_is_an_error_and_the_conversation_goes_on(chat):
    found = chat("= nothing asked yet", "x" * 5000, "When does the mill open?")

    assert found.exit_code == 0
    assert "nothing has been asked yet" in found.stderr
    assert "5,000" in found.stderr
    assert "The mill opens at nine. [1]" in found.stdout


def test_json_is_one_answer_a_line(chat):
    lines = chat("When does the mill open?", "Who?", options=["--json"]).stdout.splitlines()

    assert [json.loads(line)["question"] for line in lines] == ["When does the mill open?", "Who?"]
