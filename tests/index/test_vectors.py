"""Vectors in the ledger: one for equal texts, none twice, and only of the right shape."""

import numpy as np
import pytest

from rag.errors import (
    IndexMismatch,
    ModelError,
)
from rag.types import (
    ChunkId,
)
from tests.index.material import EMBEDDER, embed, put, vectors

FINGERPRINT = EMBEDDER["fingerprint"]


def test_only_new_texts_need_a_vector_and_equal_ones_share_it(ledger):
    put(ledger, "/a.txt", "one\ntwo\none\n")
    assert ledger.count_missing(FINGERPRINT) == 2
    embed(ledger)

    put(ledger, "/b.txt", "one\nthree")

    missing = [text for batch in ledger.missing_vectors(FINGERPRINT) for _, text in batch]
    assert missing == ["Notes\nthree"]
    assert ledger.count_missing("another embedder") == 3


def test_vectors_may_be_put_between_batches(ledger):
    put(ledger, "/a.txt", "\n".join(f"line {i}" for i in range(10)))

    sizes = []
    for batch in ledger.missing_vectors(FINGERPRINT, 3):
        sizes.append(len(batch))
        keys, texts = zip(*batch, strict=True)
        ledger.put_vectors(FINGERPRINT, keys, vectors(texts))

    assert sizes == [3, 3, 3, 1]
    assert ledger.count_missing(FINGERPRINT) == 0


def test_live_rows_pair_each_chunk_with_the_vector_of_its_text(ledger):
    put(ledger, "/a.txt", "one\ntwo\nthree")
    put(ledger, "/gone.txt", "gone")
    embed(ledger)
    ledger.remove("gone.txt")

    rows = list(ledger.live_rows(FINGERPRINT, 16, batch=2))

    ids = [ChunkId(id_) for batch, _, _ in rows for id_ in batch.tolist()]
    texts = [text for _, _, batch in rows for text in batch]
    assert [c.embedding_text for c in ledger.chunks(ids)] == texts
    assert sorted(texts) == ["Notes\none\n", "Notes\nthree", "Notes\ntwo\n"]
    assert np.allclose(np.concatenate([v for _, v, _ in rows]), vectors(texts))


@pytest.mark.parametrize(
    "rows", [np.zeros((1, 4)), np.full((1, 4), np.nan), np.full((1, 4), np.inf), np.ones((2, 4))]
)
def test_rows_that_are_not_one_unit_vector_a_text_are_refused(ledger, rows):
    with pytest.raises(ModelError, match="embedder returned"):
        ledger.put_vectors(FINGERPRINT, [b"0" * 16], rows.astype(np.float32))

    put(ledger, "/a.txt", "one")
    assert ledger.count_missing(FINGERPRINT) == 1


def test_kept_vectors_of_another_length_are_refused_naming_both(ledger):
    put(ledger, "/a.txt", "one")
    embed(ledger)

    with pytest.raises(IndexMismatch, match=r"16 numbers.*says 32"):
        list(ledger.live_rows(FINGERPRINT, 32))
