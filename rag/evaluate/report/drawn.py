"""Which charts a run has something for, with a heading and how to read each."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from markupsafe import Markup

from rag.evaluate.metrics import reliability, risk_curve
from rag.evaluate.report.charts import (
    calibration_chart,
    retrieval_chart,
    risk_chart,
    scores_chart,
    times_chart,
)
from rag.evaluate.report.figures import Leaf

_STEPS = ("retrieve", "evidence", "draft", "verify", "total")


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture under a heading."""

    heading: str
    drawing: Markup
    caption: str


def charts_of(run: Mapping[str, Any], figures: Mapping[str, Leaf]) -> Iterator[Chart]:
    """Yield the charts that the run has something for."""
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
    if "dense" in run.get("retrieval", {}):
        plain = {key: one for key, one in run["retrieval"].items() if "value" in one}
        stages = {**{s: run["retrieval"][s] for s in ("dense", "lexical")}, "fused": plain}
        yield Chart(
            "Does merging two searches help?",
            retrieval_chart(stages),
            "Higher is better; thin lines are 95 % intervals."
            if len({stages[s]["ndcg@10"]["value"] for s in stages}) > 1
            else "They come to the same here: these questions leave nothing to choose from.",
        )
    if times := _times(rows):
        yield Chart(
            "How long does it take?",
            times_chart(times),
            "Each hump is the spread of one step over all questions.",
        )
    yield from _claim_charts(run, figures)


def _claim_charts(run: Mapping[str, Any], figures: Mapping[str, Leaf]) -> Iterator[Chart]:
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
    order = [*_STEPS, *(step for step in found if step not in _STEPS)]
    return {step: found[step] for step in order if max(found.get(step, [0.0])) >= 0.5}
