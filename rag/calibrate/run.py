"""From asked questions to an entry of the calibration file."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from rag.answer.evidence.confidence import Calibration, Curve
from rag.calibrate.bounds import Bound
from rag.calibrate.chances import Fit, fit
from rag.calibrate.file import Entry, fingerprint
from rag.calibrate.outcomes import Outcome, answers_of
from rag.calibrate.threshold import Answers, Point, Promise, controlled, curve, point_at, promise
from rag.pipeline import Pipeline
from rag.types import Mode


@dataclass(frozen=True, slots=True)
class Terms:
    """What is to be promised: at most `alpha` wrong, broken with a chance of at most `delta`."""

    alpha: float = 0.1
    delta: float = 0.05
    bound: Bound = Bound.BATCH
    """Which of the two promises sets the gate."""


@dataclass(frozen=True, slots=True)
class Questions:
    """Where the questions came from."""

    source: str
    """"made" or "given"."""
    sha256: str
    path: str


@dataclass(frozen=True, slots=True)
class Calibrated:
    """Everything a calibration found."""

    entry: Entry
    questions: Questions
    terms: Terms
    kinds: Mapping[str, int]
    answers: Answers
    fit: Fit
    promises: Mapping[Bound, Promise]
    average: Point
    """Where "answered and wrong" is at most alpha of all questions on average."""
    curve: Sequence[Point]
    gate: Point
    """What the gate in use shows, the policy's own floor when nothing could be promised."""
    floor: str
    """The setting that holds that floor."""

    @property
    def promise(self) -> Promise:
        """Return the promise that sets the gate."""
        return self.promises[self.terms.bound]


def calibrate(
    outcomes: Sequence[Outcome], pipeline: Pipeline, mode: Mode, terms: Terms, questions: Questions
) -> Calibrated:
    """Return the chance an answer is right, the gate, and what can be promised of it.

    Args:
        outcomes: What came of each question with the gate open.
        pipeline: What answered them.
        mode: The mode they were answered in; the calibration holds for no other.
        terms: What is to be promised.
        questions: Where they came from.
    """
    answers = answers_of(outcomes)
    fitted = fit(answers)
    promises = {bound: promise(answers, bound, terms.alpha, terms.delta) for bound in Bound}
    found = promises[terms.bound].point
    calibration = Calibration(
        fitted.calibration.weights,
        fitted.calibration.curve,
        fitted.calibration.numbers,
        found.threshold if found else None,
        "" if fitted.calibration.curve is Curve.RAW else questions.source,
    )
    kinds = dict(sorted(Counter(one.kind for one in outcomes).items()))
    gate = found or point_at(answers, replace(pipeline, calibrations={}).gate(mode))
    floor = "answer.relevance_floor" if pipeline.reader is None else "answer.answerability_floor"
    points, average = curve(answers), controlled(answers, terms.alpha)
    report = {
        "alpha": terms.alpha,
        "delta": terms.delta,
        "bound": terms.bound.value,
        "n": answers.asked,
        "answered_with_open_gate": len(answers.scores),
        "kinds": kinds,
        "questions": {"source": questions.source, "sha256": questions.sha256},
        "threshold": calibration.threshold,
        "gate": gate.to_dict(),
        "promises": {bound.value: _told(made) for bound, made in promises.items()},
        "average_risk": average.to_dict(),
        "curve": [point.to_dict() for point in points],
        "ece": {"before": fitted.before.to_dict(), "after": fitted.after.to_dict()},
        "log_loss": fitted.log_loss,
    }
    entry = Entry(
        mode,
        calibration,
        fingerprint(pipeline, mode),
        pipeline.snapshot.build,
        datetime.now(UTC).isoformat(timespec="seconds"),
        report,
    )
    return Calibrated(
        entry, questions, terms, kinds, answers, fitted, promises, average, points, gate, floor
    )


def _told(made: Promise) -> dict[str, object]:
    return {
        "held_at": made.point.to_dict() if made.point else None,
        "least_answers": made.needed,
        "smallest_alpha": made.possible,
        "coverage_there": made.possible_coverage,
    }
