"""Any transformers classifier over pairs of texts: what rerankers and NLI models are."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

from rag.errors import ModelError
from rag.models.folder import local_folder
from rag.protocols import Floats, Ids

_BATCH = 16
_STRIDE = 64  # tokens a part repeats from the one before
_LONGEST = 8192  # tokenizers without a limit report an astronomic one


class PairModel:
    """A sequence classifier; a pair it cannot read at once is read in overlapping parts."""

    def __init__(self, model: str, *, device: str = "cpu") -> None:
        """Open `model`, a folder or the hub id of a model this machine has.

        Raises:
            WeightsMissing: If the model is not on this machine.
            ModelError: If its weights are pickled, or it is no classifier.
        """
        import torch  # noqa: PLC0415  (takes seconds; only when such a model is asked for)
        from transformers import (  # noqa: PLC0415
            AutoModelForSequenceClassification,
            AutoTokenizer,
        )

        folder = local_folder(model)
        try:
            self._tokenizer: Any = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
            self._model: Any = AutoModelForSequenceClassification.from_pretrained(
                folder, trust_remote_code=False, use_safetensors=True
            )
        except (OSError, ValueError, KeyError) as error:
            raise ModelError(f"{folder} cannot be opened as a classifier: {error}") from error
        self._model = self._model.to(device).eval()
        self._torch = torch
        self.name = Path(model).name
        self.labels: dict[int, str] = dict(self._model.config.id2label)
        positions = getattr(self._model.config, "max_position_embeddings", _LONGEST)
        self._longest = min(self._tokenizer.model_max_length, positions, _LONGEST)

    def logits(
        self, firsts: Sequence[str], seconds: Sequence[str], *, cut: Literal["first", "second"]
    ) -> tuple[Floats, Ids]:
        """Return raw scores, shape (parts, labels), and the pair of each part, shape (parts,).

        Args:
            firsts: First text of each pair.
            seconds: Second text of each pair.
            cut: Which text is split when a pair is longer than the model reads.

        Raises:
            ModelError: If the other text alone is longer than the model reads.
        """
        found: list[Floats] = [np.zeros((0, len(self.labels)), np.float32)]
        owners: list[Ids] = [np.zeros(0, np.int64)]
        for start in range(0, len(firsts), _BATCH):
            pairs = slice(start, start + _BATCH)
            encoded = self._encode(list(firsts[pairs]), list(seconds[pairs]), cut)
            owners.append(encoded.pop("overflow_to_sample_mapping").numpy() + start)
            with self._torch.inference_mode():
                scores = self._model(**encoded.to(self._model.device)).logits
            found.append(scores.float().cpu().numpy())
        return np.concatenate(found), np.concatenate(owners)

    def _encode(self, firsts: list[str], seconds: list[str], cut: str) -> Any:  # noqa: ANN401
        kept = seconds if cut == "first" else firsts
        room = self._longest - _STRIDE - self._tokenizer.num_special_tokens_to_add(pair=True)
        lengths = [len(ids) for ids in self._tokenizer(kept, add_special_tokens=False).input_ids]
        if max(lengths) >= room:
            raise ModelError(
                f"a text of {max(lengths)} tokens leaves no room in the {self._longest} that"
                f" {self.name} reads"
            )
        return self._tokenizer(
            firsts, seconds, truncation=f"only_{cut}", max_length=self._longest, stride=_STRIDE,
            return_overflowing_tokens=True, padding=True, return_tensors="pt",
        )  # fmt: skip
