"""Exact checks of a claim against its evidence: they explain themselves and never guess.

A similarity model lets "30 days" pass for "45 days". These checks do not: a number, unit,
date, name, negation or quantifier of the claim that the evidence does not hold is a reason,
in words a person can follow. They can only object; that a claim is supported is for
`verify` to find.
"""

import re

from rag.answer.quantities import Quantity, dates, quantities
from rag.answer.question import names
from rag.text import FUNCTION_WORDS, content_stems, fold, sentences, stems

_NEGATION = re.compile(
    r"\b(not|no|never|none|nobody|nothing|neither|nor|without|cannot|unable|fails? to|"
    r"failed to|refus\w+ to|lacks?|prohibit\w*|forbid\w*|forbidden)\b|n't\b"
)
_UNIVERSAL = re.compile(r"\b(all|every|each|always|any|entire|everyone|everything|whole)\b")
_EXCLUSIVE = re.compile(r"\b(only|solely|exclusively)\b")
_BOUNDS = {
    "at least": re.compile(r"\b(at least|no less than|no fewer than|minimum|or more)\b"),
    "at most": re.compile(r"\b(at most|no more than|up to|maximum|or less|or fewer|not exceed)\b"),
    "more than": re.compile(r"\b(more than|over|above|exceed\w*|greater than)\b"),
    "less than": re.compile(r"\b(less than|under|below|fewer than)\b"),
}


def objections(claim: str, evidence: str) -> list[str]:
    """Return why `evidence` cannot support `claim`; empty when nothing exact speaks against it.

    Args:
        claim: One statement.
        evidence: The quotes it cites, with title and headings, newline-separated.
    """
    nearest = _nearest_sentence(claim, evidence)
    return [
        *_numbers(claim, evidence),
        *_dates(claim, evidence),
        *_names(claim, evidence),
        *_negation(claim, nearest),
        *_quantifiers(claim, evidence),
    ]


def _numbers(claim: str, evidence: str) -> list[str]:
    held = quantities(evidence)
    years = {year for year, _, _ in dates(evidence) if year is not None}
    reasons = []
    for quantity in quantities(claim):
        same = [q for q in held if q.value == quantity.value]
        if not same:
            if quantity.value not in years and not _spelled(quantity, evidence):
                reasons.append(f"number {quantity.said} is in no cited quote")
        elif quantity.unit and all(_other_unit(q, quantity, claim, evidence) for q in same):
            reasons.append(f"the cited quote says {same[0].said}, not {quantity.said}")
    return reasons


def _spelled(quantity: Quantity, evidence: str) -> bool:
    """Return whether the digits stand in `evidence` inside a longer word, such as `NX-200`."""
    digits = re.sub(r"[^\d.]", "", quantity.said)
    return bool(digits) and re.search(rf"(?<!\d){re.escape(digits)}(?!\d)", evidence) is not None


def _other_unit(held: Quantity, said: Quantity, claim: str, evidence: str) -> bool:
    """Return whether both units are known, differ, and neither text names the other's."""
    if not held.unit or held.unit == said.unit:
        return False
    return said.unit not in stems(evidence) or held.unit not in stems(claim)


def _dates(claim: str, evidence: str) -> list[str]:
    held = dates(evidence)
    years = {int(q.value) for q in quantities(evidence) if 1000 <= q.value < 2200}
    years |= {year for year, _, _ in held if year is not None}
    reasons = []
    for year, month, day in dates(claim):
        fits = any(
            month == m and day in (None, d) and (year is None or y in (None, year))
            for y, m, d in held
        )
        if not fits or (year is not None and year not in years):
            said = "-".join(str(part) for part in (year, month, day) if part is not None)
            reasons.append(f"date {said} is in no cited quote")
    return reasons


def _names(claim: str, evidence: str) -> list[str]:
    held = set(re.findall(r"[\w'-]+", fold(evidence)))
    held |= {part for word in held for part in re.split(r"['-]", word)}
    held_stems = set(stems(evidence))
    opening = {fold(s.of(claim).split()[0].strip("\"'(")) for s in sentences(claim)}
    missing = []
    for name in sorted(names(claim)):
        known = name in held or all(stem in held_stems for stem in stems(name))
        # The first word of a sentence is capitalised whatever it is.
        if not known and (name not in opening or not _ordinary(name, claim)):
            missing.append(f"name {name.title()} is in no cited quote")
    return missing


def _ordinary(word: str, claim: str) -> bool:
    """Return whether an opening word is plainly a word: function word, or one name alone."""
    following = re.search(rf"^\W*{re.escape(word)}\s+([A-Z])", claim, re.IGNORECASE)
    return word in FUNCTION_WORDS or following is None or not following[1].isupper()


def _negation(claim: str, nearest: str) -> list[str]:
    said = len(_NEGATION.findall(fold(claim))) % 2
    held = len(_NEGATION.findall(fold(nearest))) % 2
    if said == held:
        return []
    return [
        "the claim denies what the cited quote states"
        if said
        else "the claim states what the cited quote denies"
    ]


def _quantifiers(claim: str, evidence: str) -> list[str]:
    said, held = fold(claim), fold(evidence)
    reasons = []
    for pattern in (_UNIVERSAL, _EXCLUSIVE):
        word = pattern.search(said)
        if word and not pattern.search(held):
            reasons.append(f"the cited quote does not say '{word.group()}'")
    for bound, pattern in _BOUNDS.items():
        word = pattern.search(said)
        if (
            word
            and re.match(r"\s*[\d$\u20ac\u00a3]", said[word.end() :])
            and not pattern.search(held)
        ):
            reasons.append(f"the cited quote does not say '{bound}'")
    return reasons


def _nearest_sentence(claim: str, evidence: str) -> str:
    """Return the sentence of `evidence` that shares most content words with `claim`."""
    wanted = set(content_stems(claim))
    pieces = [span.of(evidence) for span in sentences(evidence)] or [evidence]
    return max(pieces, key=lambda piece: len(wanted & set(content_stems(piece))))
