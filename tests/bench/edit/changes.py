"""Edits that change what a sentence says: one number, date, unit, denial, quantifier or role.

Each maker takes a sentence, names to borrow and a seeded source of chance, and yields sentences
that say something else. The rules are this benchmark's own and share nothing with the checks
that are to catch them.
"""

import random
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from typing import TypeAlias

Maker: TypeAlias = Callable[[str, Sequence[str], random.Random], Iterator[str]]

MONTHS = (
    "January February March April May June July August September October November December".split()
)
_MONTH = "|".join(MONTHS)
_NUMBER = re.compile(r"(?<![\w.,/:$€£-])(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?(?![\w/:-]|[.,]\d)")
_WORDS = "two three four five six seven eight nine ten eleven twelve twenty thirty fifty".split()
_NUMBER_WORD = re.compile(rf"\b({'|'.join(_WORDS)})\b")
_YEAR = re.compile(r"(?<![\w.,/:$€£-])(1[5-9]\d\d|20[0-4]\d)(?![\w/:-]|[.,]\d)")
_DAY = re.compile(rf"\b(?:(\d{{1,2}}) (?={_MONTH})|(?<=[a-z] )(\d{{1,2}})(?=, \d{{4}}))")
_NAMED_MONTH = re.compile(rf"(?<=[a-z\d] )({_MONTH})\b(?= \d|,? \d{{4}})")
_OTHER_UNIT = {
    "days": "hours", "day": "week", "hours": "minutes", "hour": "minute", "minutes": "seconds",
    "seconds": "minutes", "weeks": "months", "months": "years", "years": "months",
    "week": "month", "month": "year", "km": "miles", "kilometres": "miles", "kilometers": "miles",
    "miles": "kilometres", "metres": "feet", "meters": "feet", "m": "km", "feet": "metres",
    "ft": "m", "kg": "pounds", "tonnes": "kilograms", "tons": "kilograms", "mm": "cm",
    "cm": "mm", "inches": "feet", "million": "billion", "billion": "million",
    "thousand": "million", "hundred": "thousand", "dollars": "euros", "euros": "dollars",
    "pounds": "dollars", "litres": "gallons", "liters": "gallons", "mg": "g", "percent": "degrees",
    "°C": "°F", "GB": "MB", "MB": "GB", "acres": "hectares", "hectares": "acres", "mph": "km/h",
}  # fmt: skip
_UNIT = re.compile(
    rf"(?<=\d )({'|'.join(sorted(_OTHER_UNIT, key=len, reverse=True))})(?![\w/])"
    rf"|(?<=\b(?:two|ten|six) )(\w+s)\b|(?<=\b(?:four|five|nine) )(\w+s)\b"
)
_CURRENCY = re.compile(r"[$€£](?=\d)")
_AUXILIARY = re.compile(
    r"\b(is|are|was|were|can|could|will|would|must|should|may|might|has been|have been|had)\b"
    r"(?! (?:not|never|no|also|to|a|an|the)\b)(?= [a-z])"
)
_DENIAL = re.compile(r"(?<=[a-z]) (?:not|never) (?!only|necessarily|just|just)|n't(?= )")
_OTHER_QUANTIFIER = {
    "all": "some", "every": "some", "each": "no", "most": "few", "some": "all", "many": "few",
    "few": "many", "both": "neither of", "always": "sometimes", "often": "always",
    "usually": "always", "sometimes": "always", "only": "not only", "at least": "at most",
    "at most": "at least", "more than": "less than", "less than": "more than",
    "up to": "at least", "over": "under", "any": "no", "half": "all", "several": "all",
    "mostly": "entirely", "almost": "more than", "entire": "half the", "majority": "minority",
    "minimum": "maximum", "maximum": "minimum",
}  # fmt: skip
_QUANTIFIER = re.compile(
    r"\b(all|every|each|most|some|many|few|both|always|often|usually|sometimes|only|at least|"
    r"at most|more than|less than|up to|over(?= \d)|any|several|mostly|majority|minimum|maximum)\b"
)
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-zé]+(?: [A-Z][a-zé]+)*\b")
_OPENING_NAME = re.compile(r"^[A-Z][a-z]+(?: [A-Z][a-z]+)+\b")
_THING = re.compile(r"\b([Tt]he|[Aa]n?) ([a-z]{3,})\b(?! of\b)(?= (?!of\b)[a-z]|[.,])")
_SIDES = re.compile(
    r" (?:by|to|from|than|over|of|against|for|before|after|beat|replaced|sold|bought|gave|pays?|"
    r"defeated|joined|followed|led|founded|owns?|\w{3,}ed) "
)
_ALIKE = re.compile(r"\b(?:and|or|with|between|like|as|is|are|was|were|both|nor)\b|[;:()]")


def numbers(sentence: str, _names: Sequence[str], rng: random.Random) -> Iterator[str]:
    """Yield the sentence with one figure changed; years and days belong to `dates`."""
    for match in _NUMBER.finditer(sentence):
        if not (_YEAR.fullmatch(match[0]) or _in_date(sentence, match)):
            yield _put(sentence, match, _other_number(match[0], rng))
    for match in _NUMBER_WORD.finditer(sentence):
        yield _put(sentence, match, rng.choice([w for w in _WORDS if w != match[0]]))


