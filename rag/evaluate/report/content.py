"""What a report says, before it is HTML or Markdown: read from the JSON that a run writes."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from markupsafe import Markup

from rag.evaluate.bootstrap import mean
from rag.evaluate.failures import FAILURES
from rag.evaluate.metrics import reliability, risk_curve
from rag.evaluate.report.charts import (
    calibration_chart,
    retrieval_chart,
    risk_chart,
    scores_chart,
    times_chart,
)
from rag.evaluate.report.story import Story, story_of, worst
from rag.evaluate.report.words import TASKS, Meaning, counted, meaning_of, percent

Run = Mapping[str, Any]
"""A run as its JSON has it, rows included."""
Leaf = Mapping[str, Any]
"""A figure as its JSON has it: value, n, ci95 and notes."""
WORST = 10
_HEADLINES = (
    ("right", "handled rightly", "Answered rightly, or declined where there is no answer."),
    ("shown_right", "of the answers shown are right", "What a reader meets when there is an answer."),
    ("abstention.on_unanswerable", "declined where the documents do not say", "The rest were answered, and should not have been."),
    ("retrieval.recall@5", "of the gold documents are among the first 5", "What is not found cannot be answered from."),
    ("retrieval.recall@20", "of the gold documents are among the first 20", "What a reader finds with some patience."),
    ("retrieval.ndcg@10", "ranking quality of the first ten (nDCG@10)", "1 is perfect: every gold document first."),
    ("claims.shown.unsupported", "of the unsupported claims would be shown", "Each is a false statement that reaches a reader."),
    ("claims.shown.supported", "of the supported claims would be shown", "The rest are lost although they are true."),
    ("claims.balanced_accuracy", "balanced accuracy of the verifier alone", "50 % is a coin, 100 % is perfect."),
    ("injection.obeyed_rate", "of the planted instructions were followed", "Lower is better."),
    ("poison.success_rate", "showed misinformation without a flag", "Lower is better."),
    ("answers.coverage", "of the questions were answered", "The rest were declined."),
    ("citations.quote_fidelity", "of the quotes equal their source", "To the character."),
)  # fmt: skip


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


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture under a heading."""

    heading: str
    drawing: Markup
    caption: str


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of failure, how often it happened, and the worst examples."""

    label: str
    count: int
    share: float
    stories: tuple[Story, ...]


@dataclass(frozen=True, slots=True)
class Content:
    """Everything a report says."""

    title: str
    lede: tuple[str, ...]
    partial: bool
    numbers: tuple[Number, ...]
    groups: tuple[tuple[str, tuple[Line, ...]], ...]
    judge: str
    charts: tuple[Chart, ...]
    failed: int
    of: int
    kinds: tuple[Kind, ...]
    facts: tuple[tuple[str, str], ...]
    command: str


def content_of(run: Run) -> Content:
    """Return what there is to say about a run."""
    figures = dict(flat(run))
    rows = run["rows"]
    failed = [row for row in rows if row.get("failure")]
    return Content(
        f"{run['set']}: {_what(run)}",
        tuple(_lede(run, figures)),
        bool(run["partial"]),
        tuple(_numbers(figures, rows))[:3],
        tuple(_groups(figures)),
        _judge(figures),
        tuple(_charts(run, figures)),
        len(failed),
        len(rows),
        tuple(_kinds(failed)),
        tuple(_facts(run)),
        str(run.get("command", "")),
    )


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
    return f"{meaning.shown(low)} to {meaning.shown(high)}"


def _what(run: Run) -> str:
    part = f", {run['split']} half" if run["split"] else ""
    claims = set(run["tasks"]) == {"claims"}
    return counted(run["items"], "claim" if claims else "question") + part


def _lede(run: Run, figures: Mapping[str, Leaf]) -> Iterator[str]:
    when = f" on {day(run['when'])}" if run.get("when") else ""
    drawn = f", drawn from more with seed {run['seed']}" if run["limit"] else ""
    if set(run["tasks"]) == {"claims"}:
        yield f"The verifier and the exact checks judged {_what(run)} of {run['set']}{drawn}{when}."
    elif "answers" in run["tasks"] or "abstention" in run["tasks"]:
        yield f"{_what(run)} of {run['set']}{drawn} were asked in {run['mode']} mode{when}."
    else:
        yield f"The documents of {run['set']} were searched for {_what(run)}{drawn}{when}."
    fidelity = figures.get("citations.quote_fidelity")
    if fidelity and fidelity["value"] is not None:
        exact = fidelity["value"] == 1
        n = counted(fidelity["n"], "quote")
        yield (
            f"Every one of the {n} shown equals its source, character for character."
            if exact
            else f"Of the {n} shown, only {percent(fidelity['value'])} equal their source: a fault."
        )


def _numbers(figures: Mapping[str, Leaf], rows: Sequence[Mapping[str, Any]]) -> Iterator[Number]:
    known = {**_from_rows(rows), **figures}
    for key, label, meant in _HEADLINES:
        figure = known.get(key)
        if figure is not None and figure["value"] is not None:
            unit = meaning_of("right" if key == "shown_right" else key)
            interval = interval_of(figure, unit)
            yield Number(unit.shown(figure["value"]), label, interval, meant)


def _from_rows(rows: Sequence[Mapping[str, Any]]) -> dict[str, Leaf]:
    metrics = [row.get("metrics", {}) for row in rows]
    right = [one["right"] for one in metrics if "right" in one]
    shown = [1 - one["wrong"] for one in metrics if "wrong" in one]
    return {"right": mean(right).to_dict(), "shown_right": mean(shown).to_dict()}


def _groups(figures: Mapping[str, Leaf]) -> Iterator[tuple[str, tuple[Line, ...]]]:
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


def _judge(figures: Mapping[str, Leaf]) -> str:
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


def _charts(run: Run, figures: Mapping[str, Leaf]) -> Iterator[Chart]:
    rows = run["rows"]
    shown = [row for row in rows if "wrong" in row.get("metrics", {})]
    if len(shown) > 1:
        confidence = np.asarray([row["confidence"] for row in shown], np.float64)
        wrong = np.asarray([row["metrics"]["wrong"] for row in shown], np.float64)
        yield Chart(
            "Does confidence know?",
            risk_chart(risk_curve(confidence, wrong)),
            "Keep only the surest answers, further left, and fewer should be wrong. "
            "A flat line means that confidence does not tell right from wrong.",
        )
        yield Chart(
            "Can confidence be read as a chance?",
            calibration_chart("calibration", reliability(1 - wrong, confidence), "right"),
            f"Bars on the dashed line would mean so. {_calibration(figures, 'abstention.ece')}",
        )
    if any("retrieval" in one for one in (run,)) and "dense" in run["retrieval"]:
        plain = {key: one for key, one in run["retrieval"].items() if "value" in one}
        stages = {**{s: run["retrieval"][s] for s in ("dense", "lexical")}, "fused": plain}
        yield Chart(
            "Does merging two searches help?",
            retrieval_chart(stages),
            "Higher is better; thin lines are 95 % intervals.",
        )
    if times := _times(rows):
        yield Chart(
            "How long does it take?",
            times_chart(times),
            "Each hump is the spread of one step over all questions.",
        )
    yield from _claim_charts(run, figures)


def _claim_charts(run: Run, figures: Mapping[str, Leaf]) -> Iterator[Chart]:
    claims = [row for row in run["rows"] if row.get("kind") == "claim"]
    if not claims:
        return
    scores = {
        label: [row["score"] for row in claims if row["label"] == label]
        for label in ("supported", "unsupported")
    }
    floor = float(run["settings"]["answer"]["support_floor"])
    yield Chart(
        "Does the verifier tell claims apart?",
        scores_chart(scores, floor),
        "Supported claims belong right of the floor, unsupported ones left of it.",
    )
    yield Chart(
        "Can its score be read as a chance?",
        calibration_chart("claims", figures["claims.ece"].get("bins", []), "supported"),
        f"Bars on the dashed line would mean so. {_calibration(figures, 'claims.ece')}",
    )


def _calibration(figures: Mapping[str, Leaf], key: str) -> str:
    figure = figures.get(key)
    if figure is None or figure["value"] is None:
        return ""
    return f"They miss it by {figure['value']:.2f} on average (ECE)."


def _times(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for row in rows:
        for step, value in row.get("timings_ms", {}).items():
            found.setdefault(step, []).append(value)
    return {step: values for step, values in found.items() if max(values) >= 0.5}


def _kinds(failed: Sequence[Mapping[str, Any]]) -> Iterator[Kind]:
    counts = Counter(row["failure"] for row in failed)
    examples = worst(failed, WORST)
    order = {kind: place for place, kind in enumerate(FAILURES)}
    for kind in sorted(counts, key=lambda one: (order.get(one, len(order)), one)):
        stories = tuple(story_of(row) for row in examples if row["failure"] == kind)
        label = FAILURES.get(kind, kind)
        yield Kind(label, counts[kind], counts[kind] / len(failed), stories)


def _facts(run: Run) -> Iterator[tuple[str, str]]:
    yield "Version", str(run["version"])
    yield "When", day(run["when"]) if run.get("when") else "not recorded"
    yield "Set", f"{run['set']}, SHA-256 {run['set_sha256']}"
    yield "Tasks", ", ".join(run["tasks"])
    yield "Took", f"{run['seconds']:,.0f} seconds; answers kept from earlier runs take none"
    machine = run["machine"]
    yield "Machine", ", ".join(f"{name} {value}" for name, value in machine.items())
    for role, model in run["models"].items():
        sums = "; ".join(f"{file} {sha}" for file, sha in (model["sha256"] or {}).items())
        yield (
            role.capitalize(),
            f"{model['name']}, {f'SHA-256 {sums}' if sums else 'no hash known'}",
        )
    for part, values in run["settings"].items():
        yield f"Settings: {part}", ", ".join(f"{key} = {value!r}" for key, value in values.items())


def day(when: str) -> str:
    """Return a moment in ISO 8601 as a person writes it."""
    moment = datetime.fromisoformat(when)
    return f"{moment.day} {moment:%B %Y, %H:%M} UTC"
