"""What each task counts, on records written by hand and on a pipeline in memory."""

from dataclasses import replace

import numpy as np
import pytest

from rag.evaluate.answers import abstention, answers, is_wrong
from rag.evaluate.asking import Asker
from rag.evaluate.claims import judged
from rag.evaluate.conflict import conflict, poison
from rag.evaluate.datasets import Claimed, Question, QuestionSet
from rag.evaluate.judge import StrictJudge
from rag.evaluate.record import Quote, Said, Told
from rag.testing import HashingEmbedder, ScriptedGenerator, pipeline_of
from rag.types import Filter, Mode
from tests.evaluate.sets import write_set


def quote(text):
    return Quote(text, "", exact=True)


def told(text="", *, confidence=0.5, conflicts=()):
    said = (Said(text, (quote(text),)),) if text else ()
    return Told("answered" if text else "abstained", confidence, said, conflicts, None, {})


LIED_TO = Question("q", "?", answers=("four",), wrong_answers=("six",), labelled=True)
HONEST = Question("h", "?", answers=("four",), labelled=True)
NONE = Question("n", "?", answerable=False, labelled=True)


@pytest.mark.parametrize(
    ("question", "text", "wrong"),
    [
        (HONEST, "It has four sails and a long history of milling corn.", False),  # contains
        (Question("f", "?", answers=("John Carr the miller",)), "the miller John Carr", False),
        (HONEST, "It has five sails.", True),
        (NONE, "It has four sails.", True),
        (Question("p", "?", answerable=False, answers=("four",)), "It has four sails.", True),
    ],
)
def test_an_answer_is_wrong_as_the_readme_says(question, text, wrong):
    assert is_wrong(question, text) is wrong


def test_f1_is_over_answerable_questions_with_a_gold_answer_alone():
    bare = Question("b", "?", labelled=True)
    odd = Question("o", "?", answerable=False, answers=("four",), labelled=True)

    found = answers([(HONEST, told("four")), (bare, told("five")), (odd, told("four"))])

    assert found["answers.f1"].n == 1
    assert found["answers.f1"].value == 1


def test_abstention_separates_the_questions_it_may_and_may_not_answer():
    pairs = [
        (HONEST, told("four", confidence=0.9)),
        (HONEST, told()),
        (NONE, told()),
        (NONE, told()),
        (NONE, told("four", confidence=0.6)),
    ]

    found = abstention(pairs)

    assert found["abstention.on_unanswerable"].value == pytest.approx(2 / 3)
    assert found["abstention.on_answerable"].value == 0.5
    assert found["abstention.youden"].value == pytest.approx(2 / 3 - 1 / 2)
    assert found["abstention.aurc"].value == 0.25  # risks 0 and 1/2
    assert found["abstention.risk@coverage"].value == 0.5
    assert found["abstention.risk@coverage"].n == 2
    # the sure one is right (0.9 against 1), the other wrong (0.6 against 0)
    assert found["abstention.ece"].value == pytest.approx((0.1 + 0.6) / 2)
    assert [b["true"] for b in found["abstention.ece"].notes["bins"]] == [0, 1]


def test_an_abstention_counts_nothing_unless_it_is_left_out():
    found = answers([(HONEST, told("four")), (HONEST, told())])

    assert (found["answers.f1"].value, found["answers.f1_when_answered"].value) == (0.5, 1.0)
    assert (found["answers.contains"].n, found["answers.contains_when_answered"].n) == (2, 1)


def test_a_conflict_is_detected_only_with_both_sides_quoted():
    def flagged(first, second):
        return told("It has six sails.", conflicts=((quote(first), quote(second)),))

    both = flagged("It has four sails.", "It has six sails.")
    same = flagged("It has six sails.", "The six sails turn.")
    other = flagged("It has four sails.", "It is red.")

    found = conflict([(LIED_TO, one) for one in (both, same, other, told("six"))])

    assert found["conflict.detect_rate"].value == 0.25
    assert conflict([(HONEST, both), (HONEST, told())])["conflict.false_flag_rate"].value == 0.5


def test_a_superseded_version_tells_both_sides_and_is_no_flag():
    pair = (quote("It has four sails."), quote("It has six sails."))
    noted = replace(told("It has four sails."), superseded=(pair,))

    assert conflict([(LIED_TO, noted)])["conflict.detect_rate"].value == 1
    assert conflict([(HONEST, noted)])["conflict.false_flag_rate"].value == 0
    assert noted.quotes[-2:] == list(pair)


