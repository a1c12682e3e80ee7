"""Any transformers model that marks an answer in a text, such as those trained on SQuAD 2.0."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rag.models.network import STRIDE, Network
from rag.protocols import Floats, Ids, Reading

LONGEST_ANSWER = 30
"""Tokens of the longest span that `Reading.answerable` considers."""
NOTHING = -30.0
"""Log-odds that a text without a single token answers anything."""


@dataclass(frozen=True, slots=True)
class _Window:
    """What a model makes of one window: scores less those of "no answer", tokens of the text."""

    offsets: Ids
    starts: Floats
    ends: Floats


class TransformersReader:
    """Reads with an extractive model: BERT, RoBERTa, ELECTRA, DeBERTa-v2, MPNet and their kin.

    "No answer" is the first token's score (Devlin et al., 2019). Such a model has no head of
    its own for "the text is about this", so `relevant` says the same as `answerable`.
    """

    def __init__(self, folder: str | Path, *, device: str = "cpu", precision: str = "auto") -> None:
        """Open the model in `folder`; the arguments are those of `Network`.

        Raises:
            WeightsMissing: If the model is not on this machine.
            ModelError: If its weights are pickled, or it cannot mark answers.
        """
        self._network = Network(
            str(folder), "AutoModelForQuestionAnswering", device=device, precision=precision
        )
        self.name = self._network.name

    def read(self, question: str, texts: Sequence[str]) -> list[Reading]:
        """Return one reading per text, in order.

        A long text is read in overlapping windows, each compared with its own "no answer"; a
        token of two windows takes the better score of each kind.

        Raises:
            ModelError: If the question alone is longer than the model reads.
        """
        windows: list[list[_Window]] = [[] for _ in texts]
        for batch in self._network.windows([question] * len(texts), texts, cut="second"):
            starts = batch.output.start_logits.float().cpu().numpy()  # (rows, tokens)
            ends = batch.output.end_logits.float().cpu().numpy()
            for row, owner in enumerate(batch.owners):
                window = self._window(batch.encoded, row, starts[row], ends[row])
                windows[owner].append(window)
        return [_merged(text, found) for text, found in zip(texts, windows, strict=True)]

    def _window(self, encoded: Any, row: int, starts: Floats, ends: Floats) -> _Window:  # noqa: ANN401
        of_text = np.asarray([part == 1 for part in encoded.sequence_ids(row)])
        ids = encoded["input_ids"][row].tolist()
        first = self._network.tokenizer.cls_token_id
        null = ids.index(first) if first in ids else 0
        offsets = np.asarray(encoded.encodings[row].offsets, np.int64).reshape(-1, 2)
        return _Window(offsets[of_text], starts[of_text] - starts[null], ends[of_text] - ends[null])


def best_span(starts: Floats, ends: Floats, longest: int = LONGEST_ANSWER) -> float:
    """Return the best `starts[i] + ends[j]` with j in [i, i + longest), or `NOTHING`."""
    sums = [starts[: len(starts) - size] + ends[size:] for size in range(min(longest, len(starts)))]
    return max((float(row.max()) for row in sums), default=NOTHING)


def _merged(text: str, windows: Sequence[_Window]) -> Reading:
    """Return the windows of `text` as one; each repeats `STRIDE` tokens of the one before."""
    offsets, starts, ends = windows[0].offsets, windows[0].starts, windows[0].ends
    for window in windows[1:]:
        again = min(STRIDE, len(window.starts))
        offsets = np.concatenate([offsets, window.offsets[again:]])
        starts = _joined(starts, window.starts, again)
        ends = _joined(ends, window.ends, again)
    best = max(best_span(window.starts, window.ends) for window in windows)
    return Reading(_trimmed(text, offsets), starts, ends, answerable=best, relevant=best)


def _joined(before: Floats, after: Floats, again: int) -> Floats:
    seam = np.maximum(before[len(before) - again :], after[:again])
    return np.concatenate([before[: len(before) - again], seam, after[again:]])


def _trimmed(text: str, offsets: Ids) -> Ids:
    """Return `offsets` without the blanks that some tokenizers count to the word after them."""
    trimmed = offsets.copy()
    for row, (start, end) in enumerate(offsets.tolist()):
        piece = text[start:end]
        if piece.strip():
            trimmed[row, 0] = start + len(piece) - len(piece.lstrip())
            trimmed[row, 1] = end - (len(piece) - len(piece.rstrip()))
    return trimmed
