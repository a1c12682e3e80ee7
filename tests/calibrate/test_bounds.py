import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.calibrate.bounds import Bound, interval, least_shown, p_value
from rag.calibrate.threshold import (
    STARTS,
    Answers,
    controlled,
    curve,
    lowest_gate,
    point_at,
    promise,
)


def answers_of(scores, wrong, asked=None):
    return Answers(np.asarray(scores, float), np.asarray(wrong, bool), asked or len(scores))


def drawn(rng, n, risk):
    """Answers whose true chance to be wrong at a score s is risk(s)."""
    scores = rng.random(n)
    return answers_of(scores, rng.random(n) < risk(scores))


def test_the_risk_bound_is_the_binomial_test():
    assert p_value(Bound.RISK, 0, 29, 0.1) == pytest.approx(0.9**29)
    assert p_value(Bound.RISK, 3, 3, 0.1) == pytest.approx(1)


def test_the_batch_bound_counts_orders_exactly():
    # two answers shown and none wrong, while the next two may hold none wrong either
    grid = (np.arange(100_000) + 0.5) / 100_000
    breaks = 2 * (1 - grid)  # density of the risk at which the next two begin to break it
    total = float(((1 - grid) ** 2 * breaks).mean())

    assert p_value(Bound.BATCH, 0, 2, 0.1) == pytest.approx(total, abs=1e-4)


@given(st.integers(1, 200), st.integers(0, 200), st.sampled_from([0.05, 0.1, 0.3]))
@settings(max_examples=60, deadline=None)
def test_a_batch_is_harder_to_promise_than_a_risk(shown, wrong, alpha):
    wrong = min(wrong, int(alpha * shown))

    assert p_value(Bound.BATCH, wrong, shown, alpha) >= p_value(Bound.RISK, wrong, shown, alpha) / 2
    assert p_value(Bound.BATCH, wrong, shown, alpha) <= p_value(
        Bound.BATCH, min(shown, wrong + 1), shown, alpha
    )


@pytest.mark.parametrize("bound", list(Bound))
def test_the_fewest_answers_that_allow_a_promise_are_enough(bound):
    level = 0.05 / len(STARTS)
    few = least_shown(bound, 0.1, level)

    assert p_value(bound, 0, few, 0.1) <= level
    assert p_value(bound, 0, few - 1, 0.1) > level


def test_nothing_is_promised_of_too_few_answers_and_the_number_needed_is_said():
    made = promise(answers_of([0.9] * 10, [False] * 10), Bound.BATCH, 0.05, 0.05)

    assert made.point is None
    assert made.needed > 10
    assert made.possible is not None
    assert made.possible > 0.05


def test_nothing_is_promised_when_most_is_wrong():
    rng = np.random.default_rng(0)

    made = promise(drawn(rng, 300, lambda s: 0.6 + 0 * s), Bound.RISK, 0.1, 0.05)

    assert made.point is None
    assert made.possible is not None
    assert made.possible >= 0.6


def test_the_gate_lies_where_answers_begin_to_be_right():
    rng = np.random.default_rng(1)

    made = promise(drawn(rng, 2000, lambda s: np.where(s > 0.5, 0.02, 0.9)), Bound.BATCH, 0.1, 0.05)

    assert made.point is not None
    assert 0.4 < made.point.threshold <= 0.52
    assert 0.4 < made.point.coverage < 0.6


@pytest.mark.parametrize(
    ("bound", "risk"),
    [
        (Bound.RISK, lambda s: 0.45 - 0.35 * s),
        (Bound.BATCH, lambda s: 0.45 - 0.35 * s),
        (Bound.BATCH, lambda s: 0.3 + 0 * s),  # no threshold is better than any other
        (Bound.BATCH, lambda s: 0.1 + 0.4 * s),  # surer answers are worse
    ],
)
def test_promises_are_broken_no_more_often_than_delta(bound, risk):
    rng = np.random.default_rng(2)
    alpha, delta, rounds = 0.28, 0.1, 200
    broken = 0
    for _ in range(rounds):
        gate = lowest_gate(drawn(rng, 150, risk), bound, alpha, delta)
        if gate is None:
            continue
        if bound is Bound.RISK:
            scores = np.linspace(gate, 1, 1000)
            broken += float(risk(scores).mean()) > alpha
        else:
            later = drawn(rng, 150, risk)
            held = point_at(later, gate)
            broken += held.wrong > alpha * held.shown

    assert broken <= delta * rounds


def test_controlled_risk_counts_questions_without_an_answer_as_harmless():
    scores, wrong = [0.9, 0.8, 0.7, 0.1], [False, False, False, True]

    assert controlled(answers_of(scores, wrong), 0.25).shown == 3
    assert controlled(answers_of(scores, wrong, asked=20), 0.25).shown == 4


def test_the_curve_goes_from_everything_to_little():
    points = curve(answers_of(np.linspace(0, 1, 100), np.linspace(1, 0, 100) > 0.5))

    assert points[0].coverage == 1
    assert [p.shown for p in points] == sorted((p.shown for p in points), reverse=True)
    assert points[0].wrong == 50


def test_an_interval_holds_the_share_and_narrows():
    low, high = interval(10, 100)

    assert 0 < low < 0.1 < high
    assert interval(100, 1000)[1] < high
    assert interval(0, 10)[0] == 0
    assert interval(10, 10)[1] == 1
    assert interval(0, 0) == (0, 1)
