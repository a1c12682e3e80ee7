"""How many wrong answers are few enough: exact bounds that assume nothing about the scores.

Two promises are known, both with probability at least 1 - delta:

`Bound.RISK`: the true risk, the share wrong in an endless stream of answers, is at most alpha.
`Bound.BATCH`: of the next m answers, as a matter of fact, at most a share alpha is wrong.

The second is what a person can check, and it is stricter, since luck plays twice: in the
calibration and in the batch.
"""

from enum import StrEnum

from scipy.stats import beta, betabinom, binom


class Bound(StrEnum):
    """What is promised to be at most alpha."""

    RISK = "risk"
    BATCH = "batch"


def p_value(bound: Bound, wrong: int, shown: int, alpha: float) -> float:
    """Return how likely so few wrong answers are if the promise does not hold, in [0, 1].

    RISK is the exact binomial test of "the risk is above alpha" (Learn then Test, Angelopoulos
    and others, 2021).

    BATCH is the exact prediction test for as many further answers as are shown here
    (Thatcher, 1964). If the risk were b, this batch would hold at most `wrong` mistakes with
    probability Binomial(shown, b), and the next one more than `alpha` of them with another.
    Averaged over every b at which the next batch may break the promise, the chance is a
    beta-binomial, whatever b really is. So an unlucky batch after a lucky calibration is paid
    for in the same coin as a lucky calibration alone.

    Args:
        bound: What is promised.
        wrong: Wrong answers among those shown.
        shown: Answers shown.
        alpha: Promised risk, in (0, 1).
    """
    if not shown:
        return 1.0
    if bound is Bound.RISK:
        return float(binom.cdf(wrong, shown, alpha))
    most = int(alpha * shown + 1e-9)  # so many wrong answers of the next batch keep the promise
    return float(betabinom.cdf(wrong, shown, most + 1, shown - most))


def least_shown(bound: Bound, alpha: float, level: float, most: int = 100_000) -> int:
    """Return how many answers, all right, it takes for a promise at `level`."""
    low, high = 1, most
    while low < high:
        middle = (low + high) // 2
        if p_value(bound, 0, middle, alpha) <= level:
            high = middle
        else:
            low = middle + 1
    while low < most and p_value(bound, 0, low, alpha) > level:  # BATCH is jagged in `shown`
        low += 1
    return low


def interval(wrong: int, shown: int, level: float = 0.95) -> tuple[float, float]:
    """Return the exact interval of a share (Clopper and Pearson, 1934), in [0, 1]."""
    if not shown:
        return 0.0, 1.0
    tail = (1 - level) / 2
    low = float(beta.ppf(tail, wrong, shown - wrong + 1)) if wrong else 0.0
    high = float(beta.ppf(1 - tail, wrong + 1, shown - wrong)) if wrong < shown else 1.0
    return low, high
