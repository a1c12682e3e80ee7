"""Opening a transformers network with a head, safely, and running it over pairs of texts.

Nothing here knows what the numbers mean. No code of a model's is run, no weight unpickled, and
no text of a document is taken for a special token of the tokenizer.
"""

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from rag.errors import ModelError
from rag.models.folder import local_folder
from rag.protocols import Ids

BATCH = 16
STRIDE = 64
"""Tokens a window repeats from the one before."""
PRECISIONS = ("auto", "float32", "bfloat16", "int8")
_LONGEST = 8192  # tokenizers without a limit report an astronomic one
_POSITIONS = ("max_position_embeddings", "n_positions")  # as BERT and T5 call it


@dataclass(frozen=True, slots=True)
class Windows:
    """One batch: what went in, what came out, and to which pair each row belongs."""

    encoded: Any
    """A transformers `BatchEncoding`; it knows offsets and which text a token is of."""
    output: Any
    owners: Ids
    """Shape (rows,)."""


class Network:
    """A pretrained network with one head, on one device, in one precision."""

    def __init__(
        self, model: str, head: str, *, device: str = "cpu", precision: str = "auto"
    ) -> None:
        """Open `model`.

        Args:
            model: A folder with safetensors weights, or a hub id the machine already has.
            head: The transformers class, such as `AutoModelForSequenceClassification`.
            device: A torch device, such as `cpu` or `cuda`.
            precision: `float32`, `bfloat16`, `int8` (matrices in eight bits, on a CPU), or
                `auto`: float32 on a CPU and bfloat16 elsewhere.

        Raises:
            WeightsMissing: If the model is not on this machine.
            ModelError: If its weights are pickled or lack the head, or the device or the
                precision cannot be had.
        """
        import torch  # noqa: PLC0415  (takes seconds; only when such a model is asked for)
        import transformers  # noqa: PLC0415

        if precision not in PRECISIONS:
            raise ModelError(f"no precision {precision!r}; there are {', '.join(PRECISIONS)}")
        folder = local_folder(model)
        self.name = Path(model).name
        self._torch = torch
        what = head.removeprefix("AutoModelFor")
        try:
            self.tokenizer: Any = transformers.AutoTokenizer.from_pretrained(
                folder, trust_remote_code=False
            )
            network, found = getattr(transformers, head).from_pretrained(
                folder, trust_remote_code=False, use_safetensors=True, output_loading_info=True,
                dtype=torch.float32,
            )  # fmt: skip
        except (OSError, ValueError, KeyError, ImportError) as error:
            raise ModelError(f"{folder} cannot be opened as a {what} model: {error}") from error
        if lacking := sorted(found["missing_keys"]):
            raise ModelError(
                f"{folder} lacks the weights {', '.join(lacking[:3])}: it was not trained for"
                f" this, or is damaged; name a model with a {what} head"
            )
        if not self.tokenizer.is_fast:
            raise ModelError(f"{folder} has no fast tokenizer; add its tokenizer.json")
        # A document that holds "[SEP]" or "</s>" must not open a segment of its own.
        self.tokenizer.split_special_tokens = True
        self.network = _placed(torch, network, device, precision, self.name).eval()
        self.config: Any = network.config
        self.longest = min(self.tokenizer.model_max_length, _positions(network), _LONGEST)

    def run(self, encoded: Any, **more: Any) -> Any:  # noqa: ANN401
        """Return the network's output for one batch, without gradients."""
        place = next(self.network.parameters()).device
        with self._torch.inference_mode():
            return self.network(**{key: value.to(place) for key, value in encoded.items()}, **more)

    def windows(
        self, firsts: Sequence[str], seconds: Sequence[str], *, cut: Literal["first", "second"]
    ) -> Iterator[Windows]:
        """Yield batches of pairs; one too long to read at once comes in overlapping windows.

        The windows of a pair stand in order in one batch. Pairs of like length go together, so
        that little is padded.

        Args:
            firsts: First text of each pair.
            seconds: Second text of each pair.
            cut: Which text is split.

        Raises:
            ModelError: If the other text alone is longer than the model reads.
        """
        order = sorted(range(len(firsts)), key=lambda row: len(firsts[row]) + len(seconds[row]))
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            encoded = self._encode([firsts[r] for r in rows], [seconds[r] for r in rows], cut)
            of_batch = encoded.pop("overflow_to_sample_mapping").numpy()
            yield Windows(encoded, self.run(encoded), np.asarray(rows, np.int64)[of_batch])

    def count(self, text: str) -> int:
        """Return the length of `text` in tokens, without special ones."""
        return len(self.tokenizer(text, add_special_tokens=False).input_ids)

    def parts(self, text: str, room: int) -> list[str]:
        """Return `text` in overlapping parts of at most `room` tokens; one when it fits.

        Raises:
            ModelError: If there is no room at all.
        """
        if room < 8:
            raise ModelError(
                f"a text leaves no room for its evidence in the {self.longest} tokens that"
                f" {self.name} reads"
            )
        encoded = self.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
        places = encoded["offset_mapping"]
        if len(places) <= room:
            return [text]
        step = room - min(STRIDE, room // 2)
        starts = range(0, len(places) - (room - step), step)
        return [text[places[s][0] : places[min(s + room, len(places)) - 1][1]] for s in starts]

    def _encode(self, firsts: list[str], seconds: list[str], cut: str) -> Any:  # noqa: ANN401
        kept = seconds if cut == "first" else firsts
        room = self.longest - STRIDE - self.tokenizer.num_special_tokens_to_add(pair=True)
        lengths = [len(ids) for ids in self.tokenizer(kept, add_special_tokens=False).input_ids]
        if max(lengths) >= room:
            raise ModelError(
                f"a text of {max(lengths)} tokens leaves no room in the {self.longest} that"
                f" {self.name} reads"
            )
        return self.tokenizer(
            firsts, seconds, truncation=f"only_{cut}", max_length=self.longest, stride=STRIDE,
            return_overflowing_tokens=True, padding=True, return_tensors="pt",
        )  # fmt: skip


def _placed(torch: Any, network: Any, device: str, precision: str, name: str) -> Any:  # noqa: ANN401
    on_cpu = device.partition(":")[0] == "cpu"
    if precision == "int8" and not on_cpu:
        raise ModelError(f"{name}: int8 runs on a CPU only; take bfloat16 on {device}")
    try:
        if precision == "bfloat16" or (precision == "auto" and not on_cpu):
            network = network.to(torch.bfloat16)
        network = network.to(device)
    except (RuntimeError, AssertionError) as error:  # torch asserts that it was built for CUDA
        raise ModelError(f"{name} cannot run on {device!r}: {error}") from error
    if precision != "int8":
        return network
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch is about to move this to another package
            tools = torch.ao.quantization
            by_row = {torch.nn.Linear: tools.per_channel_dynamic_qconfig}  # one scale a row
            return tools.quantize_dynamic(network, by_row)
    except (AttributeError, RuntimeError) as error:
        raise ModelError(f"{name}: this torch has no int8 ({error}); take bfloat16") from error


def _positions(network: Any) -> int:  # noqa: ANN401
    """Return how many tokens have a position; RoBERTa and its kin spend the first ones on none."""
    known = (getattr(network.config, name, None) for name in _POSITIONS)
    most = int(next(filter(None, known), _LONGEST))
    tables = (
        part for name, part in network.named_modules() if name.endswith("position_embeddings")
    )
    for table in tables:
        if getattr(table, "padding_idx", None) is not None:
            most = min(most, table.num_embeddings - table.padding_idx - 1)
    return most
