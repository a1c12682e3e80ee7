"""A trained reader as a folder others can read: int8 weights, tokenizer, calibration.

Tensors of the encoder are named `bert.…`, as in a BERT model of transformers, beside the heads
`span`, `judge`, `answerable` and `relevant`. `reader.json` holds what turns the scores into
a probability, and the tokens a reader was measured with.
"""

import json
import math
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from safetensors.torch import save_file

from rag.errors import LoadError, WeightsMissing
from rag.models.train.encode import QUESTION_TOKENS
from rag.models.train.measure import Floats, youden
from rag.models.train.quantise import quantised
from rag.models.train.reader import Reader, renamed
from rag.models.train.reading import WINDOW, Read

_ROUNDS = 50
_RIDGE = 1e-2


@dataclass(frozen=True, slots=True)
class Calibration:
    """The probability that a passage answers: a logistic over two scores (Platt, 1999)."""

    bias: float
    judge: float
    margin: float
    threshold: float = 0.5
    """The probability with the best Youden index on the items fitted on."""

    def probability(self, reads: Sequence[Read]) -> Floats:
        """Return values between 0 and 1, shape (n,)."""
        return _sigmoid(_features(reads) @ np.asarray([self.bias, self.judge, self.margin]))


def calibrated(truth: Sequence[bool], reads: Sequence[Read]) -> Calibration:
    """Fit on items that were not trained on, by Newton's method with a small ridge.

    Raises:
        LoadError: If all items are of one kind.
    """
    goal = np.asarray(truth, np.float64)
    if len(set(truth)) < 2:
        raise LoadError("answerable and unanswerable questions are both needed to calibrate")
    features = _features(reads)
    ridge = _RIDGE * np.diag([0.0, 1.0, 1.0])
    weights = np.zeros(3)
    for _ in range(_ROUNDS):
        said = _sigmoid(features @ weights)
        slope = features.T @ (said - goal) + ridge @ weights
        curve = (features * (said * (1 - said))[:, None]).T @ features + ridge
        weights = weights - np.linalg.solve(curve, slope)
    fitted = Calibration(*weights.tolist())
    return replace(fitted, threshold=youden(truth, fitted.probability(reads))[1])


def export(reader: Reader, base: Path, out: Path, calibration: Calibration) -> int:
    """Write the folder and return the size of its weights in bytes.

    Raises:
        WeightsMissing: If `base`, where training began, lacks its tokenizer.
    """
    out.mkdir(parents=True, exist_ok=True)
    weights = out / "model.safetensors"
    save_file(quantised(renamed(reader.state_dict())), weights, metadata={"format": "pt"})
    config = json.dumps(reader.encoder.config.to_dict(), indent=1, default=str)
    (out / "config.json").write_text(config, encoding="utf-8")
    facts = {
        "calibration": asdict(calibration),
        "question_tokens": QUESTION_TOKENS,
        "window_tokens": WINDOW,
    }
    (out / "reader.json").write_text(json.dumps(facts, indent=1), encoding="utf-8")
    try:
        shutil.copyfile(base / "tokenizer.json", out / "tokenizer.json")
    except OSError as error:
        raise WeightsMissing(f"{base} holds no tokenizer.json to go with the reader") from error
    return weights.stat().st_size


def read_calibration(folder: Path) -> Calibration:
    """Return the calibration of an exported reader.

    Raises:
        LoadError: If the folder is not one.
    """
    path = folder / "reader.json"
    try:
        found = Calibration(**json.loads(path.read_text(encoding="utf-8"))["calibration"])
        if not all(math.isfinite(value) for value in asdict(found).values()):
            raise ValueError("a weight is not finite")  # noqa: TRY301
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise LoadError(f"{path} holds no calibration ({error!r}); export the reader") from error
    return found


def _features(reads: Sequence[Read]) -> Floats:
    return np.asarray([[1.0, read.answerable, read.margin] for read in reads])


def _sigmoid(values: Floats) -> Floats:
    return 1 / (1 + np.exp(-np.clip(values, -30, 30)))
