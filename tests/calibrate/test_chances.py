import numpy as np
import pytest

from rag.answer.evidence.confidence import OPEN, UNCALIBRATED, Calibration, Curve
from rag.calibrate.chances import fit
from rag.calibrate.threshold import Answers


def answers_like(chance, n=400, seed=0):
    """Answers of which a share chance(score) is right."""
    rng = np.random.default_rng(seed)
    scores = rng.random(n)
    return Answers(scores, rng.random(n) >= chance(scores), n)


def test_a_score_that_overstates_is_brought_down():
    found = fit(answers_like(lambda s: 0.5 * s))

    assert found.before.value > 0.15
    assert found.after.value < 0.1
    assert abs(float(found.calibration.chance(0.9)) - 0.45) < 0.12


def test_a_step_is_better_told_by_knots_and_a_slope_by_a_logistic():
    step = fit(answers_like(lambda s: np.where(s > 0.6, 0.95, 0.1), n=1500))
    slope = fit(answers_like(lambda s: 1 / (1 + np.exp(-6 * (s - 0.5))), n=300))

    assert step.calibration.curve is Curve.ISOTONIC
    assert slope.calibration.curve is Curve.LOGISTIC


@pytest.mark.parametrize("chance", [lambda s: s, lambda s: 1 - s, lambda s: 0.3 + 0 * s])
def test_surer_never_means_less_likely(chance):
    found = fit(answers_like(chance)).calibration

    chances = found.chance(np.linspace(0, 1, 101))
    assert (np.diff(chances) >= -1e-12).all()
    assert 0 <= chances.min() <= chances.max() <= 1


@pytest.mark.parametrize("wrong", [[False] * 30, [True] * 30, [True, False]])
def test_what_tells_nothing_apart_leaves_the_score_as_it_is(wrong):
    scores = np.linspace(0, 1, len(wrong))

    found = fit(Answers(scores, np.asarray(wrong), len(wrong)))

    assert found.calibration.curve is Curve.RAW
    assert found.calibration.chance(scores).tolist() == scores.tolist()


def test_no_answers_at_all_are_no_error():
    nothing = np.zeros(0)

    found = fit(Answers(nothing, nothing.astype(bool), 5))

    assert found.before.value is None


def test_the_interval_of_the_error_holds_the_error():
    found = fit(answers_like(lambda s: s))

    for error in (found.before, found.after):
        assert error.low <= error.value <= error.high


def test_without_a_calibration_the_chance_is_the_relevance():
    assert float(UNCALIBRATED.chance(0.42)) == 0.42
    assert UNCALIBRATED.threshold is None
    assert OPEN.threshold == 0


def test_a_signal_that_is_missing_is_noticed():
    calibration = Calibration({"relevance": 1.0, "support": 2.0}, Curve.RAW, ())

    with pytest.raises(KeyError, match="support"):
        calibration.score({"relevance": 0.5})
    assert calibration.score({"relevance": 0.5, "support": 0.1}) == pytest.approx(0.7)


def test_an_error_never_lies_below_its_own_interval():
    # a bootstrap of a calibrated score is off by more than the score itself: here by a hair
    before = fit(answers_like(lambda s: s, seed=6)).before

    assert before.low == before.value < before.high
