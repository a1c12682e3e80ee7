import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.errors import LoadError
from rag.evaluate import datasets, metrics
from rag.models.train.measure import auc, half_of, read_items, token_f1, youden, youden_at
from tests.models.train.made import write_question_set

WORDS = st.lists(st.sampled_from("the a cat Cats 1,5 don't in-depth paris_2 .".split()), max_size=6)


@given(st.text(max_size=20))
def test_halves_are_those_of_the_evaluation(id_):
    assert half_of(id_) == datasets.half(id_)


@given(WORDS, st.lists(WORDS, min_size=1, max_size=3))
def test_f1_is_that_of_the_evaluation(answer, golds):
    said, gold = " ".join(answer), [" ".join(words) for words in golds]

    assert token_f1(said, gold) == pytest.approx(metrics.token_f1(said, gold))


@given(st.lists(st.integers(0, 5), min_size=4, max_size=12))
def test_auc_is_that_of_the_evaluation(values):
    truth = [row % 2 == 0 for row in range(len(values))]
    scores = np.asarray(values, float)

    assert auc(truth, scores) == pytest.approx(metrics.auc(np.asarray(truth), scores))


def test_youden_finds_the_threshold_that_separates():
    truth, scores = [False, False, True, True], np.asarray([0.1, 0.2, 0.7, 0.9])

    assert youden(truth, scores) == (1.0, 0.7)
    assert youden_at(truth, scores, 0.15) == 0.5


def test_one_kind_of_question_cannot_be_told_apart():
    with pytest.raises(LoadError, match="both needed"):
        auc([True, True], np.asarray([0.1, 0.2]))


def test_the_two_halves_are_the_set(tmp_path):
    folder = write_question_set(tmp_path)

    both = [read_items(folder, half=half) for half in ("calibrate", "report")]

    assert all(both)
    assert sum(map(len, both)) == len(read_items(folder))


def test_an_empty_gold_answer_is_none(tmp_path):
    items = read_items(write_question_set(tmp_path))

    assert {len(item.answers) for item in items if not item.answerable} == {0}


def test_a_folder_that_is_no_question_set_is_an_error(tmp_path):
    with pytest.raises(LoadError, match="not a question set"):
        read_items(tmp_path)
