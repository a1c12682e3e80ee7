"""The pictures of a run: risk, calibration, retrieval, times, scores of claims."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from markupsafe import Markup

from rag.evaluate.bootstrap import Values
from rag.evaluate.report.svg import (
    BOTTOM,
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    Scale,
    bar,
    bottom_axis,
    dot,
    left_axis,
    line,
    picture,
    text,
    ticks,
)

HEIGHT = 300
_ACROSS = Scale(0, 1, LEFT, WIDTH - RIGHT)
_TENTHS = [(i / 5, f"{20 * i} %") for i in range(6)]
_MOST_POINTS = 200


def risk_chart(curve: Sequence[tuple[float, float]]) -> Markup:
    """Return the share of wrong answers by the share of answers that is kept."""
    marks = ticks(max(0.1, *(risk for _, risk in curve)))
    up = Scale(0, marks[-1], HEIGHT - BOTTOM, TOP)
    thin = curve[:: max(1, len(curve) // _MOST_POINTS)]
    kept = [*thin, curve[-1]]
    places = [(_ACROSS.at(share), up.at(risk)) for share, risk in kept]
    base = up.at(0)
    area = [(places[0][0], base), *places, (places[-1][0], base)]
    quarters = [curve[max(1, math.floor(q * len(curve) + 1e-9)) - 1] for q in (0.25, 0.5, 0.75, 1)]
    tips = [f"the surest {share:.0%}: {risk:.0%} wrong" for share, risk in quarters]
    parts = [
        *left_axis(up, [(mark, f"{100 * mark:g} %") for mark in marks]),
        line(area, "area"),
        line(places, "curve"),
        *(
            dot(_ACROSS.at(share), up.at(risk), 4, "point", tip)
            for (share, risk), tip in zip(quarters, tips, strict=True)
        ),
        *bottom_axis(_ACROSS, _TENTHS, base, "share of the answers kept, surest first"),
    ]
    told = f"Of {len(curve)} answers, " + "; ".join(tips) + "."
    return picture("risk", "Wrong answers by share of answers kept", told, parts, HEIGHT)


def calibration_chart(name: str, bins: Sequence[Mapping[str, float]], what: str) -> Markup:
    """Return how often things of each score are true, with their numbers on the bars.

    Args:
        name: Of the drawing.
        bins: As `rag.evaluate.metrics.reliability` returns them.
        what: What is true, such as "right".
    """
    up = Scale(0, 1, HEIGHT - BOTTOM, TOP + 14)
    base = up.at(0)
    parts = left_axis(up, _TENTHS)
    for one in bins:
        left, right, top = _ACROSS.at(one["low"]), _ACROSS.at(one["high"]), up.at(one["true"])
        tip = f"{one['n']} scored {one['score']:.2f} on average; {one['true']:.0%} were {what}"
        parts += [
            bar((left + 3, top, right - left - 6, base - top), "bar-soft", tip),
            text((left + right) / 2, top - 5, f"{one['n']}", "count"),
            dot(_ACROSS.at(one["score"]), top, 3.5, "point", tip),
        ]
    parts += [
        line([(_ACROSS.at(0), up.at(0)), (_ACROSS.at(1), up.at(1))], "ideal"),
        *bottom_axis(_ACROSS, _TENTHS, base, f"score given; height: share {what}; number: items"),
    ]
    told = "; ".join(
        f"scores {b['low']:.1f} to {b['high']:.1f}: {b['n']} items, {b['true']:.0%} {what}"
        for b in bins
    )
    return picture(name, f"Scores against how often they were {what}", told, parts, HEIGHT)


STAGES = {"dense": "by meaning", "lexical": "by words", "fused": "both, merged"}
_MEASURES = {
    "ndcg@10": "nDCG@10",
    "recall@5": "recall@5",
    "recall@20": "recall@20",
    "mrr@10": "MRR@10",
}


def retrieval_chart(found: Mapping[str, Mapping[str, Mapping[str, object]]]) -> Markup:
    """Return bars of each measure by stage, with their intervals.

    Args:
        found: Stage to measure to figure, as `rag eval --json` has them.
    """
    up = Scale(0, 1, HEIGHT - BOTTOM, TOP)
    base, wide = up.at(0), (WIDTH - LEFT - RIGHT) / len(_MEASURES)
    parts = left_axis(up, [(i / 5, f"{i / 5:.1f}") for i in range(6)])
    told: list[str] = []
    for place, (measure, label) in enumerate(_MEASURES.items()):
        left = LEFT + place * wide
        parts.append(text(left + wide / 2, base + 17, label))
        for number, (stage, words) in enumerate(STAGES.items()):
            figure = found[stage][measure]
            x = left + 10 + number * (wide - 20) / 3
            parts += _interval_bar(figure, x, (wide - 20) / 3 - 4, up, (stage, f"{label} {words}"))
            told.append(f"{label} {words} {_value(figure):.3f}")
    parts.append(line([(LEFT, base), (WIDTH - RIGHT, base)], "axis"))
    parts += _legend(base + 34)
    return picture("retrieval", "Retrieval by stage", "; ".join(told), parts, HEIGHT)


def times_chart(times: Mapping[str, Sequence[float]]) -> Markup:
    """Return how the times of each step spread, in milliseconds, on one logarithmic axis."""
    rows = {step: np.asarray(values, np.float64) for step, values in times.items() if values}
    low = max(0.1, min(float(values.min()) for values in rows.values()))
    high = max(low * 10, *(float(values.max()) for values in rows.values()))
    across = Scale(low, high, LEFT + 60, WIDTH - RIGHT, log=True)
    tall = 46
    parts: list[Markup] = []
    told: list[str] = []
    for number, (step, values) in enumerate(rows.items()):
        base = TOP + 6 + (number + 1) * tall
        half, most = (float(np.percentile(values, share)) for share in (50, 95))
        told.append(f"{step}: median {half:.0f} ms, 95 % within {most:.0f} ms")
        parts += [
            text(0, base - 16, step, "name", "start"),
            text(0, base - 1, f"{half:,.0f} / {most:,.0f} ms", "count", "start"),
            *_spread(values, across, base, told[-1]),
            line([(across.start, base), (across.end, base)], "grid"),
            *(line([(x, base), (x, base - 36)], "whisker") for x in map(across.at, (half, most))),
        ]
    bottom = TOP + 10 + len(rows) * tall
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    steps = [f * 10.0**d for d in decades for f in (1, 3)]
    marks = [(value, f"{value:g}") for value in steps if low <= value <= high]
    parts += bottom_axis(across, marks, bottom, "milliseconds; lines: median and 95 %")
    height = bottom + BOTTOM - 4
    return picture("times", "How long each step took", "; ".join(told), parts, height)


def scores_chart(scores: Mapping[str, Sequence[float]], floor: float) -> Markup:
    """Return the verifier's scores of supported claims, upwards, and unsupported, downwards."""
    edges = np.linspace(0, 1, 21)
    counts = {label: np.histogram(values, edges)[0] for label, values in scores.items()}
    tallest = max(1, *(int(one.max()) for one in counts.values()))
    middle = (TOP + HEIGHT - BOTTOM) / 2
    room = middle - TOP - 12
    parts: list[Markup] = []
    for label, up in (("supported", True), ("unsupported", False)):
        for row, count in enumerate(counts[label].tolist()):
            left, right = _ACROSS.at(edges[row]), _ACROSS.at(edges[row + 1])
            size = room * count / tallest
            tip = f"{count} {label}, scored {edges[row]:.2f} to {edges[row + 1]:.2f}"
            box = (left + 1, middle - size if up else middle, right - left - 2, size)
            parts.append(bar(box, "bar-fused" if up else "bar-warn", tip))
        y = TOP + 10 if up else HEIGHT - BOTTOM - 6
        words = f"{label}: {len(scores[label])}"
        parts.append(text(WIDTH - RIGHT, y, words, "name", "end"))
    x = _ACROSS.at(floor)
    parts += [
        line([(x, TOP), (x, HEIGHT - BOTTOM)], "ideal"),
        line([(_ACROSS.start, middle), (_ACROSS.end, middle)], "axis"),
        *bottom_axis(_ACROSS, _TENTHS, HEIGHT - BOTTOM, f"score; dashed: floor {floor:g}"),
    ]
    told = "; ".join(
        f"{sum(v >= floor for v in values)} of {len(values)} {label} claims reach the floor"
        for label, values in scores.items()
    )
    return picture("scores", "Scores of supported and unsupported claims", told, parts, HEIGHT)


