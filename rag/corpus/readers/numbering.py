"""What Word shows but does not store: the numbers of lists, the levels of headings."""

import re
from dataclasses import dataclass, field

from rag.corpus.readers.ooxml import Element, attribute, child, find_all, local

_ROMAN = dict(
    zip(
        (1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1),
        "m cm d cd c xc l xl x ix v iv i".split(),
        strict=True,
    )
)
_HEADING = re.compile(r"(?i)^(?:heading|\u00fcberschrift|titre|t\u00edtulo|titolo|kop) ?([1-9])$")
_CODE = re.compile(r"(?i)\bcode\b|preformatted|source text|macro text|verbatim")
_DEEPEST = 20


@dataclass(frozen=True, slots=True)
class Style:
    """What a paragraph style says about structure."""

    level: int | None = None
    """Of a heading, from 1; 0 is the document's title; None is no heading."""
    is_code: bool = False
    num_id: str = ""
    num_level: int = 0


class Styles:
    """The paragraph styles of a document, each with what it takes from those it is based on."""

    def __init__(self, root: Element | None) -> None:
        """Read the part `styles.xml`, if there is one."""
        styles = find_all(root, "style") if root is not None else iter(())
        self._elements = {attribute(style, "styleId"): style for style in styles}
        self._known: dict[str, Style] = {}

    def of(self, properties: Element | None) -> Style:
        """Return the style of a paragraph with these `pPr`."""
        style = self._named(attribute(child(properties, "pStyle"), "val"), 0)
        outline = attribute(child(properties, "outlineLvl"), "val")
        if outline.isdecimal() and int(outline) < 9:
            return Style(int(outline) + 1, style.is_code, style.num_id, style.num_level)
        return style

    def _named(self, name: str, depth: int) -> Style:
        element = self._elements.get(name)
        if element is None or depth > _DEEPEST:
            return Style()
        if name not in self._known:
            based_on = attribute(child(element, "basedOn"), "val")
            self._known[name] = _style(element, self._named(based_on, depth + 1))
        return self._known[name]


def _style(element: Element, below: Style) -> Style:
    name = attribute(child(element, "name"), "val")
    properties = child(element, "pPr")
    outline = attribute(child(properties, "outlineLvl"), "val")
    heading = _HEADING.match(name)
    level = below.level
    if heading:
        level = int(heading.group(1))
    elif name.lower() == "title":
        level = 0
    elif outline.isdecimal():
        level = int(outline) + 1 if int(outline) < 9 else None
    num_id, num_level = _num_pr(properties)
    return Style(
        level,
        below.is_code or bool(_CODE.search(name)),
        num_id or below.num_id,
        num_level if num_id or num_level else below.num_level,
    )


def _num_pr(properties: Element | None) -> tuple[str, int]:
    numbered = child(properties, "numPr")
    level = attribute(child(numbered, "ilvl"), "val")
    num_id = attribute(child(numbered, "numId"), "val")
    return num_id, int(level) if level.isdecimal() else 0


@dataclass(slots=True)
class _Level:
    form: str = "decimal"
    text: str = "%1."
    start: int = 1


@dataclass(slots=True)
class _Counter:
    levels: dict[int, _Level]
    values: dict[int, int] = field(default_factory=dict[int, int])


class Numbering:
    """Counts the lists of a document as Word would, in reading order."""

    def __init__(self, root: Element | None) -> None:
        """Read the part `numbering.xml`, if there is one."""
        self._counters: dict[str, _Counter] = {}
        if root is None:
            return
        shared = {
            attribute(e, "abstractNumId"): _Counter(_levels(e))
            for e in root
            if local(e) == "abstractNum"
        }
        for num in (e for e in root if local(e) == "num"):
            counter = shared.get(attribute(child(num, "abstractNumId"), "val"))
            if counter is None:
                continue
            restarts = any(local(e) == "lvlOverride" for e in num)
            self._counters[attribute(num, "numId")] = (
                _Counter(counter.levels | _levels(num)) if restarts else counter
            )

    def mark(self, properties: Element | None, style: Style) -> str | None:
        """Return the mark before a paragraph, `-` for a bullet, or None if it is in no list."""
        num_id, level = _num_pr(properties)
        if not num_id:
            num_id, level = style.num_id, level or style.num_level
        counter = self._counters.get(num_id)
        if num_id in {"", "0"} or counter is None:
            return None
        for deeper in [k for k in counter.values if k > level]:
            del counter.values[deeper]
        shape = counter.levels.get(level, _Level())
        counter.values[level] = counter.values.get(level, shape.start - 1) + 1
        if shape.form == "bullet":
            return "-"
        return re.sub(r"%([1-9])", lambda m: _shown(counter, int(m.group(1)) - 1), shape.text)


def _levels(element: Element) -> dict[int, _Level]:
    levels: dict[int, _Level] = {}
    for item in find_all(element, "lvl"):
        row, start = attribute(item, "ilvl"), attribute(child(item, "start"), "val")
        if row.isdecimal():
            levels[int(row)] = _Level(
                attribute(child(item, "numFmt"), "val") or "decimal",
                attribute(child(item, "lvlText"), "val"),
                int(start) if start.isdecimal() else 1,
            )
    return levels


def _shown(counter: _Counter, level: int) -> str:
    shape = counter.levels.get(level, _Level())
    value = counter.values.get(level, shape.start)
    if shape.form.endswith("Letter"):
        letter = chr(ord("a") + (value - 1) % 26) * ((value - 1) // 26 + 1)
        return letter if shape.form.startswith("lower") else letter.upper()
    if shape.form.endswith("Roman"):
        return _roman(value) if shape.form.startswith("lower") else _roman(value).upper()
    return str(value)


def _roman(value: int) -> str:
    parts = []
    for size, letters in _ROMAN.items():
        count, value = divmod(value, size)
        parts.append(letters * min(count, 10))
    return "".join(parts)
