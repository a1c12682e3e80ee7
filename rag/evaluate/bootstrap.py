"""Figures with the interval that a bootstrap over the questions gives them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Rows: TypeAlias = npt.NDArray[np.int64]
Values: TypeAlias = npt.NDArray[np.float64]

RESAMPLES = 1000
DRAWS = 10_000
"""Of a comparison, whose p-values need more than an interval does."""
_AT_ONCE = 1_000_000  # values drawn together, so that memory stays small
_LEVEL = (2.5, 97.5)  # percentiles
_LIKELY = 0.05
_EXACT = 12  # items; 2 to the power of them ways


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


@dataclass(frozen=True, slots=True)
class Difference:
    """The mean of b minus a over the same items, how sure its sign is, and its 95 % interval."""

    a: float
    b: float
    n: int
    low: float
    high: float
    p: float
    """Two-sided, in (0, 1]: how often chance alone would part the two as far, were each
    item's difference as likely to fall the other way."""

    @property
    def value(self) -> float:
        """Return b minus a."""
        return self.b - self.a

    @property
    def significant(self) -> bool:
        """Return whether the interval leaves out 0 and chance is unlikely to, p below .05."""
        return (self.low > 0 or self.high < 0) and self.p < _LIKELY

    def to_dict(self) -> dict[str, object]:
        """Return plain values."""
        return {
            "a": self.a,
            "b": self.b,
            "difference": self.value,
            "n": self.n,
            "ci95": [self.low, self.high],
            "p": self.p,
            "significant": self.significant,
        }


def paired(a: Sequence[float], b: Sequence[float], *, seed: int = 0) -> Difference:
    """Compare the same items under two systems.

    The interval is a paired bootstrap: items are drawn with repeats and both systems keep the
    same draw, so that hard items are hard for both (Efron and Tibshirani, 1993; for text,
    Koehn, 2004). A few items that all fall one way would leave it no spread, so p comes from
    exchanging the two systems item by item instead (Fisher, 1935): in every way up to
    `_EXACT` items that differ, else in `DRAWS` random ones.

    Args:
        a: One value an item, at least one.
        b: The same items in the same order.
        seed: Of the draws.
    """
    first, second = np.asarray(a, np.float64), np.asarray(b, np.float64)
    gaps = second - first
    rng = np.random.default_rng(seed)
    low, high = np.percentile(_means(gaps, rng), _LEVEL)
    p = _by_chance(gaps[gaps != 0], rng)
    sides = float(first.mean()), float(second.mean())
    return Difference(*sides, len(gaps), float(low), float(high), p)


def _by_chance(gaps: Values, rng: np.random.Generator) -> float:
    """Return the share of exchanges that part the two at least as far, in (0, 1]."""
    if not len(gaps):
        return 1.0
    far = abs(gaps.sum()) - 1e-9
    if len(gaps) <= _EXACT:
        ways = np.asarray(list(product((-1.0, 1.0), repeat=len(gaps))))
        return float((np.abs(ways @ gaps) >= far).mean())
    size = max(1, _AT_ONCE // len(gaps))
    hits = sum(
        int((np.abs(rng.choice((-1.0, 1.0), (rows, len(gaps))) @ gaps) >= far).sum())
        for rows in (min(size, DRAWS - start) for start in range(0, DRAWS, size))
    )
    return (1 + hits) / (1 + DRAWS)


def _means(values: Values, rng: np.random.Generator) -> Values:
    """Return the mean of each of `DRAWS` draws, shape (DRAWS,); some draws at a time."""
    size = max(1, _AT_ONCE // len(values))
    parts = [
        values[rng.integers(0, len(values), (min(size, DRAWS - start), len(values)))].mean(axis=1)
        for start in range(0, DRAWS, size)
    ]
    return np.concatenate(parts)
