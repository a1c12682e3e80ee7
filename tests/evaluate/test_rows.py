"""What a run keeps of each question, and at which step it says a question failed."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest

from rag.answer.evidence.extract import find_evidence
from rag.answer.evidence.remember import Remembering
from rag.evaluate.asking import Asker
from rag.evaluate.datasets import Question, QuestionSet
from rag.evaluate.failures import FAILURES, failure_of, is_right
from rag.evaluate.gold import Gold
from rag.evaluate.plan import Plan
from rag.evaluate.record import Dropped, Journal, Quote, Record, Said, Seen, Told, Trace
from rag.evaluate.rows import question_row
from rag.evaluate.run import evaluate, nested
from rag.testing import HashingEmbedder, pipeline_of
from rag.types import Mode
from tests.evaluate.sets import write_set


def quiet(stage, done, total, note):
    """Hear nothing."""


@pytest.fixture(scope="module")
def run(home, lab):
    """A generative run that the tests of this module share."""
    return evaluate(Plan(home / "village", mode=Mode.GENERATIVE), lab, quiet)


def test_the_metrics_of_the_rows_add_up_to_the_figures_they_are_named_after(run):
    by_key = {}
    for row in run.rows:
        for key, value in row["metrics"].items():
            by_key.setdefault(key, []).append(value)

    shared = set(by_key) & set(run.figures)
    assert {"answers.f1", "retrieval.dense.mrr@10", "citations.precision"} <= shared
    for key in shared:
        assert np.mean(by_key[key]) == pytest.approx(run.figures[key].value, abs=1e-4), key
        assert len(by_key[key]) == run.figures[key].n or key == "citations.quote_fidelity", key


def test_a_row_says_what_each_step_did(run):
    row = next(row for row in run.rows if row["id"] == "open")

    assert row["question"] == "When does the mill open?"
    assert row["gold"] == {
        "answerable": True,
        "answers": ["nine", "at nine"],
        "wrong_answers": [],
        "sentences": [],
        "documents": ["mill"],
    }
    assert row["retrieval"]["dense"]["gold_rank"] == 1
    assert row["retrieval"]["fused"]["top"][0]["id"] == "mill"
    assert row["passages"][0]["title"] == "The mill"
    assert row["evidence"]["gold_rank"] == 1
    assert row["evidence"]["best"][0]["gold"] is True
    assert row["evidence"]["floor"] == 0.05
    assert row["draft"].startswith("The mill opens at nine.")
    assert row["claims"][0]["quotes"][0]["place"] == "corpus.jsonl#mill"
    assert [one["text"] for one in row["dropped"]] == ["The mill was a gift of the king in 1612."]
    assert row["dropped"][0]["reasons"]
    assert row["timings_ms"]["total"] > 0
    assert json.loads(json.dumps(run.rows)) == run.rows


def test_a_row_has_the_rank_of_the_best_gold_document_of_each_ranking():
    runs = {"fused": {"a": 0.9, "b": 0.5, "c": 0.7}, "dense": {"a": 1.0}, "lexical": {"b": 1.0}}

    row = question_row(Question("q", "?"), Record("q", runs), {"a": 0, "b": 1}, {}, None)

    ranks = {stage: one["gold_rank"] for stage, one in row["retrieval"].items()}
    assert ranks == {"fused": 3, "dense": None, "lexical": 1}
    assert row["gold"]["documents"] == ["b"]


def test_a_quote_on_another_page_than_the_gold_one_is_not_gold(village):
    pipeline = pipeline_of({"corpus.jsonl#mill": "The mill opens at nine."})
    citations = pipeline.ask("When does the mill open?").citations
    question = Question("open", "?", gold_sentences=("The mill opens at nine.",))

    on_page = [replace(citation, page=3) for citation in citations]
    gold = Gold(village)
    assert gold.cited(replace(question, page=3), on_page, pipeline.snapshot) is True
    assert gold.cited(replace(question, page=4), on_page, pipeline.snapshot) is False


def test_rows_are_no_part_of_what_is_printed(run):
    assert "rows" not in run.to_dict()


def test_claims_have_rows_with_score_label_and_objections(home, lab):
    run = evaluate(Plan(home / "village-claims"), lab, quiet)

    right, wrong = run.rows[0], run.rows[1]
    assert (right["label"], right["said"], right["shown"]) == ("supported", "supported", True)
    assert right["failure"] is None
    assert (wrong["label"], wrong["shown"], wrong["failure"]) == ("unsupported", False, None)
    assert wrong["objections"]
    assert wrong["metrics"]["claims.accuracy"] == 1.0


def test_a_record_comes_back_from_the_journal_as_it_went_in(tmp_path, village):
    pipeline = pipeline_of({"corpus.jsonl#mill": "The mill opens at nine.\n\nIt has four sails."})
    record = Asker(pipeline, village, Mode.EXTRACTIVE).ask(village.questions[0])
    told = replace(record.told, dropped=(Dropped("x", "refuted", 0.1, ("why",)),))
    record = replace(record, told=told)

    Journal(tmp_path / "j.jsonl").add(record)

    assert Journal(tmp_path / "j.jsonl").known == {"open": record}
    assert len(json.dumps(asdict(record))) < 6000


@pytest.fixture
def village(tmp_path):
    return QuestionSet.read(write_set(tmp_path / "village"))


def test_a_gold_sentence_far_down_is_named_with_its_place(village):
    text = "\n\n".join([f"The mill may open again in spring {i}." for i in range(5)])
    pipeline = pipeline_of({"corpus.jsonl#mill": f"{text}\n\nNine o'clock sharp."})
    question = Question("q", "When may the mill open?", answers=("nine o'clock",), labelled=True)

    trace = Asker(pipeline, village, Mode.EXTRACTIVE).ask(question).told.trace

    assert trace.gold_sentence.text == "Nine o'clock sharp."
    assert trace.gold_rank > 3
    assert not any(one.gold for one in trace.evidence)


class CountingEmbedder(HashingEmbedder):
    """Counts the texts it embeds."""

    count = 0

    def embed_queries(self, queries):
        self.count += len(queries)
        return super().embed_queries(queries)


def test_vectors_are_recalled_only_when_asked_to_and_are_the_same():
    inner = CountingEmbedder()
    embedder = Remembering(inner, recalls=False)
    pipeline = pipeline_of({"a.md": "The mill opens at nine. It has four sails."})
    passages, _ = pipeline.search("When does the mill open?")

    first = find_evidence("When does the mill open?", passages, embedder)
    once = inner.count
    again = find_evidence("When does the mill open?", passages, embedder)
    twice = inner.count
    embedder.recalls = True
    recalled = find_evidence("When does the mill open?", passages, embedder)

    assert once > 0
    assert twice == 2 * once
    assert inner.count == twice
    assert first == again == recalled


ASKED = Question("q", "?", answers=("four",), wrong_answers=("six",), labelled=True)
UNASKED = Question("u", "?", answerable=False, labelled=True)
GOLD, OTHER = Seen("It has four.", "t", 0.5, True), Seen("No.", "t", 0.4, False)
READ = Trace((GOLD,), (GOLD,), 0.2, 1, GOLD)
UNREAD = Trace((OTHER,), (OTHER,), 0.2)
PASSED_BY = Trace((GOLD,), (OTHER,), 0.2)
BLIND = Trace((), (), 0.2)


def told(text="", **more):
    said = (Said(text, (Quote(text, "", more.pop("exact", True)),)),) if text else ()
    outcome = "answered" if text else "abstained"
    cited = more.pop("cited", None)
    return Told(outcome, 0.5, said, (), cited, {}, **{"trace": READ, **more})


@pytest.mark.parametrize(
    ("question", "what", "ranks", "recall", "kind"),
    [
        (ASKED, told("It has four."), {"fused": 1}, 1.0, None),
        (UNASKED, told(), {}, None, None),
        (ASKED, told("It has four.", exact=False), {}, None, "quote_altered"),
        (ASKED, told("It has six."), {"fused": 1}, None, "misled"),
        (UNASKED, told("It has four."), {}, None, "answered_unanswerable"),
        (ASKED, told("Five.", trace=UNREAD), {"fused": None}, None, "not_retrieved"),
        (ASKED, told(trace=UNREAD), {"fused": 9}, None, "ranked_too_low"),
        (ASKED, told("Five.", trace=PASSED_BY), {"fused": 1}, None, "not_in_evidence"),
        (ASKED, told(reason="weak_evidence"), {"fused": 1}, None, "below_floor"),
        (ASKED, told(reason="model_declined"), {"fused": 1}, None, "model_declined"),
        (
            ASKED,
            told("Five.", dropped=(Dropped("It is four.", "refuted", 0.1, ("no",)),)),
            {"fused": 1},
            None,
            "claims_dropped",
        ),
        (
            ASKED,
            told(dropped=(Dropped("It is new.", "refuted", 0.1, ("no",)),)),
            {},
            None,
            "claims_dropped",
        ),
        (ASKED, told(), {}, None, "no_answer"),
        (ASKED, told("Five.", cited=False), {"fused": 1}, None, "wrong_sentence"),
        (ASKED, told("Five.", cited=True), {"fused": 1}, None, "wrong_words"),
        (ASKED, told("Five.", trace=BLIND), {}, None, "wrong_answer"),
        (ASKED, told("It has four."), {"fused": 1}, 0.5, "unsupported"),
    ],
)
def test_a_failure_is_put_down_to_the_step_it_happened_in(question, what, ranks, recall, kind):
    found = failure_of(question, Record("q", told=what), ranks, recall)

    assert found == kind
    assert found is None or found in FAILURES


@pytest.mark.parametrize(
    ("rank", "kind"), [(10, None), (11, "ranked_too_low"), (None, "not_retrieved")]
)
def test_without_answers_a_question_fails_when_no_gold_document_is_near(rank, kind):
    assert failure_of(ASKED, Record("q"), {"fused": rank}, None) == kind


def test_right_is_unknown_where_the_set_says_nothing():
    assert is_right(Question("q", "?"), told("x")) is None
    assert is_right(replace(ASKED, answers=()), told("x")) is None
    assert is_right(UNASKED, told()) is True
    assert is_right(ASKED, told()) is False


def test_a_figure_that_others_add_keeps_its_place_in_the_tree(run):
    assert nested(run.figures)["abstention"]["ece"]["bins"][0].keys() >= {"low", "high", "n"}
