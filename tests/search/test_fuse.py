import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.search.fuse import min_max_fusion, reciprocal_rank_fusion
from rag.types import Hit

rankings = st.lists(
    st.dictionaries(st.integers(0, 30), st.floats(-10, 10), max_size=12).map(
        lambda scores: sorted(
            (Hit(id_, score) for id_, score in scores.items()), key=lambda hit: -hit.score
        )
    ),
    min_size=1,
    max_size=4,
)


def fusions(lists):
    yield min_max_fusion(lists, [1.0] * len(lists))
    yield reciprocal_rank_fusion(lists)


@given(rankings)
def test_fusion_keeps_every_chunk_once_and_best_first(lists):
    seen = {hit.chunk_id for hits in lists for hit in hits}

    for fused in fusions(lists):
        assert {hit.chunk_id for hit in fused} == seen
        assert len(fused) == len(seen)
        assert fused == sorted(fused, key=lambda hit: (-hit.score, hit.chunk_id))


@given(rankings)
def test_fusion_does_not_depend_on_the_order_of_the_lists(lists):
    forward = [[hit.chunk_id for hit in fused] for fused in fusions(lists)]
    backward = [[hit.chunk_id for hit in fused] for fused in fusions(lists[::-1])]

    assert forward[1] == backward[1]
    assert set(forward[0]) == set(backward[0])


@given(rankings)
def test_min_max_scores_lie_between_0_and_1(lists):
    assert all(-1e-9 <= h.score <= 1 + 1e-9 for h in min_max_fusion(lists, [1.0] * len(lists)))


def test_a_chunk_both_lists_like_beats_one_that_a_single_list_likes():
    a, b = [Hit(1, 9.0), Hit(2, 8.0), Hit(3, 1.0)], [Hit(4, 0.9), Hit(2, 0.8), Hit(5, 0.1)]

    for fused in fusions([a, b]):
        assert fused[0].chunk_id == 2


def test_a_weight_of_zero_silences_a_list():
    fused = min_max_fusion([[Hit(1, 1.0), Hit(2, 0.0)], [Hit(2, 1.0), Hit(1, 0.0)]], [1.0, 0.0])

    assert [(hit.chunk_id, hit.score) for hit in fused] == [(1, 1.0), (2, 0.0)]


def test_reciprocal_ranks_are_summed_as_in_the_paper():
    fused = reciprocal_rank_fusion([[Hit(1, 5.0), Hit(2, 4.0)], [Hit(2, 0.3)]])

    assert fused == [Hit(2, 1 / 62 + 1 / 61), Hit(1, 1 / 61)]


@pytest.mark.parametrize("weights", [[1.0], [-1.0, 2.0], [0.0, 0.0]])
def test_weights_that_make_no_sense_are_refused(weights):
    with pytest.raises(ValueError, match="weight"):
        min_max_fusion([[Hit(1, 1.0)], [Hit(2, 1.0)]], weights)


def test_a_negative_constant_is_refused():
    with pytest.raises(ValueError, match="-1"):
        reciprocal_rank_fusion([], c=-1)
