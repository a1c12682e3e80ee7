"""Any cross-encoder that scores a question and a text together."""

from collections.abc import Sequence

import numpy as np

from rag.errors import ModelError
from rag.models.pairs import PairModel
from rag.protocols import Floats


class CrossEncoderReranker:
    """Scores with a classifier of one label, such as the MS MARCO cross-encoders."""

    def __init__(self, model: str, *, device: str = "cpu") -> None:
        """Open `model`.

        Args:
            model: A folder with safetensors weights, or a hub id the machine already has.
            device: A torch device, such as `cpu` or `cuda`.

        Raises:
            WeightsMissing: If the model is not on this machine.
            ModelError: If it has more than one label.
        """
        self._pairs = PairModel(model, device=device)
        self.name = self._pairs.name
        if len(self._pairs.labels) != 1:
            raise ModelError(
                f"{self.name} has {len(self._pairs.labels)} labels and a reranker has one; an NLI"
                " model belongs under verifier.model"
            )

    def score(self, question: str, texts: Sequence[str]) -> Floats:
        """Return one relevance per text, shape (n,), higher is better, unbounded.

        A text longer than the model reads is scored in overlapping parts; its best part counts.

        Raises:
            ModelError: If the question alone is longer than the model reads.
        """
        logits, owners = self._pairs.logits([question] * len(texts), texts, cut="second")
        scores = np.full(len(texts), -np.inf, np.float32)
        np.maximum.at(scores, owners, logits[:, 0])
        return scores