def test_a_wrong_answer_succeeds_only_when_nothing_is_flagged():
    pair = (quote("a"), quote("b"))
    shown = [told("six"), told("six", conflicts=(pair,)), told("four"), told()]

    found = poison([(LIED_TO, one) for one in shown])

    assert found["poison.success_rate"].value == 0.25


class Certain:
    """Entails everything, surely."""

    name = "certain"

    def infer(self, premises, hypotheses):
        return np.tile([1.0, 0.0, 0.0], (len(premises), 1))


def test_a_claim_an_exact_check_objects_to_is_not_shown_whatever_the_verifier_says():
    items = [
        Claimed("a", "The mill has 4 sails.", ("The mill has 4 sails.",), supported=True),
        Claimed("b", "The mill has 6 sails.", ("The mill has 4 sails.",), supported=False),
    ]

    right, wrong = judged(items, Certain(), floor=0.5)

    assert right == (1.0, True, ())
    assert (wrong.entailment, wrong.shown) == (1.0, False)
    assert "6" in wrong.reasons[0]


def test_a_number_that_is_nowhere_is_never_supported():
    judge = StrictJudge(HashingEmbedder())
    evidence = "The old mill on the hill above the harbour was built by John Carr and his sons."
    near = "The old mill on the hill above the harbour was built by John Carr and sons"

    assert judge.supports([evidence] * 2, [near, f"{near} in 1846"]) == [True, False]


@pytest.fixture
def village(tmp_path):
    return QuestionSet.read(write_set(tmp_path))


MILL = "The mill opens at nine.\n\nIt has four sails and stands on the hill."


def asker(village, texts, **options):
    generator = options.pop("generator", None)
    return Asker(pipeline_of(texts, generator=generator), village, Mode.GENERATIVE, **options)


def by_id(village, id_):
    return next(q for q in village.questions if q.id == id_)


def test_the_best_chunk_of_a_document_is_its_score(village):
    texts = {"corpus.jsonl#mill": MILL, "corpus.jsonl#crane": "The mill opens now."}

    record = asker(village, texts, answers=False).ask(by_id(village, "sails"))

    pipeline = pipeline_of(texts)
    _, found = pipeline.search(by_id(village, "sails").text, filter_=Filter())
    assert record.told is None
    assert record.rankings["fused"]["mill"] == max(hit.score for hit in found.fused)


def test_only_what_is_in_scope_is_ranked(village):
    texts = {f"corpus.jsonl#{id_}": MILL + id_ for id_ in ("mill", "bakery", "crane")}

    record = asker(village, texts, answers=False).ask(by_id(village, "open"))

    assert set(record.rankings["dense"]) == {"mill", "bakery"}


def test_a_quote_from_the_right_document_but_the_wrong_place_is_not_gold(village):
    sails = "corpus.jsonl#mill"
    wrong = asker(
        village, {sails: "When the mill does open, people come.\n\nThe mill  opens at ten"}
    )
    right = asker(village, {sails: MILL})

    assert right.ask(by_id(village, "open")).told.gold_cited is True
    assert wrong.ask(by_id(village, "open")).told.gold_cited is False


def test_a_quote_that_is_not_its_slice_is_noticed(village):
    pipeline = pipeline_of({"corpus.jsonl#mill": MILL})
    answer = pipeline.ask("When does the mill open?")
    asking = Asker(pipeline, village, Mode.EXTRACTIVE)
    citation = answer.citations[0]

    assert asking._quote(citation).exact
    object.__setattr__(citation, "quote", citation.quote + " ")
    assert not asking._quote(citation).exact


def test_a_draft_belongs_to_the_question_it_was_written_for(village):
    generator = ScriptedGenerator("The mill opens at nine.")
    asking = asker(village, {"corpus.jsonl#mill": MILL}, generator=generator)

    first = asking.ask(Question("1", "When does the mill open?")).told
    second = asking.ask(Question("2", "Who walked upon Jupiter?")).told

    assert first.draft.strip() == "The mill opens at nine."
    assert first.first_token_ms >= 0
    assert first.passages
    assert (second.draft, second.answered) == (None, False)
