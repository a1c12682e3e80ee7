"""Are two candidate answers one answer in other words, or do they exclude each other?

Plain comparisons of figures, dates and names. Where they cannot tell ("a poet" and "a writer
of plays"), the relation is unclear, and unclear answers never count as a disagreement.
"""

import re
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import TypeVar

from rag.answer.asked.question import Expected
from rag.answer.words.quantities import Date, Quantity, as_digits, dates, quantities
from rag.text import content_stems

_T = TypeVar("_T")
_YEAR = re.compile(r"(?<![\w.,/-])(?:1\d|20)\d\d(?!\w|[.,]\d)")
_NAME = re.compile(r"[^\W\d_][\w'\u2019-]*")
_ROUND = 1000  # figures from here on are often rounded
_MOST_WORDS = 8  # a longer "answer" says too much to be compared
# Figures of several words, of which `quantities` reads the first alone.
_SPELLED = re.compile(
    r"\b(?:hundred|thousand|million|dozen)\s+(?:and\s+)?(?:one|two|three|four|five|six|seven|eight|"
    r"nine|ten|eleven|twelve|\w+teen|(?:twen|thir|for|fif|six|seven|eigh|nine)ty)\b"
    r"|\b(?:half|quarter)\s+(?:past|to)\b|\d\s?\d/\d|\band a (?:half|quarter)\b"
    r"|\b(?:twen|thir)ty[- ](?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth)\b",
    re.IGNORECASE,
)
_SHARED_PREFIX = 4  # letters: "Moscow" and "Moskva" may be one name


class Relation(StrEnum):
    """How two candidate answers to one question stand to each other."""

    SAME = "same"
    DIFFERENT = "different"
    UNCLEAR = "unclear"


def compare(first: str, second: str, kind: Expected = Expected.ANYTHING) -> Relation:
    """Return how two answers to a question that asks for a `kind` of thing stand to each other.

    A coarser answer is the same as a finer one that it contains: 1954 and May 1954, Nebraska
    and Broken Bow, Nebraska. Figures of different units cannot be compared.
    """
    words = [[as_digits(stem) for stem in content_stems(text)] for text in (first, second)]
    if not all(words) or max(map(len, words)) > _MOST_WORDS:
        return Relation.UNCLEAR
    found = None if kind in (Expected.PERSON, Expected.PLACE) else _figures(first, second)
    if found is None and kind in (Expected.TIME, Expected.NUMBER):
        return Relation.UNCLEAR
    if found is not None:
        return found
    return _compare_words(first, second, *words)


def moments(text: str) -> list[Date]:
    """Return the dates of `text`, and the years that stand alone as (year, None, None)."""
    found = dates(text)
    told = {year for year, _, _ in found}
    alone = [int(match.group()) for match in _YEAR.finditer(text)]
    return [*found, *((year, 0, None) for year in alone if year not in told)]


def _figures(first: str, second: str) -> Relation | None:
    """Compare two answers that are both a date or both an amount; None when they are not."""
    when = moments(first), moments(second)
    if all(when):
        return _by(when[0][:1], when[1][:1], _same_moment, _both_dated)
    much = _amounts(first), _amounts(second)
    if all(much) and not any(when):
        if _SPELLED.search(first) or _SPELLED.search(second):
            return Relation.SAME if first.casefold() == second.casefold() else Relation.UNCLEAR
        return _by(much[0][:1], much[1][:1], _same_amount, Quantity.fits)
    return None


def _amounts(text: str) -> list[Quantity]:
    return [quantity for quantity in quantities(text) if not _YEAR.fullmatch(quantity.said)]


def _by(
    first: Sequence[_T],
    second: Sequence[_T],
    same: Callable[[_T, _T], bool],
    comparable: Callable[[_T, _T], bool],
) -> Relation:
    pairs = [(a, b) for a in first for b in second]
    if any(same(a, b) for a, b in pairs):
        return Relation.SAME
    return Relation.DIFFERENT if any(comparable(a, b) for a, b in pairs) else Relation.UNCLEAR


def of_other_units(first: str, second: str) -> bool:
    """Return whether both are amounts that cannot be compared: twelve months and one year."""
    return all(map(_amounts, (first, second))) and _figures(first, second) is Relation.UNCLEAR


def _same_moment(a: Date, b: Date) -> bool:
    """Return whether both say a part, and no part differently; a month of 0 is not said."""
    both = _both_said(a, b)
    return bool(both) and all(x == y for x, y in both)


def _both_dated(a: Date, b: Date) -> bool:
    return bool(_both_said(a, b))


def _both_said(a: Date, b: Date) -> list[tuple[int, int]]:
    return [(x, y) for x, y in zip(a, b, strict=True) if x and y]


def _same_amount(a: Quantity, b: Quantity) -> bool:
    """Return whether both count the same, one of them possibly rounded to its first digits."""
    if a.value == b.value:
        return a.fits(b)
    small, large = sorted((a.value, b.value), key=abs)
    if abs(small) < _ROUND or not a.fits(b):
        return False
    return any(_rounds_to(x, y) for x, y in ((small, large), (large, small)))


def _rounds_to(fine: float, coarse: float) -> bool:
    """Return whether `coarse` is `fine` with at most two digits kept."""
    return any(float(f"{fine:.{digits}e}") == coarse for digits in (0, 1))


def _compare_words(
    first: str, second: str, words_a: Sequence[str], words_b: Sequence[str]
) -> Relation:
    a, b = set(words_a), set(words_b)
    if a <= b or b <= a or "".join(words_a) == "".join(words_b):
        return Relation.SAME
    names_a, names_b = _NAME.findall(first), _NAME.findall(second)
    if _initials(names_a, names_b) or _initials(names_b, names_a):
        return Relation.SAME
    if a & b:
        return _of_shared(names_a, names_b)
    near = any(x[:_SHARED_PREFIX] == y[:_SHARED_PREFIX] for x in a for y in b)
    return Relation.UNCLEAR if near else Relation.DIFFERENT


def _initials(short: Sequence[str], long: Sequence[str]) -> bool:
    """Return whether `short` abbreviates `long`: NBA, or J. Smith for Jane Smith."""
    if len(short) == 1 and len(long) > 1 and short[0].isupper():
        capitals = "".join(word[0] for word in long if word[0].isupper())
        return len(short[0]) > 1 and short[0] == capitals
    if len(short) < 2 or len(long) < 2 or short[-1].casefold() != long[-1].casefold():
        return False
    return len(short[0]) == 1 and short[0] == long[0][:1]


def _of_shared(names_a: Sequence[str], names_b: Sequence[str]) -> Relation:
    """Two full names that share the family name alone are two people; else nobody can tell."""
    people = all(1 < len(n) <= 3 and all(w[0].isupper() for w in n) for n in (names_a, names_b))
    if people and names_a[-1] == names_b[-1] and not set(names_a[:-1]) & set(names_b[:-1]):
        return Relation.DIFFERENT
    return Relation.UNCLEAR
