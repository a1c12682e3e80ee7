"""The reader: a BERT encoder with a span head, an answerability head and a relevance head."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional

from rag.errors import ModelError, WeightsMissing
from rag.models.folder import read_json
from rag.models.train.batches import Batch
from rag.models.train.quantise import restored
from rag.models.train.sources import UNKNOWN

_FAR = -1e4  # far below any score, and finite in half precision
_RELEVANCE_SHARE = 0.3


@dataclass(frozen=True, slots=True)
class Readings:
    """What the heads say, before any threshold; higher means more likely."""

    starts: Tensor
    """Shape (n, tokens); column 0 is "no answer", far below zero outside the passage."""
    ends: Tensor
    answerable: Tensor
    """Shape (n,), a logit: the passage answers the question."""
    relevant: Tensor
    """Shape (n,), a logit: the passage is about the question."""


class Reader(nn.Module):
    """Marks the answer in a passage (Devlin et al., 2019) and says whether there is one.

    The answerability head sees `[CLS]` and the tokens where the span head believes the answer
    to start and end, so that it judges a candidate and not the topic alone.
    """

    def __init__(self, encoder: Any, dropout: float = 0.1) -> None:  # noqa: ANN401
        """Put new heads on `encoder`, a transformers `BertModel` without pooler."""
        super().__init__()
        dim = int(encoder.config.hidden_size)
        self.encoder = encoder
        self.span = nn.Linear(dim, 2)
        self.judge = nn.Linear(3 * dim, dim)
        self.answerable = nn.Linear(dim, 1)
        self.relevant = nn.Linear(dim, 1)
        self.dropout = nn.Dropout(dropout)

    def forward(self, ids: Tensor, mask: Tensor, types: Tensor, readable: Tensor) -> Readings:
        """Return the scores of all heads; the arguments are those of `Batch`."""
        hidden = self.encoder(input_ids=ids, attention_mask=mask, token_type_ids=types)
        hidden = self.dropout(hidden.last_hidden_state.float())  # (n, tokens, dim)
        scores = self.span(hidden)  # (n, tokens, 2)
        inside = scores.masked_fill(~readable[:, :, None], _FAR)
        looked = torch.einsum("nts,ntd->nsd", inside.softmax(dim=1), hidden)
        seen = torch.cat([hidden[:, 0], looked.flatten(1)], dim=1)  # (n, 3 dim)
        judged = self.dropout(functional.gelu(self.judge(seen)))
        null = torch.zeros_like(readable)
        null[:, 0] = True
        scores = scores.masked_fill(~(readable | null)[:, :, None], _FAR)
        return Readings(
            scores[:, :, 0],
            scores[:, :, 1],
            self.answerable(judged)[:, 0],
            self.relevant(hidden[:, 0])[:, 0],
        )


def loss_of(readings: Readings, batch: Batch) -> Tensor:
    """Return the mean loss of a batch: span, answerability and a little relevance.

    A row whose span or relevance nobody marked teaches the other heads alone.
    """
    starts, ends = (
        functional.cross_entropy(
            scores, batch.spans[:, side], ignore_index=UNKNOWN, reduction="sum"
        )
        for side, scores in enumerate((readings.starts, readings.ends))
    )
    marked = (batch.spans[:, 0] != UNKNOWN).sum().clamp(min=1)
    answerable = functional.binary_cross_entropy_with_logits(
        readings.answerable, batch.answerable.float()
    )
    known = batch.relevant != UNKNOWN
    relevant = functional.binary_cross_entropy_with_logits(
        readings.relevant,
        batch.relevant.clamp(min=0).float(),
        weight=known.float(),
        reduction="sum",
    )
    relevant = relevant / known.sum().clamp(min=1)
    return (starts + ends) / (2 * marked) + answerable + _RELEVANCE_SHARE * relevant


def fresh_reader(folder: Path) -> Reader:
    """Return a reader with untrained heads on the encoder in `folder`.

    Raises:
        WeightsMissing: If the folder lacks its configuration or safetensors weights.
        ModelError: If they are not those of a BERT encoder.
    """
    encoder, tensors = _parts(folder)
    encoder.config.attention_probs_dropout_prob = 0.0  # dropout there rules out the fast kernel
    encoder = type(encoder)(encoder.config, add_pooling_layer=False)
    found = {name.removeprefix("bert."): value for name, value in tensors.items()}
    wanted = encoder.state_dict().keys()
    if lacking := sorted(wanted - found.keys()):
        raise ModelError(f"{folder}/model.safetensors lacks {lacking[0]}; fetch the encoder again")
    encoder.load_state_dict({name: found[name] for name in wanted})
    return Reader(encoder)


def save_reader(reader: Reader, folder: Path) -> None:
    """Write `model.safetensors` and `config.json` into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {name: value.contiguous() for name, value in reader.state_dict().items()}
    save_file(tensors, folder / "model.safetensors")
    config = json.dumps(reader.encoder.config.to_dict(), indent=1, default=str)
    (folder / "config.json").write_text(config, encoding="utf-8")


def renamed(tensors: Mapping[str, Tensor], *, back: bool = False) -> dict[str, Tensor]:
    """Return `tensors` with the encoder's named as transformers names them, or `back`."""
    ours, theirs = ("bert.", "encoder.") if back else ("encoder.", "bert.")
    return {
        theirs + name.removeprefix(ours) if name.startswith(ours) else name: value
        for name, value in tensors.items()
    }


def load_reader(folder: Path) -> Reader:
    """Return the reader in `folder`, as `save_reader` or `export` wrote it, ready to read.

    Raises:
        WeightsMissing: If its files are not there.
        ModelError: If they are not a reader's.
    """
    encoder, tensors = _parts(folder)
    reader = Reader(encoder)
    try:
        reader.load_state_dict(renamed(restored(tensors), back=True))
    except RuntimeError as error:
        raise ModelError(f"{folder} holds another model, not a reader: {error}") from error
    return reader.eval()


def _parts(folder: Path) -> tuple[Any, dict[str, Tensor]]:
    """Return an untrained encoder as `folder` describes it, and the tensors there."""
    from transformers import BertConfig, BertModel  # noqa: PLC0415  (slow)

    config = BertConfig.from_dict(read_json(folder / "config.json"))
    weights = folder / "model.safetensors"
    try:
        return BertModel(config, add_pooling_layer=False), load_file(weights)
    except OSError as error:
        raise WeightsMissing(f"{weights} is missing: {error}") from error
    except SafetensorError as error:
        raise ModelError(f"{weights} cannot be read ({error})") from error
