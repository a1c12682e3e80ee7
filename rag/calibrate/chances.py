"""Fit scores to chances, choose between two curves, and say how far off the chances are."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from rag.answer.evidence.confidence import UNCALIBRATED, Calibration, Curve
from rag.calibrate.threshold import Answers
from rag.evaluate.bootstrap import Figure, figure
from rag.evaluate.metrics import calibration_error

FOLDS = 5
LEAST = 2 * FOLDS
"""Fewer answers tell no chance."""
_Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Fit:
    """The better curve, and its error on answers that took no part in fitting it."""

    calibration: Calibration
    before: Figure
    """Expected calibration error of the raw score; lower is better."""
    after: Figure
    log_loss: dict[str, float]
    """Curve to mean log loss out of fold; lower is better."""


def fit(answers: Answers, *, seed: int = 0) -> Fit:
    """Return the curve with the lower log loss out of fold; no curve when all is right or wrong.

    Every error is cross-fitted: the chance of an answer comes from a curve that was fitted
    on the other folds.
    """
    right = (~answers.wrong).astype(np.float64)
    scores = answers.scores
    raw = UNCALIBRATED
    if len(scores) < LEAST or right.min() == right.max():
        error = _error(right, raw.chance(scores))
        return Fit(raw, error, error, {})
    folds = np.random.default_rng(seed).permutation(len(scores)) % FOLDS
    unseen = {kind: _out_of_fold(kind, scores, right, folds) for kind in _FITS}
    losses = {kind.value: _log_loss(right, chances) for kind, chances in unseen.items()}
    best = min(_FITS, key=lambda kind: losses[kind.value])
    chosen = replace(raw, curve=best, numbers=_FITS[best](scores, right))
    return Fit(chosen, _error(right, raw.chance(scores)), _error(right, unseen[best]), losses)


def _out_of_fold(
    kind: Curve, scores: _Values, right: _Values, folds: npt.NDArray[np.int64]
) -> _Values:
    chances = np.zeros_like(scores)
    for fold in range(FOLDS):
        rest = folds != fold
        curve = Calibration({}, kind, _FITS[kind](scores[rest], right[rest]))
        chances[~rest] = curve.chance(scores[~rest])
    return chances


def _isotonic(scores: _Values, right: _Values) -> tuple[float, ...]:
    from sklearn.isotonic import IsotonicRegression  # noqa: PLC0415  (only while calibrating)

    edge = 1 / (len(scores) + 2)  # a chance of 0 or 1 is more than a few answers can tell
    model = IsotonicRegression(y_min=edge, y_max=1 - edge, out_of_bounds="clip")
    model.fit(scores, right)
    knots = zip(model.X_thresholds_.tolist(), model.y_thresholds_.tolist(), strict=True)
    return tuple(number for knot in knots for number in knot)


def _logistic(scores: _Values, right: _Values) -> tuple[float, ...]:
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415  (only while calibrating)

    if right.min() == right.max():
        rate = (right.sum() + 1) / (len(right) + 2)
        return 0.0, float(np.log(rate / (1 - rate)))
    model = LogisticRegression(C=100.0).fit(scores.reshape(-1, 1), right)
    slope, intercept = float(model.coef_[0, 0]), float(model.intercept_[0])
    if slope >= 0:
        return slope, intercept
    rate = float(right.mean())  # surer must never mean less likely
    return 0.0, float(np.log(rate / (1 - rate)))


_FITS = {Curve.ISOTONIC: _isotonic, Curve.LOGISTIC: _logistic}


def _log_loss(right: _Values, chances: _Values) -> float:
    held = np.clip(np.where(right > 0, chances, 1 - chances), 1e-6, 1)
    return float(-np.log(held).mean())


def _error(right: _Values, chances: _Values) -> Figure:
    found = figure(lambda rows: calibration_error(right[rows], chances[rows]), len(right))
    if found.value is None or found.low is None:
        return found
    return replace(found, low=min(found.low, found.value))  # resampling only ever adds error
