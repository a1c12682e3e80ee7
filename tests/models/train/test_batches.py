from collections import Counter
from itertools import islice

import numpy as np

from rag.models.train.batches import batches, make_batch
from rag.models.train.encode import Encoded


def rows_of(lengths, weights):
    n = len(lengths)
    return Encoded(
        np.arange(sum(lengths), dtype=np.uint16) + 1,
        np.cumsum([0, *lengths]),
        np.full(n, 3, np.int16),
        np.full((n, 2), 4, np.int16),
        np.ones(n, np.int8),
        np.ones(n, np.int8),
        np.asarray(weights, np.float32),
    )


def test_a_batch_stays_within_its_tokens():
    lengths = np.random.default_rng(0).integers(6, 60, 300).tolist()
    encoded = rows_of(lengths, [1.0] * 300)

    found = list(islice(batches(encoded, tokens=200, seed=0), 50))

    assert max(len(rows) * encoded.lengths[rows].max() for rows in found) <= 200
    assert max(len(rows) for rows in found) > 1


def test_a_row_longer_than_a_batch_comes_alone():
    encoded = rows_of([50, 8, 8], [1.0] * 3)

    found = list(islice(batches(encoded, tokens=20, seed=0), 2))

    assert sorted(sorted(rows.tolist()) for rows in found) == [[0], [1, 2]]


def test_rows_come_as_often_as_they_weigh():
    encoded = rows_of([8] * 400, [2.0] * 100 + [0.5] * 200 + [0.0] * 100)

    seen = Counter()
    for rows in batches(encoded, tokens=80, seed=1):
        seen.update(rows.tolist())
        if sum(seen.values()) >= 290:  # about one pass: 200 + 100 rows
            break

    heavy = sum(seen[row] for row in range(100))
    light = sum(seen[row] for row in range(100, 300))
    assert 170 <= heavy <= 200
    assert 70 <= light <= 130
    assert sum(seen[row] for row in range(300, 400)) == 0


def test_the_same_seed_gives_the_same_order():
    encoded = rows_of([8] * 50, [1.0] * 50)

    one, two, other = (
        [rows.tolist() for rows in islice(batches(encoded, tokens=40, seed=seed), 20)]
        for seed in (3, 3, 4)
    )

    assert one == two != other


def test_padding_question_and_end_mark_hold_no_answer():
    batch = make_batch(rows_of([8, 6], [1, 1]), np.asarray([0, 1]))

    assert batch.ids.shape == (2, 16)
    assert batch.mask[1].tolist() == [1] * 6 + [0] * 10
    assert batch.types[0].tolist() == [0] * 3 + [1] * 5 + [0] * 8
    assert batch.readable[1].tolist() == [False] * 3 + [True, True] + [False] * 11
