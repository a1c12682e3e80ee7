"""Examples as token ids: `[CLS] question [SEP] window of the passage [SEP]`.

A long passage is cut to a window, by the same rule whether or not it answers the question, so
that the place of the cut says nothing about the label. Most windows are short: a question more
teaches more than a paragraph longer.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rag.errors import LoadError
from rag.models.train.sources import UNKNOWN, Example

Ints = npt.NDArray[np.int64]
Rng = np.random.Generator

CLS, SEP = "[CLS]", "[SEP]"
LENGTHS = (72, 112, 176)
LENGTH_ODDS = (0.5, 0.25, 0.25)
"""Longest item in tokens, drawn for each example."""
QUESTION_TOKENS = 40
ANSWER_TOKENS = 40
_STRAY = 0.3  # share of windows placed at random instead of where the question's words are
_BATCH = 2048


@dataclass(frozen=True, slots=True)
class Encoded:
    """All examples, end to end. A row is `ids[offsets[row] : offsets[row + 1]]`."""

    ids: npt.NDArray[np.uint16]
    offsets: Ints
    """Shape (n + 1,)."""
    question_tokens: npt.NDArray[np.int16]
    """Shape (n,): tokens before the passage, special ones included."""
    spans: npt.NDArray[np.int16]
    """Shape (n, 2): first and last token of the answer; (0, 0) for none, -1 for unknown."""
    answerable: npt.NDArray[np.int8]
    relevant: npt.NDArray[np.int8]
    weights: npt.NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.answerable)

    @property
    def lengths(self) -> Ints:
        """Return tokens per row, shape (n,)."""
        return np.diff(self.offsets)

    def save(self, path: Path) -> None:
        """Write all arrays to one `.npz`, without pickle."""
        np.savez(path, **{field.name: getattr(self, field.name) for field in fields(self)})

    @classmethod
    def load(cls, path: Path) -> "Encoded":
        """Read what `save` wrote.

        Raises:
            LoadError: If the file is missing or something else.
        """
        try:
            with np.load(path, allow_pickle=False) as arrays:
                return cls(**{field.name: arrays[field.name] for field in fields(cls)})
        except (OSError, KeyError, ValueError) as error:
            raise LoadError(f"{path} holds no encoded examples ({error}); prepare it") from error


def encode(examples: Iterable[Example], tokenizer: Any, rng: Rng) -> Encoded:  # noqa: ANN401
    """Return `examples` as token ids; an answer of over `ANSWER_TOKENS` is left out.

    Args:
        examples: Read once, in order.
        tokenizer: A BERT `tokenizers.Tokenizer`, without truncation.
        rng: Draws lengths and windows.
    """
    cls, sep = tokenizer.token_to_id(CLS), tokenizer.token_to_id(SEP)
    rows: list[list[int]] = []
    facts: list[tuple[int, int, int, int, int, float]] = []
    iterator = iter(examples)
    while batch := list(islice(iterator, _BATCH)):
        for example, question, passage in _tokens(batch, tokenizer):
            limit = int(rng.choice(LENGTHS, p=LENGTH_ODDS)) - len(question) - 3
            span = _token_span(example, passage.offsets)
            if span is not None and span[1] - span[0] >= min(ANSWER_TOKENS, limit):
                continue
            low = window_start(question, passage.ids, span, limit, rng)
            kept = passage.ids[low : low + limit]
            rows.append([cls, *question, sep, *kept, sep])
            start, end = _target(example, span, len(question) + 2 - low)
            facts.append(
                (
                    len(question) + 2,
                    start,
                    end,
                    example.answerable,
                    example.relevant,
                    example.weight,
                )
            )
    return _packed(rows, facts)


def window_start(
    question: Sequence[int],
    passage: Sequence[int],
    span: tuple[int, int] | None,
    size: int,
    rng: Rng,
) -> int:
    """Return where a window of `size` tokens starts that holds most of the question's words.

    A word counts for less the more often the passage has it. With a span, only windows that
    hold it are looked at; now and then any of them is taken.
    """
    last = max(0, len(passage) - size)
    first, final = (0, last) if span is None else (max(0, span[1] + 1 - size), min(span[0], last))
    if first >= final:
        return max(0, min(first, last))
    if rng.random() < _STRAY:
        return int(rng.integers(first, final + 1))
    ids = np.asarray(passage)
    asked = np.isin(ids, np.asarray(question))
    _, place, counts = np.unique(ids, return_inverse=True, return_counts=True)
    total = np.concatenate([[0.0], np.cumsum(asked / counts[place])])
    held = total[first + size : final + size + 1] - total[first : final + 1]
    best = np.flatnonzero(held >= held.max() - 1e-9)
    return first + int(rng.choice(best))


def _tokens(batch: list[Example], tokenizer: Any) -> Iterator[tuple[Example, list[int], Any]]:  # noqa: ANN401
    questions = tokenizer.encode_batch_fast([e.question for e in batch], add_special_tokens=False)
    passages = tokenizer.encode_batch([e.passage for e in batch], add_special_tokens=False)
    for example, question, passage in zip(batch, questions, passages, strict=True):
        if question.ids and passage.ids:
            yield example, question.ids[:QUESTION_TOKENS], passage


def _token_span(example: Example, offsets: Sequence[tuple[int, int]]) -> tuple[int, int] | None:
    if example.answer is None:
        return None
    start, end = example.answer
    inside = [row for row, (low, high) in enumerate(offsets) if low < end and high > start]
    return (inside[0], inside[-1]) if inside else None


def _target(example: Example, span: tuple[int, int] | None, shift: int) -> tuple[int, int]:
    if not example.answerable:
        return 0, 0
    return (UNKNOWN, UNKNOWN) if span is None else (span[0] + shift, span[1] + shift)


def _packed(rows: list[list[int]], facts: list[tuple[int, int, int, int, int, float]]) -> Encoded:
    columns = list(zip(*facts, strict=True)) or [()] * 6
    return Encoded(
        np.concatenate([np.asarray(row, np.uint16) for row in rows] or [np.empty(0, np.uint16)]),
        np.cumsum([0, *map(len, rows)], dtype=np.int64),
        np.asarray(columns[0], np.int16),
        np.stack([np.asarray(columns[1], np.int16), np.asarray(columns[2], np.int16)], axis=1),
        np.asarray(columns[3], np.int8),
        np.asarray(columns[4], np.int8),
        np.asarray(columns[5], np.float32),
    )
