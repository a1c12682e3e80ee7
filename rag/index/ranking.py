"""The best k of many scores, the same way everywhere: score first, then chunk id."""

import numpy as np

from rag.protocols import Floats, Ids


def best(scores: Floats, ids: Ids, k: int) -> tuple[Floats, Ids]:
    """Return the k highest of `scores`, shape (n,), and their `ids`; ties in id order.

    A tie at the k-th place is also settled by id, so that the result never depends on the
    order of rows.
    """
    if k <= 0:
        return scores[:0], ids[:0]
    if k < len(scores):
        floor = np.partition(scores, len(scores) - k)[len(scores) - k]
        kept = np.flatnonzero(scores >= floor)
        scores, ids = scores[kept], ids[kept]
    order = np.lexsort((ids, -scores))[:k]
    return scores[order], ids[order]


def positions(ids: Ids, wanted: Ids) -> Ids:
    """Return where in sorted `ids`, shape (n,), those of `wanted` are that occur there."""
    if not len(ids):
        return np.empty(0, dtype=np.int64)
    places = np.searchsorted(ids, wanted)
    places[places == len(ids)] = 0
    return np.asarray(places[ids[places] == wanted], dtype=np.int64)