def _interval_bar(
    figure: Mapping[str, object], x: float, wide: float, up: Scale, told: tuple[str, str]
) -> list[Markup]:
    stage, words = told
    value, (low, high) = _value(figure), _ends(figure)
    tip = f"{words}: {value:.3f}, 95 % interval {low:.3f} to {high:.3f}"
    top, base, middle = up.at(value), up.at(0), x + wide / 2
    return [
        bar((x, top, wide, base - top), f"bar-{stage}", tip),
        line([(middle, up.at(low)), (middle, up.at(high))], "whisker"),
    ]


def _legend(y: float) -> list[Markup]:
    parts: list[Markup] = []
    for number, (stage, words) in enumerate(STAGES.items()):
        x = LEFT + 24 + number * 140
        parts += [
            bar((x, y - 9, 10, 10), f"bar-{stage}", words),
            text(x + 16, y, words, "label", "start"),
        ]
    return parts


def _spread(values: Values, across: Scale, base: float, tip: str) -> list[Markup]:
    edges = np.geomspace(across.low, across.high, 61)
    counts = np.histogram(np.clip(values, across.low, across.high), edges)[0]
    tallest = max(1, int(counts.max()))
    return [
        bar(
            (x := across.at(edges[row]), base - size, across.at(edges[row + 1]) - x, size),
            "hist",
            tip,
        )
        for row, count in enumerate(counts.tolist())
        if (size := 30 * count / tallest)
    ]


def _value(figure: Mapping[str, object]) -> float:
    value = figure["value"]
    return float(value) if isinstance(value, (int, float)) else 0.0


def _ends(figure: Mapping[str, object]) -> tuple[float, float]:
    ends = figure["ci95"]
    if isinstance(ends, (list, tuple)) and None not in ends:
        return float(ends[0]), float(ends[1])
    return _value(figure), _value(figure)
