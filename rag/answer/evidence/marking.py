"""From a reader's scores of tokens to the answer it marks in each sentence."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rag.protocols import Reader, Reading
from rag.types import Passage, Span

LONGEST = 30
"""Of a marked answer, in tokens of the reader."""
NOTHING = -20.0
"""The score of a sentence in which nothing is marked."""


@dataclass(frozen=True, slots=True)
class Mark:
    """The likeliest answer in one sentence, and how it compares with no answer at all."""

    span: Span | None
    """Characters of the document; None when the sentence holds no token."""
    score: float
    """Log-odds of this answer against none, as the reader counts them; higher is likelier."""
    answerable: float
    """A logit: the passage around it answers the question."""
    relevant: float
    """A logit: the passage is about what the question asks."""


def marks_of(question: str, places: Sequence[tuple[Passage, Span]], reader: Reader) -> list[Mark]:
    """Return what `reader` marks in each sentence, given as passage and place in its document."""
    passages = list({id(passage): passage for passage, _ in places}.values())
    readings = reader.read(question, [passage.chunk.text for passage in passages])
    found = {id(p): reading for p, reading in zip(passages, readings, strict=True)}
    return [mark(found[id(p)], span, p.chunk.span.start) for p, span in places]


def mark(reading: Reading, within: Span, offset: int = 0) -> Mark:
    """Return the best answer of `reading` that lies inside `within`.

    Args:
        reading: Of a text.
        within: Characters of the document.
        offset: Where the text begins in the document.
    """
    first = int(np.searchsorted(reading.offsets[:, 0], within.start - offset))
    last = int(np.searchsorted(reading.offsets[:, 1], within.end - offset, side="right"))
    if first >= last:
        return Mark(None, NOTHING, reading.answerable, reading.relevant)
    total = reading.starts[first:last, None] + reading.ends[None, first:last]
    places = np.arange(last - first)
    lengths = places[None, :] - places[:, None]
    total = np.where((lengths >= 0) & (lengths < LONGEST), total, -np.inf)
    row, column = np.unravel_index(int(total.argmax()), total.shape)
    start, end = reading.offsets[first + row, 0], reading.offsets[first + column, 1]
    score = max(NOTHING, float(total[row, column]))
    span = Span(int(start) + offset, int(end) + offset)
    return Mark(span, score, reading.answerable, reading.relevant)
