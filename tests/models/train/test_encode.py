import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.errors import LoadError
from rag.models.train.encode import LENGTHS, Encoded, encode, window_start
from rag.models.train.sources import UNKNOWN, Example
from tests.models.tiny import tiny_tokenizer


def encoded_one(passage, answer=None, *, answerable=True, seed=0):
    example = Example("where is the cat?", passage, answerable, 1, answer, 1.0)
    return encode([example], tiny_tokenizer(), np.random.default_rng(seed))


def answer_of(encoded):
    start, end = encoded.spans[0]
    return tiny_tokenizer().decode(encoded.ids[start : end + 1].tolist())


def test_the_marked_tokens_are_the_answer():
    encoded = encoded_one("the cat sat in paris", (15, 20))

    assert answer_of(encoded) == "paris"


@pytest.mark.parametrize("seed", range(20))
def test_a_window_of_a_long_passage_holds_the_answer(seed):
    before, after = "the dog ran on a mat " * 40, " the dog ran on a mat" * 40
    passage = f"{before}paris{after}"

    encoded = encoded_one(passage, (len(before), len(before) + 5), seed=seed)

    assert answer_of(encoded) == "paris"
    assert encoded.lengths[0] in LENGTHS


def test_no_answer_points_at_the_first_token():
    encoded = encoded_one("the dog ran", answerable=False)

    assert encoded.spans.tolist() == [[0, 0]]
    assert encoded.answerable.tolist() == [0]


def test_an_answer_nobody_marked_is_unknown():
    encoded = encoded_one("the cat is in paris")

    assert encoded.spans.tolist() == [[UNKNOWN, UNKNOWN]]


@given(
    st.lists(st.integers(1, 9), min_size=1, max_size=60),
    st.integers(0, 59),
    st.integers(0, 10),
    st.integers(12, 40),
    st.integers(0, 5),
)
def test_every_window_lies_in_the_passage_and_holds_the_span(passage, first, more, size, seed):
    start = min(first, len(passage) - 1)
    span = (start, min(start + more, len(passage) - 1))

    low = window_start([1, 2, 3], passage, span, size, np.random.default_rng(seed))

    assert 0 <= low <= max(0, len(passage) - size)
    assert low <= span[0]
    assert span[1] < low + size


def test_most_windows_are_where_the_words_of_the_question_are():
    passage = [9] * 200 + [1, 2, 3] + [9] * 200
    rng = np.random.default_rng(0)

    lows = [window_start([1, 2, 3], passage, None, 50, rng) for _ in range(200)]

    holding = [low for low in lows if low <= 200 and low + 50 >= 203]
    assert len(holding) / len(lows) > 0.6


def test_what_is_saved_comes_back_without_pickle(tmp_path):
    encoded = encoded_one("the cat sat in paris", (15, 20))
    encoded.save(tmp_path / "data.npz")

    again = Encoded.load(tmp_path / "data.npz")

    assert again.ids.tolist() == encoded.ids.tolist()
    assert again.spans.tolist() == encoded.spans.tolist()


def test_pickled_arrays_are_refused(tmp_path):
    np.savez(tmp_path / "data.npz", ids=np.asarray([object()], object))

    with pytest.raises(LoadError, match=r"data\.npz holds no encoded examples"):
        Encoded.load(tmp_path / "data.npz")
