"""From what is known about the best evidence to the chance that the answer is right.

Fitting is done elsewhere and once; what it leaves behind are a few plain numbers, applied here
with numpy. Signals are named, so that a file fitted on other signals is noticed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from rag.types import Evidence

SIGNALS = frozenset({"relevance", "answerability"})

GATE = {"odds": 0.689, "answerable_best": 0.792}
"""Weights of the gate; two numbers carry to sets it was not fitted on, more of them do not."""
_BEST = 3  # sentences
_GATE_INTERCEPT = -0.001

VERSION = repr((GATE, _GATE_INTERCEPT, _BEST))
"""Equal exactly when the same evidence gives the same answerability."""


class Curve(StrEnum):
    """How a score becomes a chance."""

    RAW = "raw"
    """Not at all: the score is shown as it is."""
    ISOTONIC = "isotonic"
    """A rising line through knots (Zadrozny and Elkan, 2002)."""
    LOGISTIC = "logistic"
    """A logistic of the score (Platt, 1999)."""


def signals_of(evidence: Sequence[Evidence]) -> dict[str, float]:
    """Return what is known about an answer before it is given, each in [0, 1], higher is surer.

    `relevance` is that of the best sentence; `answerability` the chance that the question has
    an answer here, from all that is known of the evidence. Without a reader both are the same.
    """
    if not evidence:
        return {"relevance": 0.0, "answerability": 0.0}
    best = evidence[0]
    if "marked" not in best.signals:
        return {"relevance": best.relevance, "answerability": best.relevance}
    numbers = gate_features(evidence)
    odds = _GATE_INTERCEPT + sum(weight * numbers[name] for name, weight in GATE.items())
    return {"relevance": best.relevance, "answerability": float(1 / (1 + np.exp(-odds)))}


def gate_features(evidence: Sequence[Evidence]) -> dict[str, float]:
    """Return what `answerability` is made of, by name.

    `odds` are the log-odds that any of the few best sentences answers (noisy or), so that one
    sentence alone among strangers counts for less; `answerable_best` is the reader's surest
    verdict on a passage.

    Args:
        evidence: Sentences that a reader has read, best first; not empty.
    """
    none = np.prod([1 - sentence.relevance for sentence in evidence[:_BEST]])
    chance = float(np.clip(1 - none, 1e-6, 1 - 1e-6))
    return {
        "odds": float(np.log(chance / (1 - chance))),
        "answerable_best": max(sentence.signals["answerable"] for sentence in evidence),
    }


@dataclass(frozen=True, slots=True)
class Calibration:
    """How sure is sure enough to answer, and how sure that is; made by `rag calibrate`."""

    weights: Mapping[str, float]
    """Signal to weight; the score is their weighted sum."""
    curve: Curve
    numbers: tuple[float, ...]
    """Knots `x0, y0, x1, y1, ...` when isotonic, slope and intercept when logistic."""
    threshold: float | None = None
    """Least score with which a question is answered; None leaves that to the policy."""
    source: str = ""
    """"made" or "given": where the questions came from; empty when raw."""

    def score(self, signals: Mapping[str, float]) -> float:
        """Return the score, higher is surer.

        Raises:
            KeyError: If a signal the calibration was fitted on is not there.
        """
        return sum(weight * signals[name] for name, weight in self.weights.items())

    def chance(self, scores: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return the chance, in [0, 1] and never falling with the score, shape as `scores`."""
        scores = np.asarray(scores, np.float64)
        if self.curve is Curve.ISOTONIC:
            return np.asarray(np.interp(scores, self.numbers[::2], self.numbers[1::2]))
        if self.curve is Curve.LOGISTIC:
            slope, intercept = self.numbers
            return np.asarray(1 / (1 + np.exp(-(slope * scores + intercept))), np.float64)
        return np.asarray(np.clip(scores, 0, 1), np.float64)


UNCALIBRATED = Calibration({"answerability": 1.0}, Curve.RAW, ())
"""What holds without a calibration: the signal as it is, the policy's floor as the gate."""

OPEN = replace(UNCALIBRATED, threshold=0.0)
"""Answers whatever it can, so that every threshold can be judged afterwards."""
