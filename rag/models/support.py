"""The shipped judgement over the numbers of `rag.models.overlap`: plain numbers in `support.json`.

Standardised features go through layers of weights, each but the last followed by tanh, and a
logistic. `python -m tests.bench.fit_verifier` fits and writes the file.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import numpy as np

from rag.errors import ModelError
from rag.models.overlap import FEATURES
from rag.protocols import Floats

FILE = "support.json"


@dataclass(frozen=True, slots=True)
class Layer:
    """An affine map: `weights` of shape (in, out), `bias` of shape (out,)."""

    weights: Floats
    bias: Floats


@dataclass(frozen=True, slots=True)
class Judgement:
    """What turns rows of `FEATURES` into the chance that a premise supports a hypothesis."""

    mean: Floats
    scale: Floats
    layers: tuple[Layer, ...]
    rarity: Mapping[str, float]
    """How rare a common stem is, in [0, 1]; a stem that is not there is rarer, 1."""

    def chance(self, rows: Floats) -> Floats:
        """Return the chance of support, in [0, 1], of rows of shape (n, len(FEATURES)): (n,)."""
        values = (rows - self.mean) / self.scale
        for layer in self.layers[:-1]:
            values = np.tanh(values @ layer.weights + layer.bias)
        odds = values @ self.layers[-1].weights + self.layers[-1].bias
        return np.asarray(1 / (1 + np.exp(-odds[:, 0])), np.float32)


def rarity_of(common: Sequence[str]) -> dict[str, float]:
    """Return how rare each of the `common` stems is, the commonest first, in (0, 1)."""
    longest = np.log(2 + len(common))
    return {stem: float(np.log(2 + rank) / longest) for rank, stem in enumerate(common)}


@lru_cache(maxsize=1)
def shipped() -> Judgement:
    """Return the judgement that comes with this package.

    Raises:
        ModelError: If the file was fitted on other features.
    """
    return read(files("rag.models").joinpath(FILE).read_text(encoding="utf-8"))


def read(text: str) -> Judgement:
    """Return a judgement from JSON.

    Raises:
        ModelError: If it was fitted on other features than `FEATURES`.
    """
    saved = json.loads(text)
    if tuple(saved["features"]) != FEATURES:
        raise ModelError(
            f"{FILE} was fitted on {saved['features']}, and overlap gives {list(FEATURES)}; "
            "fit it again with python -m tests.bench.fit_verifier"
        )
    layers = tuple(Layer(_floats(one["weights"]), _floats(one["bias"])) for one in saved["layers"])
    return Judgement(
        _floats(saved["mean"]), _floats(saved["scale"]), layers, rarity_of(saved["common"])
    )


def _floats(values: Sequence[float]) -> Floats:
    return np.asarray(values, np.float32)