def dates(sentence: str, _names: Sequence[str], rng: random.Random) -> Iterator[str]:
    """Yield the sentence with a year, a month or a day of a month changed."""
    for match in _YEAR.finditer(sentence):
        yield _put(sentence, match, str(int(match[0]) + rng.choice((-12, -3, -1, 1, 2, 10))))
    for match in _NAMED_MONTH.finditer(sentence):
        yield _put(sentence, match, rng.choice([m for m in MONTHS if m != match[0]]))
    for match in _DAY.finditer(sentence):
        day = int(match[0])
        yield _put(sentence, match, match[0].replace(str(day), str(day % 27 + 1)))


def units(sentence: str, _names: Sequence[str], _rng: random.Random) -> Iterator[str]:
    """Yield the sentence with one unit, scale or currency exchanged."""
    for match in _UNIT.finditer(sentence):
        if match[0] in _OTHER_UNIT:
            yield _put(sentence, match, _OTHER_UNIT[match[0]])
    for match in _CURRENCY.finditer(sentence):
        yield _put(sentence, match, {"$": "€", "€": "£", "£": "$"}[match[0]])


def negations(sentence: str, _names: Sequence[str], _rng: random.Random) -> Iterator[str]:
    """Yield the sentence with a denial put in or taken out."""
    for match in list(_AUXILIARY.finditer(sentence))[:2]:
        yield _put(sentence, match, f"{match[0]} not".replace("can not", "cannot"))
    for match in _DENIAL.finditer(sentence):
        yield _put(sentence, match, "" if match[0] == "n't" else " ")


def quantifiers(sentence: str, _names: Sequence[str], _rng: random.Random) -> Iterator[str]:
    """Yield the sentence with one quantifier or bound exchanged."""
    for match in _QUANTIFIER.finditer(sentence):
        yield _put(sentence, match, _OTHER_QUANTIFIER[match[0]])


def entities(sentence: str, names: Sequence[str], rng: random.Random) -> Iterator[str]:
    """Yield the sentence with one name exchanged for one of as many words from elsewhere."""
    for match in [*_OPENING_NAME.finditer(sentence), *_NAME.finditer(sentence)]:
        length = match[0].count(" ")
        others = [n for n in names if n.count(" ") == length and not _shared(n, sentence)]
        if others and match[0] not in MONTHS:
            yield _put(sentence, match, rng.choice(others))


def roles(sentence: str, _names: Sequence[str], _rng: random.Random) -> Iterator[str]:
    """Yield the sentence with two parties exchanged that stand on two sides of something."""
    found = [*_OPENING_NAME.finditer(sentence), *_NAME.finditer(sentence)]
    for first, second in combinations(found, 2):
        if _sided(sentence, first, second) and not _shared(first[0], second[0]):
            yield _swapped(sentence, first.span(), second.span())
    things = list(_THING.finditer(sentence))
    for first, second in combinations(things, 2):
        if _sided(sentence, first, second) and first[2] != second[2]:
            yield _swapped(sentence, first.span(2), second.span(2))


CHANGES: dict[str, Maker] = {
    "number": numbers,
    "date": dates,
    "unit": units,
    "negation": negations,
    "quantifier": quantifiers,
    "entity": entities,
    "role": roles,
}


def names_in(sentences: Sequence[str]) -> list[str]:
    """Return the names inside the sentences: no months, no words that are also written small."""
    small = set(re.findall(r"\b[a-z]+\b", " ".join(sentences)))
    found = {name for sentence in sentences for name in _NAME.findall(sentence)}
    return sorted(
        name
        for name in found
        if not set(name.split()) & set(MONTHS) and not set(name.lower().split()) & small
    )


def _put(sentence: str, match: re.Match[str], new: str) -> str:
    return sentence[: match.start()] + new + sentence[match.end() :]


def _in_date(sentence: str, match: re.Match[str]) -> bool:
    return any(d.start() <= match.start() < d.end() for d in _DAY.finditer(sentence))


def _other_number(said: str, rng: random.Random) -> str:
    digits = said.replace(",", "")
    whole, _, rest = digits.partition(".")
    value = int(whole)
    new = rng.choice([v for v in (value + 1, value + 3, 2 * value, value * 10) if v != value])
    grouped = f"{new:,}" if "," in said else str(new)
    return f"{grouped}.{rest}" if rest else grouped


def _shared(name: str, sentence: str) -> bool:
    return bool(set(name.split()) & set(re.findall(r"[\w'-]+", sentence)))


def _sided(sentence: str, first: re.Match[str], second: re.Match[str]) -> bool:
    between = sentence[first.end() : second.start()]
    return bool(_SIDES.search(between)) and not _ALIKE.search(between) and len(between) < 60


def _swapped(sentence: str, first: tuple[int, int], second: tuple[int, int]) -> str:
    a, b = sentence[slice(*first)], sentence[slice(*second)]
    return sentence[: first[0]] + b + sentence[first[1] : second[0]] + a + sentence[second[1] :]
