"""What every `LexicalIndex` must do, whatever is inside."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.index.disk import Disk
from rag.index.lexical import Bm25Builder, Bm25Index

TEXTS = [
    "The pump shows error ERR-4012 when the valve is closed.",
    "The pump shows error ERR-4021 when the tank is empty.",
    "Firmware v2.3.1 fixes the valve of the NX-200/B.",
    "Firmware v2.3.2 changes nothing for the NX-300.",
    "The café in Zürich serves naïve espresso for 1,250 guests.",
    "東京の夏は暑いです。",
    "大阪の冬は寒いです。",
    "The quick brown foxes were jumping over C++ and snake_case code.",
    "The the the the the the the the.",
    "",
]
IDS = np.array([700, 100, 400, 300, 200, 900, 800, 600, 500, 50], dtype=np.int64)


def _index(texts=TEXTS, ids=IDS):
    builder = Bm25Builder()
    for start in range(0, len(ids), 3):
        builder.add(ids[start : start + 3], texts[start : start + 3])
    return builder.finish()


@pytest.fixture(params=["as made", "after save and open"])
def index(request, tmp_path):
    made = _index()
    if request.param == "as made":
        return made
    made.save(tmp_path, Disk())
    return Bm25Index.open(tmp_path)


def _found(index, query, **more):
    return [hit.chunk_id for hit in index.search(query, 10, **more)]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("ERR-4012", 700),
        ("What does err-4021 mean?", 100),
        ("v2.3.1", 400),
        ("release v2.3.2", 300),
        ("NX-200/B", 400),
        ("nx-300", 300),
        ("1,250", 200),
        ("1250", 200),
        ("C++", 600),
        ("snake_case", 600),
        ("4012", 700),
    ],
)
def test_identifiers_and_numbers_are_found_exactly(index, query, first):
    assert _found(index, query)[0] == first


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("jumps fox", 600),
        ("CAFE", 200),
        ("naive", 200),
        ("zurich", 200),
        ("夏", 900),
        ("大阪", 800),
    ],
)
def test_word_forms_case_accents_and_unspaced_writing_do_not_matter(index, query, first):
    assert _found(index, query)[0] == first


def test_a_rare_word_counts_more_than_a_common_one(index):
    hits = index.search("the espresso", 10)

    assert hits[0].chunk_id == 200
    assert hits[0].score > 2 * hits[1].score


def test_a_whole_identifier_counts_more_than_its_parts_apart():
    texts = ["code 4012 err", "the long story of code ERR-4012 and what became of it", "other"]
    index = _index(texts, np.array([1, 2, 3]))

    assert index.search("ERR-4012", 3)[0].chunk_id == 2


def test_scores_are_positive_and_fall(index):
    scores = [hit.score for hit in index.search("the valve of the pump", 10)]

    assert len(scores) > 3
    assert min(scores) > 0
    assert scores == sorted(scores, reverse=True)


def test_nothing_in_common_finds_nothing(index):
    assert _found(index, "xylophone") == []
    assert _found(index, "") == []


def test_the_best_allowed_are_found_before_the_best_k_are_taken(index):
    allowed = np.array([100, 500, 123_456], dtype=np.int64)

    hits = index.search("pump error valve ERR-4012", 1, allowed)

    assert [hit.chunk_id for hit in hits] == [100]


def test_an_empty_list_of_allowed_ids_finds_nothing(index):
    assert _found(index, "pump", allowed=np.empty(0, dtype=np.int64)) == []


def test_ties_come_in_id_order_also_at_the_last_place():
    ids = np.random.default_rng(1).permutation(50).astype(np.int64)
    index = _index(["same words here"] * 50, ids)

    assert [hit.chunk_id for hit in index.search("words", 7)] == list(range(7))


def test_score_is_the_bm25_formula():
    index = _index(["apple", "apple pear", "plum plum plum"], np.array([1, 2, 3]))

    score = {hit.chunk_id: hit.score for hit in index.search("apple", 5)}

    idf = np.log(1 + (3 - 2 + 0.5) / (2 + 0.5))
    mean = (1 + 2 + 3) / 3
    for chunk, length in ((1, 1), (2, 2)):
        expected = idf * 2.2 / (1 + 1.2 * (0.25 + 0.75 * length / mean))
        assert score[chunk] == pytest.approx(expected, rel=1e-5)


def test_an_empty_index_finds_nothing():
    assert Bm25Builder().finish().search("anything", 5) == []


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_a_legal_query(query):
    hits = _INDEX.search(query, 5)

    assert all(hit.score > 0 for hit in hits)


@pytest.mark.parametrize("query", ['"', "NEAR(", "*", "text:pump", "(a OR", "-", "a AND", "\ud800"])
def test_query_syntax_means_nothing(index, query):
    assert isinstance(index.search(query, 5), list)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(min_size=1, max_size=60), min_size=1, max_size=8))
def test_a_text_with_words_is_found_by_itself(texts):
    index = _index(texts, np.arange(len(texts), dtype=np.int64))

    for number, text in enumerate(texts):
        hits = index.search(text, len(texts))
        same = {i for i, other in enumerate(texts) if other == text}
        assert not hits or same <= {hit.chunk_id for hit in hits}, number


_INDEX = _index()
