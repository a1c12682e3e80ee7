"""The figures as a person reads them."""

from collections.abc import Iterator, Mapping

from rag.evaluate.bootstrap import Figure
from rag.evaluate.run import Result


def table_lines(result: Result) -> Iterator[str]:
    """Yield a heading, one line a figure, and what to know about the figures."""
    plan = result.plan
    half = f", {plan.split} half" if plan.split else ""
    yield f"{result.set_name}: {result.questions} items, {plan.mode.value}{half}"
    if result.partial:
        yield "Interrupted: these figures are of what was done until then."
    yield ""
    yield f"{'':36} {'value':>9}   {'95 % interval':<19} {'n':>6}"
    for key, figure in result.figures.items():
        yield _line(key, figure)
        points = figure.notes.get("at")
        if isinstance(points, dict):
            yield from (f"  at {share:<31} {_number(p['value']):>9}" for share, p in points.items())
    yield from _judge(result.figures)
    yield ""
    yield f"{result.seconds:.0f} seconds" + (f", index {result.index}" if result.index else "")


def _line(key: str, figure: Figure) -> str:
    interval = f"[{_number(figure.low)}, {_number(figure.high)}]" if figure.n > 1 else ""
    mark = "  unreliable" if figure.notes.get("unreliable") else ""
    return f"{key:36} {_number(figure.value):>9}   {interval:<19} {figure.n:>6}{mark}"


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.3f}" if abs(value) < 10 else f"{value:,.0f}"


def _judge(figures: Mapping[str, Figure]) -> Iterator[str]:
    judged = [figure.notes for figure in figures.values() if "judge" in figure.notes]
    if not judged:
        return
    notes = judged[0]
    if notes["kappa"] is None:
        yield ""
        yield f"Judge {notes['judge']}: never compared with people; add --claims SET."
        return
    yield ""
    yield (
        f"Judge {notes['judge']}: agrees with people on {notes['accuracy']:.0%} of "
        f"{notes['judged_claims']} claims, kappa {notes['kappa']:.2f}"
    )
