"""A conversation: what is remembered, how it is understood, and how that is corrected."""

import io
import json
import sys

import pytest

from rag.answer.asked.follow import REMEMBERED
from rag.conversation import Conversation
from rag.errors import QuestionError
from rag.terminal import answer_lines, typed_lines
from rag.testing import pipeline_of
from rag.types import Outcome, Turn

TEXTS = {
    "prices.md": (
        "# Tickets\n\nA ticket for adults costs 12 euros.\n\nA ticket for children costs 5 euros."
    ),
    "mill.md": "# Mill\n\nThe mill opens at nine.\n\nThe mill closes at five.",
}
ADULTS = "What does a ticket for adults cost?"


def first_quote(answer):
    return answer.citations[0].quote


@pytest.mark.parametrize(
    "history",
    [
        [(ADULTS, "A ticket for adults costs 12 euros.")],
        [[ADULTS, ""]],
        [Turn(ADULTS)],
        [pipeline_of(TEXTS).ask(ADULTS)],
    ],
)
def test_a_follow_up_is_answered_as_it_is_meant_and_says_how_it_was_understood(history):
    answer = pipeline_of(TEXTS).ask("And for children?", history=history)

    assert answer.question == "And for children?"
    assert answer.rewritten == "What does a ticket for children cost?"
    assert first_quote(answer) == "A ticket for children costs 5 euros."
    assert answer.to_dict()["rewritten"] == answer.rewritten


def test_a_question_that_stands_alone_is_answered_as_without_history():
    rag = pipeline_of(TEXTS)

    alone, later = (rag.ask("When does the mill open?", history=h) for h in ([], [(ADULTS, "")]))

    assert later.rewritten is None
    assert later.text == alone.text
    assert later.passages == alone.passages


def test_what_the_caller_says_is_meant_wins():
    answer = pipeline_of(TEXTS).ask(
        "And for children?", history=[(ADULTS, "")], rewritten="When does the mill close?"
    )

    assert answer.rewritten == "When does the mill close?"
    assert first_quote(answer) == "The mill closes at five."


@pytest.mark.parametrize("history", ["When?", 3, [3], [("When?",)], [("a", "b", "c")], [(1, 2)]])
def test_a_history_that_is_none_is_an_error_that_says_what_one_is(history):
    with pytest.raises(QuestionError, match=r"history .*pair"):
        pipeline_of(TEXTS).ask("And then?", history=history)


def test_an_abstention_says_nothing_a_pronoun_could_mean():
    rag = pipeline_of(TEXTS)
    silent = rag.ask("Who painted Versailles?")

    answer = rag.ask("When did he die?", history=[silent])

    assert silent.outcome is Outcome.ABSTAINED
    assert answer.rewritten in {None, "When did Versailles die?"}


def test_a_conversation_remembers_its_last_answers_and_no_more():
    talk = Conversation(pipeline_of(TEXTS))

    for _ in range(REMEMBERED + 3):
        talk.ask(ADULTS)

    assert len(talk.answers) == REMEMBERED
    assert talk.ask("And for children?").rewritten == "What does a ticket for children cost?"


def test_a_reading_can_be_corrected_and_the_wrong_one_is_forgotten():
    talk = Conversation(pipeline_of(TEXTS))
    talk.ask(ADULTS)
    talk.ask("And the mill?")

    answer = talk.correct("When does the mill close?")

    assert answer.question == "And the mill?"
    assert first_quote(answer) == "The mill closes at five."
    assert [each.question for each in talk.answers] == [ADULTS, "And the mill?"]
    assert talk.answers[-1] is answer


def test_nothing_can_be_corrected_before_something_is_asked():
    with pytest.raises(QuestionError, match="nothing has been asked"):
        Conversation(pipeline_of(TEXTS)).correct("When?")


def test_the_terminal_shows_how_a_question_was_understood():
    answer = pipeline_of(TEXTS).ask("And for children?", history=[(ADULTS, "")])

    assert next(answer_lines(answer)) == "(understood as: What does a ticket for children cost?)"


def test_the_terminal_names_what_is_missing_and_what_is_nearest():
    rag = pipeline_of(TEXTS)
    part = rag.ask("What does a ticket for adults and dogs cost?")
    silent = rag.ask("Which mill of Kiel opens at nine?")
    wrong = rag.ask("Is the ticket for adults 20 euros?")

    assert "Not answered: What does a ticket for dogs cost?" in list(answer_lines(part))
    assert any("names \u201cKiel\u201d" in line for line in answer_lines(silent)) or silent.verdicts
    assert "The documents say 12 euros, not 20 euros." in list(answer_lines(wrong))


def test_typed_lines_end_with_the_input_and_blank_ones_are_left_out(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("one\n\n  two \n"))

    assert list(typed_lines()) == ["one", "two"]


def test_an_answer_with_a_history_is_json():
    wire = json.dumps(pipeline_of(TEXTS).ask("And for children?", history=[(ADULTS, "")]).to_dict())

    assert "What does a ticket for children cost?" in wire
