"""Any cross-encoder that scores a question and a text together."""

from collections.abc import Mapping, Sequence

import numpy as np

from rag.errors import ModelError
from rag.models.pairs import PairModel
from rag.protocols import Floats

_RELEVANT = frozenset({"relevant", "true", "yes"})
_NOT_RELEVANT = frozenset({"not_relevant", "irrelevant", "non_relevant", "false", "no"})


class CrossEncoderReranker:
    """Scores with a classifier of one label (the MS MARCO cross-encoders) or of two.

    Of two, the score is the logit of "relevant" less the other (Nogueira and Cho, 2019); where
    nobody named them, the second is "relevant".
    """

    def __init__(self, model: str, *, device: str = "cpu", precision: str = "auto") -> None:
        """Open `model`.

        Args:
            model: A folder with safetensors weights, or a hub id the machine already has.
            device: A torch device, such as `cpu` or `cuda`.
            precision: `float32`, `bfloat16`, `int8` or `auto`, as `Network` takes it.

        Raises:
            WeightsMissing: If the model is not on this machine.
            ModelError: If its labels are not those of a reranker.
        """
        self._pairs = PairModel(model, device=device, precision=precision)
        self.name = self._pairs.name
        self._signs = _signs(self._pairs.labels, self.name)

    def score(self, question: str, texts: Sequence[str]) -> Floats:
        """Return one relevance per text, shape (n,), higher is better, unbounded.

        A text longer than the model reads is scored in overlapping parts; its best part counts.

        Raises:
            ModelError: If the question alone is longer than the model reads.
        """
        logits, owners = self._pairs.logits([question] * len(texts), texts, cut="second")
        scores = np.full(len(texts), -np.inf, np.float32)
        np.maximum.at(scores, owners, logits @ self._signs)
        return scores


def _signs(labels: Mapping[int, str], name: str) -> Floats:
    """Return what each logit counts, shape (labels,)."""
    if len(labels) == 1:
        return np.ones(1, np.float32)
    named = [labels[row].lower().replace("-", "_").replace(" ", "_") for row in sorted(labels)]
    if named == ["label_0", "label_1"]:
        return np.asarray([-1, 1], np.float32)
    signs = [(label in _RELEVANT) - (label in _NOT_RELEVANT) for label in named]
    if sorted(signs) != [-1, 1]:
        raise ModelError(
            f"{name} has the labels {list(labels.values())}, and a reranker has one, or relevant"
            " and not_relevant; an NLI model belongs under verifier.model"
        )
    return np.asarray(signs, np.float32)
