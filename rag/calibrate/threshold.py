"""Find the lowest threshold about which something can be promised.

Walks a grid that is fixed before any answer is seen, from strict to lenient, and stops where
the test fails (fixed-sequence testing, in Learn then Test, Angelopoulos and others, 2021).
Where strict thresholds show too few answers to pass, a walk could not even begin; so there are
three walks with fixed starts, each at a third of delta, and the most lenient end counts.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rag.calibrate.bounds import Bound, interval, least_shown, p_value

Scores = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

STEP = 0.01
STARTS = (0.5, 0.3, 0.15)
"""Scores at which the walks begin; lenient ones have more answers, and more wrong ones."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What was shown with the gate open: one entry per question that was answered."""

    scores: Scores
    wrong: Flags
    asked: int
    """Questions, those without any answer included."""

    def at(self, threshold: float) -> tuple[int, int]:
        """Return how many answers are shown at `threshold`, and how many of them are wrong."""
        kept = self.scores >= threshold
        return int(kept.sum()), int(self.wrong[kept].sum())

    def rows(self, rows: npt.NDArray[np.int64], asked: int) -> "Answers":
        """Return a part of the answers, out of `asked` questions."""
        return Answers(self.scores[rows], self.wrong[rows], asked)


@dataclass(frozen=True, slots=True)
class Point:
    """One threshold of the risk-coverage curve; risk is the share wrong of what is shown."""

    threshold: float
    shown: int
    wrong: int
    asked: int

    @property
    def coverage(self) -> float:
        """Return the share of the questions that is answered."""
        return self.shown / self.asked if self.asked else 0.0

    def to_dict(self) -> dict[str, object]:
        """Return plain values, with 95 % intervals."""
        return {
            "threshold": self.threshold,
            "shown": self.shown,
            "wrong": self.wrong,
            "coverage": self.coverage,
            "coverage_ci95": list(interval(self.shown, self.asked)),
            "risk": self.wrong / self.shown if self.shown else None,
            "risk_ci95": list(interval(self.wrong, self.shown)),
        }


@dataclass(frozen=True, slots=True)
class Promise:
    """What can be said of the answers shown, or why nothing can."""

    bound: Bound
    alpha: float
    delta: float
    point: Point | None
    """Where to set the gate; None when nothing can be promised."""
    needed: int = 0
    """Answers it takes at least, all right."""
    possible: float | None = None
    """The smallest alpha, in steps of .01, for which these answers would do: a hint only."""
    possible_coverage: float | None = None


def promise(answers: Answers, bound: Bound, alpha: float, delta: float) -> Promise:
    """Return the promise with the most coverage, or a refusal with the smallest alpha that works.

    Args:
        answers: Everything that was answered with the gate open.
        bound: What is promised.
        alpha: Largest share of wrong answers, in (0, 1).
        delta: Largest chance that the promise is broken, in (0, 1).
    """
    needed = least_shown(bound, alpha, delta / len(STARTS))
    chosen = lowest_gate(answers, bound, alpha, delta)
    if chosen is not None:
        return Promise(bound, alpha, delta, point_at(answers, chosen), needed)
    for percent in range(int(100 * alpha) + 1, 100):
        found = lowest_gate(answers, bound, percent / 100, delta)
        if found is not None:
            coverage = point_at(answers, found).coverage
            return Promise(bound, alpha, delta, None, needed, percent / 100, coverage)
    return Promise(bound, alpha, delta, None, needed)


def controlled(answers: Answers, alpha: float) -> Point:
    """Return the lowest threshold at which "answered and wrong" is at most alpha on average.

    Conformal risk control (Angelopoulos and others, 2022): the expected share, of all questions,
    that get a wrong answer. Weaker than a promise, since questions without an answer count as
    harmless, and since it holds on average over calibrations.
    """
    best = Point(1.01, 0, 0, answers.asked)  # shows nothing, and is never wrong
    for threshold in _grid(1.0):
        point = point_at(answers, threshold)
        if (point.wrong + 1) / (answers.asked + 1) > alpha:
            return best
        best = point
    return best


def curve(answers: Answers, count: int = 10) -> list[Point]:
    """Return about `count` points of the risk-coverage curve, most coverage first."""
    if not len(answers.scores):
        return []
    levels = np.quantile(answers.scores, np.linspace(0, 0.9, count))
    return [point_at(answers, float(t)) for t in np.unique(np.floor(levels / STEP) * STEP)]


def point_at(answers: Answers, threshold: float) -> Point:
    """Return the point of the curve at `threshold`."""
    shown, wrong = answers.at(threshold)
    return Point(round(threshold, 6), shown, wrong, answers.asked)


def lowest_gate(answers: Answers, bound: Bound, alpha: float, delta: float) -> float | None:
    """Return the lowest threshold about which `bound` can be promised; None if there is none.

    The end of a walk has a true risk above any b only if the walk passed the first threshold
    whose risk is, so one test at the walk's level speaks for all of it, surer answers being
    better ones or not.
    """
    level = delta / len(STARTS)
    ends = [_walk(answers, bound, alpha, level, start) for start in STARTS]
    return min((end for end in ends if end is not None), default=None)


def _walk(answers: Answers, bound: Bound, alpha: float, level: float, start: float) -> float | None:
    end = None
    for threshold in _grid(start):
        shown, wrong = answers.at(threshold)
        if p_value(bound, wrong, shown, alpha) > level:
            break
        end = threshold
    return end


def _grid(start: float) -> Iterator[float]:
    yield from (round(k * STEP, 6) for k in range(round(start / STEP), -1, -1))
