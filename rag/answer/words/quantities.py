"""Read numbers, units and dates out of text, in one normal form.

"1,200 kg", "1200 kg" and "twelve hundred"-free spellings of one amount compare equal; the
unit is the word that follows, stemmed, so that "30 days" differs from "30 hours".
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from rag.answer.words.spelling import root
from rag.text import FUNCTION_WORDS, fold, stems

Date: TypeAlias = tuple[int | None, int, int | None]

_SMALL = {
    word: value
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
        "fifteen sixteen seventeen eighteen nineteen twenty".split()
    )
} | {"thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}
_ORDINALS = {
    word: value
    for value, word in enumerate(
        "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth".split(),
        start=1,
    )
}
_SCALES = {"hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12}
_MONTHS = {
    name: month
    for month, names in enumerate(
        "january jan,february feb,march mar,april apr,may,june jun,july jul,august aug,"
        "september sep sept,october oct,november nov,december dec".split(","),
        start=1,
    )
    for name in names.split()
}
_SHORT_UNITS = frozenset("m s d".split())  # metre, second, day; elsewhere the ends of "I'm"
_SMALL_STEMS = {stems(word)[0]: value for word, value in _SMALL.items()}
MONTHS = frozenset(_MONTHS)
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_ISO = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")
_DAY_MONTH = re.compile(
    rf"\b(\d{{1,2}})(?:st|nd|rd|th)?\.?\s+(?:of\s+)?({_MONTH})\b\.?(?:,?\s+(\d{{4}}))?"
)
_MONTH_DAY = re.compile(rf"\b({_MONTH})\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?\b(?:,?\s+(\d{{4}}))?")
_MONTH_YEAR = re.compile(rf"\b({_MONTH})\.?,?\s+(\d{{4}})\b")
DATED = "|".join(
    re.sub(r"\((?!\?)", "(?:", pattern.pattern)
    for pattern in (_ISO, _DAY_MONTH, _MONTH_DAY, _MONTH_YEAR)
)
"""A pattern, without groups, of every spelling of a date."""
_DATES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Date]], ...] = (
    (_ISO, lambda m: (int(m[1]), int(m[2]), int(m[3]))),
    (_DAY_MONTH, lambda m: (int(m[3]) if m[3] else None, _MONTHS[m[2]], int(m[1]))),
    (_MONTH_DAY, lambda m: (int(m[3]) if m[3] else None, _MONTHS[m[1]], int(m[2]))),
    (_MONTH_YEAR, lambda m: (int(m[2]), _MONTHS[m[1]], None)),
)
_CLOCK = re.compile(
    r"(?<![\d.:])(?P<hour>\d{1,2})(?::(?P<minute>\d{2}))?"
    r"(?:\s?(?P<half>[ap])\.?m\b\.?|(?<=:\d\d))(?![\d:])"
)
_RANGE = re.compile(
    r"(?<![\w./:,-])(\d+(?:[.,]\d+)*)\s?[-\u2013]\s?(\d+(?:[.,]\d+)*)(?![\w/-]|[.,]\d)"
)
_TOKEN = re.compile(r"(?<!\w)[-+]?[\w./:,$\u20ac\u00a3\u00a5-]*\d[\w./:,%\u00b0-]*")
_PLAIN = re.compile(
    r"[-+]?[$\u20ac\u00a3\u00a5]?(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
    r"(?:st|nd|rd|th|%|\u00b0[cf]?|[a-z\u00b5]{1,4})?"
)
_NUMBER = re.compile(
    r"(?P<sign>(?<![\w.)])-)?(?P<currency>[$\u20ac\u00a3\u00a5])?\s?"
    r"(?P<digits>\d{1,3}(?:[,\u2019'\u202f ]\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
    r"(?P<suffix>st|nd|rd|th)?"
    r"(?:\s?(?P<unit>%|\u00b0\s?[cf]?|[a-z\u00b5$\u20ac\u00a3]+(?:/[a-z]+)?)(?![\w]))?"
)
_NUMBER_WORDS = "|".join([*_SMALL, *_ORDINALS, "dozen"])
_WORDS = re.compile(
    rf"\b(?P<word>{_NUMBER_WORDS})"
    r"(?:(?<=ty)[- ](?P<ones>one|two|three|four|five|six|seven|eight|nine))?\b"
    rf"(?:\s(?P<unit>(?!(?:{_NUMBER_WORDS})\b)[a-z]+))?"
)
_CLOSING = ".,:;/-"
_CURRENCIES = {"$": "usd", "\u20ac": "eur", "\u00a3": "gbp", "\u00a5": "jpy"}
_SAME_UNIT = {
    "%": "percent", "pct": "percent", "dollar": "usd", "euro": "eur", "pound": "gbp", "yen": "jpy",
    "m": "metr", "km": "kilometr", "kilomet": "kilometr", "cm": "centimetr", "mm": "millimetr",
    "kg": "kilogram",
    "hr": "hour", "hrs": "hour", "h": "hour", "min": "minut", "mins": "minut", "sec": "second",
    "secs": "second", "kilometer": "kilometr", "meter": "metr", "metre": "metr", "liter": "litr",
    "l": "litr", "ft": "feet",
    "foot": "feet", "mph": "mph", "yr": "year", "yrs": "year", "centuri": "century",
}  # fmt: skip
_ONE_SPELLING = frozenset((*_SAME_UNIT.values(), *_CURRENCIES.values()))


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number and what it counts; `unit` is "" when none follows."""

    value: float
    unit: str
    said: str
    """The characters it was read from."""
    near: frozenset[str] = frozenset()
    """Stems of the next three words: in "12 permanent members" the unit is among them."""

    def fits(self, other: "Quantity") -> bool:
        """Return whether both may count the same thing."""
        if not self.unit or not other.unit or self.unit == other.unit:
            return True
        return self.unit in other.near or other.unit in self.near


