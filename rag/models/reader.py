"""The reader that ships with the library: where in a text the answer to a question is, if it is.

Made by `rag.models.train` (its card is beside it), run by OpenVINO, so that answering a question
never imports torch.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rag.errors import ModelError
from rag.models.bert import bert_weights, dense, encoder, read_bert
from rag.models.folder import read_json, refuse_pickles
from rag.models.runner import Array, Runner, by_length, padded, read_tokenizer
from rag.protocols import Ids, Reading

_BATCH = 4
_MARKS = 3  # [CLS] question [SEP] text [SEP]
_LOW = np.float32(-1e4)  # far below any score


@dataclass(frozen=True, slots=True)
class _Piece:
    """As much of a text as is read at once."""

    row: int
    first: int
    """Its first token's place in the text."""
    ids: list[int]


class OpenVinoReader:
    """Reads a question with a text and scores every token (Devlin et al., 2019).

    Safe to share between threads.
    """

    def __init__(self, folder: Path, *, name: str = "", threads: int = 0) -> None:
        """Open the reader in `folder`, as `rag.models.train` exports it.

        Raises:
            WeightsMissing: If a file is absent.
            ModelError: If the folder holds another model.
        """
        refuse_pickles(folder)
        facts = read_json(folder / "reader.json")
        self.name = name or folder.name
        self._tokenizer = read_tokenizer(folder)
        self._runner = Runner(reader_graph(folder, self._mark("[SEP]")), threads)
        try:
            self._question = int(facts["question_tokens"])
            room = int(read_json(folder / "config.json")["max_position_embeddings"])
            self._window = min(int(facts["window_tokens"]), room - self._question - _MARKS)
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(
                f"{folder}/reader.json is damaged ({error!r}); fetch it again"
            ) from error

    def read(self, question: str, texts: Sequence[str]) -> list[Reading]:
        """Return one reading per text, in order.

        A text longer than a window is read in windows that overlap by half; a token takes the
        better of its two scores, and the text the best verdict of its windows.
        """
        asked = self._tokenizer.encode(question, add_special_tokens=False).ids[: self._question]
        read = self._tokenizer.encode_batch(list(texts), add_special_tokens=False)
        pieces = [p for row, text in enumerate(read) for p in self._pieces(row, text.ids)]
        lead = [self._mark("[CLS]"), *asked, self._mark("[SEP]")]
        rows = [[*lead, *piece.ids, self._mark("[SEP]")] for piece in pieces]
        batches = by_length(rows, _BATCH)
        found = [_Found(len(text.ids)) for text in read]
        inputs = (_inputs([rows[row] for row in batch], len(lead)) for batch in batches)
        for batch, outputs in zip(batches, self._runner.run(inputs), strict=True):
            for number, row in enumerate(batch):
                found[pieces[row].row].add(pieces[row], [o[number] for o in outputs], len(lead))
        return [
            f.reading(np.asarray(text.offsets, np.int64).reshape(-1, 2))
            for f, text in zip(found, read, strict=True)
        ]

    def _pieces(self, row: int, ids: Sequence[int]) -> list[_Piece]:
        size = self._window
        last = max(0, len(ids) - size)
        starts = sorted({*range(0, last, max(1, size // 2)), last}) if ids else []
        return [_Piece(row, start, list(ids[start : start + size])) for start in starts]

    def _mark(self, token: str) -> int:
        found = self._tokenizer.token_to_id(token)
        if found is None:
            raise ModelError(
                f"the tokenizer of {self.name} knows no {token}; it is no BERT reader's"
            )
        return int(found)


class _Found:
    """Collects what the windows of one text say."""

    def __init__(self, tokens: int) -> None:
        self.starts = np.full(tokens, _LOW, np.float32)
        self.ends = np.full(tokens, _LOW, np.float32)
        self.answerable = self.relevant = float(_LOW)

    def add(self, piece: _Piece, outputs: Sequence[Array], lead: int) -> None:
        starts, ends, answerable, relevant = outputs
        here = slice(piece.first, piece.first + len(piece.ids))
        there = slice(lead, lead + len(piece.ids))
        for kept, scores in ((self.starts, starts), (self.ends, ends)):
            kept[here] = np.maximum(kept[here], scores[there] - scores[0])
        self.answerable = max(self.answerable, float(answerable))
        self.relevant = max(self.relevant, float(relevant))

    def reading(self, offsets: Ids) -> Reading:
        return Reading(offsets, self.starts, self.ends, self.answerable, self.relevant)


def _inputs(rows: Sequence[Sequence[int]], lead: int) -> list[Array]:
    """Return ids, mask and types, each (n, longest); the second text starts at `lead`."""
    types = [[0] * lead + [1] * (len(row) - lead) for row in rows]
    return [padded(rows), padded([[1] * len(row) for row in rows]), padded(types)]


def reader_graph(folder: Path, sep: int) -> Any:  # noqa: ANN401  (untyped library)
    """Return a model of (ids, mask, types), each (n, tokens) int64.

    Its outputs are the scores of starts and ends, (n, tokens), column 0 for no answer, and the
    logits of answerable and relevant, (n,); what they mean is told by `rag.models.train.reader`.

    Raises:
        WeightsMissing: If a file is absent.
        ModelError: If the folder holds another model.
    """
    import openvino as ov  # noqa: PLC0415  (not needed to import this module)
    from openvino import opset13 as op  # noqa: PLC0415

    config, weights = read_bert(folder)
    ids, mask, types = (op.parameter([-1, -1], np.int64, name=n) for n in ("ids", "mask", "types"))
    hidden = encoder(ids, mask, types, bert_weights(weights), config)
    zero, one, two = (op.constant([number]) for number in (0, 1, 2))
    inside = op.logical_and(
        op.equal(types, op.constant(np.int64(1))), op.not_equal(ids, op.constant(np.int64(sep)))
    )
    scores = dense(hidden, weights, "span")  # (n, tokens, 2)
    seen = op.softmax(op.select(op.unsqueeze(inside, two), scores, op.constant(_LOW)), 1)
    looked = op.matmul(seen, hidden, True, False)  # (n, 2, dim)
    looked = op.reshape(looked, op.constant([0, 2 * config["hidden_size"]]), True)
    first = op.squeeze(op.slice(hidden, zero, one, one, one), one)  # (n, dim)
    judged = op.gelu(dense(op.concat([first, looked], 1), weights, "judge"), "erf")
    parts = op.split(scores, op.constant(2), 2)
    starts, ends = (op.squeeze(parts.output(side), two) for side in (0, 1))
    heads = ((judged, "answerable"), (first, "relevant"))
    verdicts = [op.squeeze(dense(node, weights, name), one) for node, name in heads]
    return ov.Model([starts, ends, *verdicts], [ids, mask, types], "reader")
