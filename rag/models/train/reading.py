"""Reading passages with a trained reader, as the measurement does."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from rag.models.train.encode import CLS, QUESTION_TOKENS, SEP
from rag.models.train.measure import Floats, Item, auc, token_f1, youden
from rag.models.train.reader import Reader

WINDOW = 160
"""Longest piece of a passage that is read at once, in tokens."""
_ANSWER_TOKENS = 30
_BATCH = 16


@dataclass(frozen=True, slots=True)
class Read:
    """What a reader found in a passage; scores without bounds, higher is more likely."""

    start: int
    """Characters of the passage, half-open."""
    end: int
    margin: float
    """Score of the best answer less that of "no answer" (Rajpurkar et al., 2018)."""
    answerable: float
    relevant: float


@dataclass(frozen=True, slots=True)
class _Piece:
    row: int
    question: list[int]
    passage: list[int]
    offsets: list[tuple[int, int]]


def read_passages(
    reader: Reader,
    tokenizer: Any,  # noqa: ANN401
    pairs: Sequence[tuple[str, str]],
    window: int = WINDOW,
) -> list[Read]:
    """Return what `reader` finds in each (question, passage).

    A passage longer than `window` tokens is read in pieces that overlap by half; its best piece
    speaks for it, score by score.
    """
    pieces = [p for row, pair in enumerate(pairs) for p in _pieces(row, pair, tokenizer, window)]
    pieces.sort(key=lambda piece: len(piece.passage))
    best: dict[int, Read] = {}
    marks = tokenizer.token_to_id(CLS), tokenizer.token_to_id(SEP)
    for first in range(0, len(pieces), _BATCH):
        batch = pieces[first : first + _BATCH]
        for piece, read in zip(batch, _read(reader, batch, marks), strict=True):
            best[piece.row] = _better(best.get(piece.row), read)
    return [best.get(row, Read(0, 0, -np.inf, -np.inf, -np.inf)) for row in range(len(pairs))]


def figures(items: Sequence[Item], reads: Sequence[Read]) -> dict[str, float]:
    """Return F1 on answerable questions, and how well each score tells them from the others."""
    truth = [item.answerable for item in items]
    f1 = [
        token_f1(item.passage[read.start : read.end], item.answers)
        for item, read in zip(items, reads, strict=True)
        if item.answerable
    ]
    found = {"n": float(len(items)), "f1": float(np.mean(f1))}
    for name, values in scores(reads).items():
        best, threshold = youden(truth, values)
        found |= {f"auc_{name}": auc(truth, values), f"youden_{name}": best}
        found[f"threshold_{name}"] = threshold
    return found


def scores(reads: Sequence[Read]) -> dict[str, Floats]:
    """Return the scores by name, each shape (n,); `sum` adds judge and margin."""
    margin = np.asarray([read.margin for read in reads])
    judge = np.asarray([read.answerable for read in reads])
    relevant = np.asarray([read.relevant for read in reads])
    return {"judge": judge, "margin": margin, "sum": judge + margin / 2, "relevant": relevant}


def _pieces(row: int, pair: tuple[str, str], tokenizer: Any, window: int) -> list[_Piece]:  # noqa: ANN401
    question = tokenizer.encode(pair[0], add_special_tokens=False).ids[:QUESTION_TOKENS]
    passage = tokenizer.encode(pair[1], add_special_tokens=False)
    last = max(0, len(passage.ids) - window)
    starts = sorted({*range(0, last, max(1, window // 2)), last}) if passage.ids else []
    return [
        _Piece(row, question, passage.ids[s : s + window], passage.offsets[s : s + window])
        for s in starts
    ]


@torch.inference_mode()
def _read(reader: Reader, batch: list[_Piece], marks: tuple[int, int]) -> list[Read]:
    cls, sep = marks
    rows = [[cls, *p.question, sep, *p.passage, sep] for p in batch]
    ids = torch.zeros(len(rows), max(map(len, rows)), dtype=torch.int64)
    mask, types = torch.zeros_like(ids), torch.zeros_like(ids)
    for number, (row, piece) in enumerate(zip(rows, batch, strict=True)):
        ids[number, : len(row)] = torch.tensor(row)
        mask[number, : len(row)] = 1
        types[number, len(piece.question) + 2 : len(row)] = 1
    readable = types.bool()
    readable[range(len(rows)), [len(row) - 1 for row in rows]] = False
    said = reader(ids, mask, types, readable)
    found = []
    for number, piece in enumerate(batch):
        low, high = len(piece.question) + 2, len(rows[number]) - 1
        starts, ends = said.starts[number].double(), said.ends[number].double()
        first, last, score = _best_span(starts[low:high].numpy(), ends[low:high].numpy())
        null = float(starts[0] + ends[0])
        found.append(
            Read(
                piece.offsets[first][0],
                piece.offsets[last][1],
                score - null,
                float(said.answerable[number]),
                float(said.relevant[number]),
            )
        )
    return found


def _best_span(starts: Floats, ends: Floats) -> tuple[int, int, float]:
    """Return first and last token of the best answer, and its score."""
    total = starts[:, None] + ends[None, :]
    rows, columns = np.indices(total.shape)
    total[(columns < rows) | (columns - rows >= _ANSWER_TOKENS)] = -np.inf
    first, last = np.unravel_index(int(total.argmax()), total.shape)
    return int(first), int(last), float(total[first, last])


def _better(one: Read | None, other: Read) -> Read:
    if one is None:
        return other
    place = one if one.margin >= other.margin else other
    return Read(
        place.start,
        place.end,
        place.margin,
        max(one.answerable, other.answerable),
        max(one.relevant, other.relevant),
    )