def quantities(text: str) -> list[Quantity]:
    """Return the numbers of `text` in order, without those that are part of a date or a code."""
    lowered, _ = _without_codes(without_dates(fold(text)))
    found = [(m.start(), _of_clock(m)) for m in _CLOCK.finditer(lowered)]
    lowered = _CLOCK.sub(_blank, lowered)
    found += [(m.start(), _of_digits(m)) for m in _NUMBER.finditer(lowered)]
    found += [(m.start(), _of_words(m)) for m in _WORDS.finditer(lowered)]
    return [quantity for _, quantity in sorted(found, key=lambda pair: pair[0])]


def as_digits(stem: str) -> str:
    """Return the stem of a number word in digits, any other as it is."""
    value = _SMALL_STEMS.get(stem)
    return stem if value is None else str(value)


def _said_by(read: Callable[[re.Match[str]], Date]) -> Callable[[re.Match[str]], str]:
    return lambda match: _date_said(read(match))


def codes(text: str) -> set[str]:
    """Return the words of `text` that hold digits and are no plain number, case-folded.

    `NX-200`, `v2.3.1`, `10.1.0.254`, `1/2` and `3,5` have to be said exactly to be the same.
    """
    return _without_codes(without_dates(fold(text)))[1]


def in_digits(text: str) -> tuple[str, set[str]]:
    """Return `text`, case-folded, with every number in plain digits, and its codes.

    Dates become `2024 month3 day12`, scales are multiplied out, and a unit that has several
    spellings gets one: "$3.5 million" is "3500000 usd". Codes stay as they are.
    """
    text = fold(text)
    for pattern, read in _DATES:
        text = pattern.sub(_said_by(read), text)
    text = _RANGE.sub(lambda m: f"{m[1]} to {m[2]}", text)
    _, found = _without_codes(text)
    pieces, done = [], 0
    for match in _TOKEN.finditer(text):
        if match.group().rstrip(_CLOSING) in found:
            pieces += [_spelled_out(text[done : match.start()]), match.group()]
            done = match.end()
    return "".join([*pieces, _spelled_out(text[done:])]), found


def _date_said(date: Date) -> str:
    year, month, day = date
    return f"{year or ''} month{month} {f'day{day}' if day else ''}".strip()


def _spelled_out(text: str) -> str:
    text = _CLOCK.sub(lambda m: f"{_of_clock(m).value:g} o'clock", text)
    text = _WORDS.sub(lambda m: _as_said(m, _of_words(m)), text)  # first: "seconds" is no ordinal
    return _NUMBER.sub(lambda m: _as_said(m, _of_digits(m)), text)


