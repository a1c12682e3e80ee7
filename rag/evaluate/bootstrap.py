"""Figures with the interval that a bootstrap over the questions gives them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Rows: TypeAlias = npt.NDArray[np.int64]
Values: TypeAlias = npt.NDArray[np.float64]

RESAMPLES = 1000
_LEVEL = (2.5, 97.5)  # percentiles


@dataclass(frozen=True, slots=True)
class Figure:
    """A number, how many items it rests on, and its 95 % interval; None when there are none."""

    value: float | None
    n: int
    low: float | None = None
    high: float | None = None
    notes: Mapping[str, object] = field(default_factory=dict[str, object])

    def to_dict(self) -> dict[str, object]:
        """Return `value`, `n`, `ci95` and the notes."""
        return {"value": self.value, "n": self.n, "ci95": [self.low, self.high], **self.notes}


NOTHING = Figure(None, 0)


def figure(statistic: Callable[[Rows], float], n: int, *, seed: int = 0) -> Figure:
    """Return `statistic` of all `n` items with a percentile interval (Efron, 1979).

    Args:
        statistic: Takes the rows that were drawn, with repeats; may return nan when a draw
            lacks what it needs.
        n: How many items there are.
        seed: Of the draws.
    """
    value = statistic(np.arange(n)) if n else float("nan")
    if np.isnan(value):
        return NOTHING
    rng = np.random.default_rng(seed)
    drawn = [statistic(rng.integers(0, n, n)) for _ in range(RESAMPLES if n > 1 else 1)]
    low, high = np.nanpercentile(np.asarray(drawn), _LEVEL)
    return Figure(float(value), n, float(low), float(high))


def mean(values: Sequence[float | bool]) -> Figure:
    """Return the mean of `values`, one per question."""
    array = np.asarray(values, np.float64)
    return figure(lambda rows: float(array[rows].mean()), len(array))


def percentile(values: Sequence[float], share: float) -> Figure:
    """Return the `share` percentile (0 to 100) of `values`, one per question."""
    array = np.asarray(values, np.float64)
    return figure(lambda rows: float(np.percentile(array[rows], share)), len(array))


def once(value: float | None) -> Figure:
    """Return a figure that was measured a single time and has no spread to show."""
    return NOTHING if value is None else Figure(value, 1, value, value)
