"""A calibration as a person reads it."""

from collections.abc import Iterator

from rag.calibrate.bounds import Bound, interval
from rag.calibrate.run import Calibrated
from rag.calibrate.threshold import Point, Promise
from rag.evaluate.bootstrap import Figure

_BAR = 30  # characters
_SORTS = {
    "made": "questions made from the index itself, which are simpler than people's own",
    "given": "questions that were given",
}


def lines(found: Calibrated) -> Iterator[str]:
    """Yield counts, the curve, the errors, and the promise or the refusal in one sentence."""
    source = found.questions.source
    yield f"{found.answers.asked} {_SORTS[source]} (source: {source}), {found.entry.mode.value}:"
    yield from (f"  {count:5}  {kind}" for kind, count in found.kinds.items())
    yield ""
    yield f"{'gate':>6} {'answers':>8}  {'95 %':>10}  {'wrong':>6}  {'95 %':>10}"
    yield from (_point(point) for point in found.curve)
    yield ""
    yield _errors(found)
    yield from promise_lines(found)


def promise_lines(found: Calibrated) -> Iterator[str]:
    """Yield what is promised for the next answers and for all, and what holds on average."""
    other = next(bound for bound in Bound if bound is not found.terms.bound)
    yield sentence(found.promise, found.questions.source)
    yield f"In the other sense: {sentence(found.promises[other], found.questions.source)}"
    average, alpha = found.average, found.terms.alpha
    if average.shown:
        yield (
            f"On average over calibrations, at most {alpha:.0%} of all questions get a wrong "
            f"answer from a gate of {average.threshold:.2f} on (coverage {average.coverage:.0%})."
        )
    else:
        yield f"On average, no gate keeps wrong answers to {alpha:.0%} of all questions."
    if found.promise.point is None:
        yield (
            f"The gate stays at {found.floor} ({found.gate.threshold:g}), where "
            f"{_share(found.gate)}."
        )


def sentence(made: Promise, source: str) -> str:
    """Return the promise, or why there is none, in one sentence."""
    whom = f"questions like these (source: {source})"
    if made.point is not None:
        of = (
            f"Of the next {made.point.shown} answers it shows"
            if made.bound is Bound.BATCH
            else "Of the answers it shows in the long run"
        )
        return (
            f"{of}, at most {made.alpha:.0%} are wrong, with {1 - made.delta:.0%} certainty, for "
            f"{whom}; it answers {made.point.coverage:.0%} of them."
        )
    what = "the next batch of answers" if made.bound is Bound.BATCH else "the long run"
    no = f"No promise of at most {made.alpha:.0%} wrong can be made for {what}"
    if made.possible is None:
        return f"{no}: it takes {made.needed} answers or more, nearly all of them right."
    return (
        f"{no} (it takes {made.needed} answers or more, nearly all of them right); the smallest "
        f"that could be is about {made.possible:.0%}, answering {made.possible_coverage:.0%}: "
        f"run it with --risk {made.possible:.2f}."
    )


def _point(point: Point) -> str:
    shown, wrong = interval(point.shown, point.asked), interval(point.wrong, point.shown)
    risk = point.wrong / point.shown if point.shown else 0.0
    bar = "#" * round(_BAR * risk)
    left = f"{point.threshold:6.2f} {point.coverage:8.0%}  {_between(shown):>10}"
    return f"{left}  {risk:6.0%}  {_between(wrong):>10}  {bar}"


def _between(ends: tuple[float, float]) -> str:
    return f"{100 * ends[0]:.0f}-{100 * ends[1]:.0f} %"


def _share(point: Point) -> str:
    risk = point.wrong / point.shown if point.shown else 0.0
    return f"it answers {point.coverage:.0%} and {risk:.0%} of that is wrong"


def _errors(found: Calibrated) -> str:
    kind = found.entry.calibration.curve.value
    return (
        f"Calibration error (lower is better): {_figure(found.fit.before)} before, "
        f"{_figure(found.fit.after)} after ({kind}, out of fold)."
    )


def _figure(figure: Figure) -> str:
    if figure.value is None or figure.low is None or figure.high is None:
        return "unknown"
    return f"{figure.value:.3f} [{figure.low:.3f}, {figure.high:.3f}]"