def _as_said(match: re.Match[str], quantity: Quantity) -> str:
    """Return the number and the word behind it, which is read with it and may be no unit."""
    if re.search(r"(?:month|day)$", match.string[: match.start()]):
        return match.group()
    behind = (match["unit"] or "") if "unit" in match.re.groupindex else ""
    scaled = quantity.value != 0 and behind in _SCALES
    known = quantity.unit if quantity.unit in _ONE_SPELLING else "" if scaled else behind
    lead = " " if match.group()[0].isspace() else ""
    return f"{lead}{quantity.value:.12g} {known}".rstrip()


def dates(text: str) -> list[Date]:
    """Return (year, month, day) of every date in `text`; None for what it leaves out."""
    lowered = fold(text)
    found: list[Date] = []
    for pattern, read in _DATES:
        found += [read(match) for match in pattern.finditer(lowered)]
        lowered = pattern.sub(_blank, lowered)
    return found


def without_dates(text: str) -> str:
    """Return `text`, case-folded already, with every date blanked."""
    for pattern, _ in _DATES:
        text = pattern.sub(_blank, text)
    return text


def _blank(match: re.Match[str]) -> str:
    return " " * len(match.group())


def _without_codes(text: str) -> tuple[str, set[str]]:
    """Return `text` with codes blanked and ranges of numbers parted, and the codes."""
    text = _RANGE.sub(lambda m: f"{m[1]} to {m[2]}", text)
    found: set[str] = set()

    def blank(match: re.Match[str]) -> str:
        word = match.group().rstrip(_CLOSING)
        if _PLAIN.fullmatch(word) or _CLOCK.fullmatch(word):
            return match.group()
        found.add(word)
        return _blank(match)

    return _TOKEN.sub(blank, text), found


def _of_digits(match: re.Match[str]) -> Quantity:
    value = float(re.sub(r"[,\u2019'\u202f ]", "", match["digits"]))
    unit = match["unit"] or ""
    scales = _SCALES | {"bn": 1e9} | ({"m": 1e6, "k": 1e3} if match["currency"] else {})
    if unit in scales:  # a bare "m" is a metre, "$5m" are millions
        value, unit = value * scales[unit], _next_word(match)
    if match["currency"]:
        unit = _CURRENCIES[match["currency"]]
    value = -value if match["sign"] else value
    unit = "" if match["suffix"] else _unit(unit)
    return Quantity(value, unit, _said(match), _near(match))


def _of_clock(match: re.Match[str]) -> Quantity:
    hour = int(match["hour"]) % 12 + (12 if match["half"] == "p" else 0)
    value = (hour if match["half"] else int(match["hour"])) + int(match["minute"] or 0) / 60
    return Quantity(value, "o'clock", match.group().strip())


def _of_words(match: re.Match[str]) -> Quantity:
    word, unit = match["word"], match["unit"] or ""
    value = float(_SMALL.get(word, _ORDINALS.get(word, 12)))
    if match["ones"] and value >= 20:
        value += _SMALL[match["ones"]]
    if unit in _SCALES:
        value, unit = value * _SCALES[unit], _next_word(match)
    unit = "" if word in _ORDINALS else _unit(unit)
    return Quantity(value, unit, _said(match), _near(match))


def _said(match: re.Match[str]) -> str:
    """Return the figure as it stands there, without a word behind it that is no unit."""
    bare = bool(match["unit"]) and match["unit"] in FUNCTION_WORDS - _SHORT_UNITS
    end = match.start("unit") if bare else match.end()
    return match.string[match.start() : end].strip()


def _next_word(match: re.Match[str]) -> str:
    found = re.match(r"\s([a-z]+)", match.string[match.end() : match.end() + 30])
    return found[1] if found else ""


def _near(match: re.Match[str]) -> frozenset[str]:
    start = match.end("digits") if "digits" in match.re.groupindex else match.end("word")
    following = re.findall(r"[a-z%\u00b5]+", match.string[start : start + 60])[:3]
    return frozenset(_unit(word) for word in following) - {""}


def _unit(word: str) -> str:
    if not word or (word in FUNCTION_WORDS and word not in _SHORT_UNITS):
        return ""
    if not word[0].isalpha():
        return _SAME_UNIT.get(word, word)
    stem = (stems(word) or [word])[0]
    return _SAME_UNIT.get(word) or _SAME_UNIT.get(stem) or root(word)
