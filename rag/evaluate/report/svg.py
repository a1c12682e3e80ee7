"""Scalable pictures without a script: a frame with axes, and what is drawn into it.

Colours are classes that the page's style sheet fills, so that light, dark and print agree.
Every text is escaped: labels may come from documents.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

WIDTH = 480
LEFT, RIGHT, TOP, BOTTOM = 46, 14, 14, 44
"""Room for the labels around a plot, in units of the drawing."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Maps values to places: `low` to `start`, `high` to `end`."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def at(self, value: float) -> float:
        """Return the place of `value`, rounded; values outside are put at the edge."""
        inside = min(max(value, self.low), self.high)
        share = self._share(inside) if self.high > self.low else 0.0
        return round(self.start + share * (self.end - self.start), 1)

    def _share(self, value: float) -> float:
        if self.log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)


def ticks(high: float, most: int = 5) -> list[float]:
    """Return round values from 0 to at least `high`, at most `most` steps apart."""
    rough = max(high, 1e-9) / most
    size = 10 ** math.floor(math.log10(rough))
    step = next(size * f for f in (1, 2, 2.5, 5, 10) if size * f >= rough * (1 - 1e-9))
    return [round(step * i, 10) for i in range(math.ceil(high / step - 1e-9) + 1)]


def picture(name: str, title: str, told: str, parts: Iterable[Markup], height: float) -> Markup:
    """Return a drawing with its title and, for those who cannot see it, what it shows.

    Args:
        name: Unique on the page; letters and dashes.
        title: What is drawn.
        told: The same in words.
        parts: What is drawn.
        height: In units of the drawing; the width is `WIDTH`.
    """
    return Markup(
        '<svg class="chart" viewBox="0 0 {w} {h}" role="img" aria-labelledby="{n}-t {n}-d">'
        '<title id="{n}-t">{t}</title><desc id="{n}-d">{d}</desc>{parts}</svg>'
    ).format(w=WIDTH, h=height, n=name, t=title, d=told, parts=Markup("").join(parts))


def text(x: float, y: float, words: str, kind: str = "tick", anchor: str = "middle") -> Markup:
    """Return words at a place."""
    return Markup('<text x="{}" y="{}" class="{}" text-anchor="{}">{}</text>').format(
        x, y, kind, anchor, words
    )


def line(points: Sequence[tuple[float, float]], kind: str) -> Markup:
    """Return a line through `points`."""
    path = " ".join(f"{x:g},{y:g}" for x, y in points)
    return Markup('<polyline points="{}" class="{}"/>').format(path, kind)


def bar(box: tuple[float, float, float, float], kind: str, tip: str) -> Markup:
    """Return a bar (x, y, width, height) that tells `tip` when it is pointed at."""
    x, y, width, height = (round(side, 1) for side in box)
    return Markup(
        '<rect x="{}" y="{}" width="{}" height="{}" class="{}"><title>{}</title></rect>'
    ).format(x, y, max(width, 0), max(height, 0), kind, tip)


def dot(x: float, y: float, radius: float, kind: str, tip: str) -> Markup:
    """Return a dot that tells `tip` when it is pointed at."""
    return Markup('<circle cx="{}" cy="{}" r="{}" class="{}"><title>{}</title></circle>').format(
        x, y, round(radius, 1), kind, tip
    )


def bottom_axis(
    scale: Scale, marks: Sequence[tuple[float, str]], y: float, label: str
) -> list[Markup]:
    """Return an axis below the plot with its marks, value and words, and its label."""
    parts = [line([(scale.start, y), (scale.end, y)], "axis")]
    for value, words in marks:
        x = scale.at(value)
        parts += [line([(x, y), (x, y + 4)], "axis"), text(x, y + 17, words)]
    return [*parts, text((scale.start + scale.end) / 2, y + 36, label, "label")]


def left_axis(scale: Scale, marks: Sequence[tuple[float, str]]) -> list[Markup]:
    """Return grid lines across the plot, with their words to the left."""
    parts: list[Markup] = []
    for value, words in marks:
        y = scale.at(value)
        parts += [
            line([(LEFT, y), (WIDTH - RIGHT, y)], "grid"),
            text(LEFT - 7, y + 4, words, anchor="end"),
        ]
    return parts
