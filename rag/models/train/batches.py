"""Batches of about equal cost: rows of like length, as many as fit a number of tokens."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

import numpy as np
import torch
from torch import Tensor

from rag.models.train.encode import Encoded, Ints

_MULTIPLE = 16  # lengths are padded to it: few shapes, so few compiled kernels kept in memory
_POOL = 4096  # rows sorted by length at a time: nearly no padding, and still shuffled


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows padded to the longest, all (n, tokens) or (n,) int64; mask of passage tokens bool."""

    ids: Tensor
    mask: Tensor
    types: Tensor
    readable: Tensor
    """Shape (n, tokens): where an answer may be, which is the passage without its end mark."""
    spans: Tensor
    """Shape (n, 2)."""
    answerable: Tensor
    relevant: Tensor


def batches(encoded: Encoded, *, tokens: int, seed: int) -> Iterator[Ints]:
    """Yield rows of batches for ever, the same for the same seed.

    In each pass a row comes `weight` times on average.

    Args:
        encoded: All rows.
        tokens: Most tokens in a batch, padding included; one row is always taken.
        seed: Of the order.
    """
    for epoch in count():
        rng = np.random.default_rng([seed, epoch])
        times = np.floor(encoded.weights + rng.random(len(encoded))).astype(np.int64)
        rows = rng.permutation(np.repeat(np.arange(len(encoded)), times))
        for start in range(0, len(rows), _POOL):
            pool = rows[start : start + _POOL]
            pool = pool[np.argsort(encoded.lengths[pool], kind="stable")]
            cut = _cuts(encoded.lengths[pool], tokens)
            pieces = np.split(pool, cut)
            for number in rng.permutation(len(pieces)):
                yield pieces[number]


def _cuts(lengths: Ints, tokens: int) -> list[int]:
    """Return where to cut sorted `lengths` so that rows times longest stays within `tokens`."""
    cuts, first = [], 0
    for row, length in enumerate(lengths.tolist()):
        if row > first and (row - first + 1) * length > tokens:
            cuts.append(row)
            first = row
    return cuts


def make_batch(encoded: Encoded, rows: Ints) -> Batch:
    """Return `rows` of `encoded`, padded with zeros to a length of which there are few."""
    lengths = torch.from_numpy(encoded.lengths[rows])
    longest = -(-int(lengths.max()) // _MULTIPLE) * _MULTIPLE
    ids = torch.zeros(len(rows), longest, dtype=torch.int64)
    for place, row in enumerate(rows.tolist()):
        piece = encoded.ids[encoded.offsets[row] : encoded.offsets[row + 1]]
        ids[place, : len(piece)] = torch.from_numpy(piece.astype(np.int64))
    before = torch.from_numpy(encoded.question_tokens[rows].astype(np.int64))
    columns = torch.arange(ids.shape[1])[None, :]
    mask = columns < lengths[:, None]
    passage = mask & (columns >= before[:, None])
    readable = passage & (columns < lengths[:, None] - 1)
    return Batch(
        ids,
        mask.long(),
        passage.long(),
        readable,
        torch.from_numpy(encoded.spans[rows].astype(np.int64)),
        torch.from_numpy(encoded.answerable[rows].astype(np.int64)),
        torch.from_numpy(encoded.relevant[rows].astype(np.int64)),
    )
