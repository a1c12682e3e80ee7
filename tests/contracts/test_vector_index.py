"""What every `VectorIndex` must do, whatever is inside."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.errors import IndexMismatch
from rag.index.dense import FaissIndex
from rag.index.disk import Disk

DIM = 24


def _reopened(dim, folder):
    """Return a maker whose indexes went through a file."""

    def through_file(index):
        path = folder / "dense.faiss"
        index.save(path, Disk())
        return FaissIndex.open(path, dim)

    return through_file


@pytest.fixture(params=["as made", "after save and open"])
def ready(request, tmp_path):
    return (lambda index: index) if request.param == "as made" else _reopened(DIM, tmp_path)


def _unit(n, seed=0, dim=DIM):
    rows = np.random.default_rng(seed).standard_normal((n, dim)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def _ids(n, seed=0):
    return np.random.default_rng(seed).choice(1 << 62, n, replace=False).astype(np.int64)


def _filled(n, seed=0):
    ids, rows = _ids(n, seed), _unit(n, seed)
    index = FaissIndex(DIM)
    index.add(ids, rows)
    return index, ids, rows


def test_a_vector_is_its_own_best_hit_with_score_one(ready):
    index, ids, rows = _filled(300)

    scores, found = ready(index).search(rows, 1)

    assert np.array_equal(found[:, 0], ids)
    assert np.allclose(scores[:, 0], 1, atol=1e-5)


def test_order_equals_brute_force(ready):
    index, ids, rows = _filled(500)
    queries = _unit(20, seed=9)

    scores, found = ready(index).search(queries, 50)

    exact = queries @ rows.T
    expected = np.argsort(-exact, axis=1)[:, :50]
    assert np.array_equal(found, ids[expected])
    assert np.allclose(scores, np.take_along_axis(exact, expected, 1), atol=1e-5)


def test_asking_for_more_than_there_is_gives_all_and_never_minus_one(ready):
    index, ids, _ = _filled(7)

    scores, found = ready(index).search(_unit(3, seed=4), 50)

    assert scores.shape == found.shape == (3, 7)
    assert all(set(row) == set(ids.tolist()) for row in found.tolist())


@pytest.mark.parametrize("size", [1, 5, 40, 200, 399])
def test_the_best_allowed_are_found_even_if_all_better_ones_are_not_allowed(ready, size):
    index, ids, rows = _filled(400)
    query = _unit(1, seed=5)
    worst_first = np.argsort(rows @ query[0])
    allowed = np.sort(ids[worst_first[:size]])

    scores, found = ready(index).search(query, 10, allowed)

    assert found[0].tolist() == ids[worst_first[:size][::-1][:10]].tolist()
    assert np.all(np.diff(scores[0]) <= 0)


def test_allowed_ids_that_are_not_there_are_ignored(ready):
    index, ids, rows = _filled(30)
    others = np.setdiff1d(_ids(30, seed=77), ids)

    assert ready(index).search(rows[:1], 5, others)[1].shape == (1, 0)
    mixed = np.sort(np.concatenate([others, ids[:2]]))
    assert set(ready(index).search(rows[:1], 5, mixed)[1][0].tolist()) == set(ids[:2].tolist())


def test_ties_come_in_id_order_also_at_the_last_place(ready):
    row = _unit(1)
    ids = _ids(200)
    index = FaissIndex(DIM)
    index.add(ids, np.repeat(row, 200, axis=0))

    _, found = ready(index).search(row, 10)

    assert found[0].tolist() == sorted(ids.tolist())[:10]


def test_a_removed_vector_is_never_found_again(ready):
    index, ids, rows = _filled(50)

    index.remove(np.array([ids[3], ids[8], 12345]))

    _, found = ready(index).search(rows, 50)
    assert found.shape == (50, 48)
    assert not np.isin(found, ids[[3, 8]]).any()


def test_adding_an_id_again_replaces_its_vector(ready):
    index, ids, rows = _filled(5)

    index.add(ids[:1], rows[4:])

    scores, found = ready(index).search(rows[4:], 50)
    assert found.shape == (1, 5)
    assert set(found[0, :2].tolist()) == {ids[0], ids[4]}
    assert np.allclose(scores[0, :2], 1, atol=1e-5)


def test_an_empty_index_finds_nothing(ready):
    scores, found = ready(FaissIndex(DIM)).search(_unit(2), 5)

    assert scores.shape == found.shape == (2, 0)


def test_vectors_of_another_length_are_refused_naming_both():
    index, _, _ = _filled(3)

    with pytest.raises(IndexMismatch, match=r"24 numbers.*\(1, 8\)"):
        index.search(_unit(1, dim=8), 1)
    with pytest.raises(IndexMismatch, match=r"24 numbers"):
        index.add(_ids(1, seed=6), _unit(1, dim=8))


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 40), st.integers(1, 60), st.integers(0, 1000))
def test_any_size_and_k_agree_with_sorting(n, k, seed):
    index, ids, rows = _filled(n, seed)
    query = _unit(1, seed + 1)
    allowed = np.sort(ids[:: 1 + seed % 3])

    _, found = index.search(query, k, allowed)

    kept = np.isin(ids, allowed)
    order = np.lexsort((ids[kept], -(rows[kept] @ query[0])))
    assert found[0].tolist() == ids[kept][order][:k].tolist()
