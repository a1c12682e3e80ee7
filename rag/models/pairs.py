"""Any transformers classifier over pairs of texts: what rerankers and NLI models are."""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from rag.models.network import Network
from rag.protocols import Floats, Ids


class PairModel:
    """A sequence classifier; a pair it cannot read at once is read in overlapping windows."""

    def __init__(self, model: str, *, device: str = "cpu", precision: str = "auto") -> None:
        """Open `model`; the arguments are those of `Network`.

        Raises:
            WeightsMissing: If the model is not on this machine.
            ModelError: If its weights are pickled, or it is no classifier.
        """
        self.network = Network(
            model, "AutoModelForSequenceClassification", device=device, precision=precision
        )
        self.name = self.network.name
        self.labels: dict[int, str] = dict(self.network.config.id2label)

    def logits(
        self, firsts: Sequence[str], seconds: Sequence[str], *, cut: Literal["first", "second"]
    ) -> tuple[Floats, Ids]:
        """Return raw scores, shape (windows, labels), and the pair of each, shape (windows,).

        Args:
            firsts: First text of each pair.
            seconds: Second text of each pair.
            cut: Which text is split when a pair is longer than the model reads.

        Raises:
            ModelError: If the other text alone is longer than the model reads.
        """
        found: list[Floats] = [np.zeros((0, len(self.labels)), np.float32)]
        owners: list[Ids] = [np.zeros(0, np.int64)]
        for batch in self.network.windows(firsts, seconds, cut=cut):
            found.append(batch.output.logits.float().cpu().numpy())
            owners.append(batch.owners)
        return np.concatenate(found), np.concatenate(owners)
