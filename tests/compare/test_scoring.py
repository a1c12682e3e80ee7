"""Every system is scored by the same rules."""

import pytest

from rag.evaluate.record import Quote, Said
from tests.compare.replies import Literal, four_replies, question
from tests.compare.scoring import Run, figures, reply_of
from tests.compare.table import ROWS

TEXTS = {"mill": ("Mill", "Its age is unknown. It has four sails."), "pier": ("Pier", "x")}


def test_a_passage_that_is_returned_stands_behind_every_sentence():
    line = {
        "text": "It has four sails. It is red [1].",
        "sources": [["mill", 20, "It has four sails."], ["mill", 3, "It has"], ["pier", None, "x"]],
        "sentences": None,
        "ms": 5,
    }

    reply = reply_of(question("a", "four"), line, TEXTS)

    assert [said.text for said in reply.said] == ["It has four sails.", "It is red [1]."]
    assert [q.exact for q in reply.said[1].quotes] == [True, False, False]
    assert reply.said[0].quotes[0].title == "Mill"
    assert reply.marked == 1


def test_a_sentence_that_brings_its_own_quotes_keeps_them():
    line = {
        "text": "Rye bread",
        "sources": [],
        "sentences": [["Rye bread", [["Bakery", "Rye bread on Fridays", True]]]],
        "ms": 5,
    }

    reply = reply_of(question("a", "rye"), line, {})

    assert reply.said == (Said("Rye bread", (Quote("Rye bread on Fridays", "Bakery", True),)),)
    assert reply.marked == 1


def test_figures_count_refusals_as_abstentions_and_errors_as_no_answers():
    run = Run(replies=four_replies())

    found = {key: figure.value for key, figure in figures(run, {}, Literal()).items()}

    assert found["answered.answerable"] == 0.5
    assert found["answered.unanswerable"] == 0.5
    assert found["answers.contains"] == 0.5
    assert found["answers.f1"] == pytest.approx(0.4 / 2)
    assert found["errors"] == 1
    assert found["speed.answer_p50_ms"] == 60  # an error is not a fast answer


def test_figures_check_citations_of_what_was_answered_alone():
    run = Run(replies=four_replies())

    found = {key: figure.value for key, figure in figures(run, {}, Literal()).items()}

    assert found["citations.recall"] == 1
    assert found["citations.precision"] == 0.75  # the pier was not needed
    assert found["citations.quote_fidelity"] == pytest.approx(2 / 3)
    assert found["citations.sentences_cited"] == 0.5
    assert found["citations.words"] == 6  # of 8 behind one sentence and 4 behind the other


def test_figures_score_rankings_by_the_order_of_documents():
    run = Run(ranked={"a": ["mill", "pier"], "b": ["pier", "mill"], "c": ["pier"]})

    found = figures(run, {"a": {"mill": 1}, "b": {"mill": 1}}, Literal())

    assert found["retrieval.ndcg@10"].value == pytest.approx((1 + 0.6309) / 2, abs=1e-3)
    assert found["retrieval.recall@5"].value == 1
    assert found["retrieval.recall@5"].n == 2


def test_every_row_of_the_table_is_a_figure_that_is_made():
    run = Run(replies=four_replies(), ranked={"a": ["mill"]}, search_ms=[5.0])

    made = figures(run, {"a": {"mill": 1}}, Literal())

    assert set(ROWS) <= set(made)
