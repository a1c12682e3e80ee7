"""Does a premise support a hypothesis: the built-in judge, and any classifier of pairs."""

from collections.abc import Iterator, Sequence
from itertools import chain

import numpy as np

from rag.models.labels import best_of_each, columns_of, matched, probabilities
from rag.models.overlap import FEATURES, Premise, is_sentence_of, overlap
from rag.models.pairs import PairModel
from rag.protocols import Embedder, Floats

# Fitted by `python -m tests.bench.fit_verifier`.
_WEIGHTS = {
    "coverage": 0.67,
    "coverage_window": 1.09,
    "bigrams": 0.32,
    "run": 0.54,
    "numbers_missing": -0.51,
    "number_absent": -0.79,
    "name_absent": -0.47,
    "cosine_sentence": 1.13,
    "cosine_premise": 1.01,
}
_INTERCEPT = -2.37
_VERBATIM = 0.97
_CONTRADICTION_SHARE = 0.1


class SimilarityVerifier:
    """Judges by words in common and by the embedder that is loaded anyway; no weights of its own.

    A logistic over the numbers of `rag.models.overlap`: quick, and a first line only. It cannot
    tell a contradiction from silence, so a constant share of what is not entailment goes there.
    """

    def __init__(self, embedder: Embedder) -> None:
        """Judge with `embedder`."""
        self._embedder = embedder
        self.name = f"similarity ({embedder.name})"

    def infer(self, premises: Sequence[str], hypotheses: Sequence[str]) -> Floats:
        """Return (entailment, neutral, contradiction), rows summing to 1, shape (n, 3).

        A premise that holds the hypothesis as a whole sentence, word for word, entails it.

        Raises:
            ModelError: If there are not as many premises as hypotheses.
        """
        rows = np.zeros((len(hypotheses), 3), np.float32)
        weights = np.asarray([_WEIGHTS[name] for name in FEATURES])
        for row, (premise, numbers) in enumerate(self.overlaps(premises, hypotheses)):
            entailment = float(1 / (1 + np.exp(-(numbers @ weights + _INTERCEPT))))
            if is_sentence_of(hypotheses[row], premise):
                entailment = max(entailment, _VERBATIM)
            against = (1 - entailment) * _CONTRADICTION_SHARE
            rows[row] = entailment, 1 - entailment - against, against
        return rows

    def overlaps(
        self, premises: Sequence[str], hypotheses: Sequence[str]
    ) -> Iterator[tuple[Premise, Floats]]:
        """Yield each premise, taken apart, with its row of `FEATURES`; what the fit reads.

        Raises:
            ModelError: If there are not as many premises as hypotheses.
        """
        parts = [Premise.of(premise) for premise in matched(premises, hypotheses)]
        near = [
            [part.sentences[row] for row in part.nearest(hypothesis)]
            for part, hypothesis in zip(parts, hypotheses, strict=True)
        ]
        places: dict[str, int] = {}
        for text in chain(hypotheses, *near):
            places.setdefault(text, len(places))
        # As queries, since a sentence of a stranger's document may be longer than the model reads.
        vectors = self._embedder.embed_queries(list(places))
        for part, hypothesis, chosen in zip(parts, hypotheses, near, strict=True):
            wanted = vectors[places[hypothesis]]
            held = vectors[[places[sentence] for sentence in chosen]]
            mean = held.mean(axis=0)
            whole = float(wanted @ mean) / max(float(np.linalg.norm(mean)), 1e-6)
            yield part, overlap(hypothesis, part, held @ wanted, whole)


class CrossEncoderVerifier:
    """Judges with a classifier of pairs: NLI of three labels, or supported and not."""

    def __init__(
        self,
        model: str,
        labels: Sequence[str] = (),
        *,
        device: str = "cpu",
        precision: str = "auto",
    ) -> None:
        """Open `model`.

        Args:
            model: A folder with safetensors weights, or a hub id the machine already has.
            labels: What each output means, where its configuration does not say.
            device: A torch device, such as `cpu` or `cuda`.
            precision: `float32`, `bfloat16`, `int8` or `auto`, as `Network` takes it.

        Raises:
            WeightsMissing: If the model is not on this machine.
            ModelError: If its labels do not say which one is entailment.
            SettingsError: If there are not as many labels as outputs.
        """
        self._pairs = PairModel(model, device=device, precision=precision)
        self.name = self._pairs.name
        self._columns = columns_of(self._pairs.labels, self.name, labels)

    def infer(self, premises: Sequence[str], hypotheses: Sequence[str]) -> Floats:
        """Return (entailment, neutral, contradiction), rows summing to 1, shape (n, 3).

        A premise longer than the model reads is judged in overlapping parts, and the part that
        entails most counts.

        Raises:
            ModelError: If there are not as many premises as hypotheses, or a hypothesis alone
                is longer than the model reads.
        """
        logits, owners = self._pairs.logits(matched(premises, hypotheses), hypotheses, cut="first")
        rows = probabilities(logits, self._columns)
        return best_of_each(rows, owners.tolist(), len(hypotheses))
