"""The figures of a run as a reader meets them: the headline, the table, the judge's worth."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rag.evaluate.bootstrap import mean
from rag.evaluate.report.words import HEADLINES, TASKS, Meaning, counted, meaning_of, percent

Leaf = Mapping[str, Any]
"""A figure as its JSON has it: value, n, ci95 and notes."""


@dataclass(frozen=True, slots=True)
class Number:
    """One of the numbers that matter most."""

    value: str
    label: str
    interval: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Line:
    """One figure of the table."""

    key: str
    label: str
    value: str
    interval: str
    n: str
    better: str
    unreliable: bool


def flat(tree: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Leaf]]:
    """Yield every figure of a tree under its whole key."""
    for key, value in tree.items():
        if isinstance(value, Mapping) and {"value", "n", "ci95"} <= set(value):
            yield f"{above}{key}", value
        elif isinstance(value, Mapping):
            yield from flat(value, f"{above}{key}.")


def interval_of(figure: Leaf, meaning: Meaning) -> str:
    """Return the 95 % interval of a figure; nothing when it was measured once."""
    low, high = figure["ci95"]
    if low is None or figure["n"] <= 1:
        return ""
    if low == high:
        return "no spread"  # all alike; a bootstrap cannot tell how far that goes
    return f"{meaning.shown(low)} to {meaning.shown(high)}"


def numbers_of(figures: Mapping[str, Leaf], rows: Sequence[Mapping[str, Any]]) -> Iterator[Number]:
    """Yield the numbers that matter most, the most telling first.

    Args:
        figures: By whole key.
        rows: Of the run; some numbers are of rows alone.
    """
    known = {**_from_rows(rows), **figures}
    for head in HEADLINES:
        figure = known.get(head.key)
        if figure is not None and figure["value"] is not None:
            unit = meaning_of("right" if head.key == "shown_right" else head.key)
            interval = interval_of(figure, unit)
            spread = f"95 % interval {interval}" if interval else ""
            yield Number(unit.shown(figure["value"]), head.label, spread, head.meaning)


def _from_rows(rows: Sequence[Mapping[str, Any]]) -> dict[str, Leaf]:
    metrics = [row.get("metrics", {}) for row in rows]
    right = [one["right"] for one in metrics if "right" in one]
    shown = [1 - one["wrong"] for one in metrics if "wrong" in one]
    return {"right": mean(right).to_dict(), "shown_right": mean(shown).to_dict()}


def groups_of(figures: Mapping[str, Leaf]) -> Iterator[tuple[str, tuple[Line, ...]]]:
    """Yield each task in words and the lines of its figures; unknown ones under their keys."""
    tasks = dict.fromkeys(key.split(".")[0] for key in figures)
    for task in tasks:
        mine = {key: one for key, one in figures.items() if key.split(".")[0] == task}
        yield (
            TASKS.get(task, task),
            tuple(_line(key, one) for key, one in mine.items() if one["value"] is not None),
        )


def _line(key: str, figure: Leaf) -> Line:
    meaning = meaning_of(key)
    value = meaning.shown(figure["value"]) + meaning.suffix
    better = {"higher": "↑", "lower": "↓", "": ""}[meaning.better]
    interval = interval_of(figure, meaning)
    unreliable = bool(figure.get("unreliable"))
    return Line(key, meaning.label, value, interval, f"{figure['n']:,}", better, unreliable)


def judge_note(figures: Mapping[str, Leaf]) -> str:
    """Return how far the judge of the figures can be trusted; nothing when none was asked."""
    notes = next((one for one in figures.values() if "judge" in one), None)
    if notes is None:
        return ""
    if notes.get("kappa") is None:
        return (
            f"The judge, {notes['judge']}, was not compared with people in this run, so its "
            "figures are marked unreliable; --claims SET compares it."
        )
    trust = "" if not notes.get("unreliable") else " That is too little, so they are marked."
    return (
        f"Judge: {notes['judge']}. It agrees with people on {percent(notes['accuracy'])} of "
        f"{counted(notes['judged_claims'], 'claim')} (kappa {notes['kappa']:.2f}).{trust}"
    )
