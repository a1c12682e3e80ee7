"""Exact checks of a claim against its evidence: they explain themselves and never guess.

A similarity model lets "30 days" pass for "45 days". These checks do not: a number, unit,
date, name, negation or quantifier of the claim that the evidence does not hold is a reason,
in words a person can follow. They can only object; that a claim is supported is for
`verify` to find.
"""

import re

from rag.answer.quantities import MONTHS, Quantity, codes, dates, quantities
from rag.answer.question import names
from rag.text import FUNCTION_WORDS, content_stems, fold, sentences, stems

_NEGATION = re.compile(
    r"\b(not|no|never|none|nobody|nothing|neither|nor|without|cannot|unable|hardly|rarely|seldom|"
    r"barely|fail(?:s|ed)? to|refus\w+|den(?:y|ies|ied)|lacks?|prohibit\w*|forbid\w*|except|unless)"
    r"\b|n't\b"
)
# Small words that carry the meaning: said by the claim, they must be said by the quote.
_EXACT = re.compile(
    r"\b(may|might|must|can|could|shall|should|will|would|before|after|since|until|above|below|"
    r"over|under|within|outside|between|twice|once|daily|weekly|monthly|yearly|most|few|many|some|"
    r"several|half|first|last|he|she)\b|[<>\u2264\u2265\u00b1]"
)
# Conditions and reservations: said by the quote, they may not be left out.
_KEPT = re.compile(
    r"\b(if|unless|except|nearly|almost|about|around|approximately|roughly|allegedly|reportedly|"
    r"claim(?:s|ed)?|alleg(?:es|ed)|plan(?:s|ned)?|expect(?:s|ed)?|propos(?:es|ed)|may|might|could|"
    r"should|due to|only|some|most|few|many|several|up to|at least|at most|more than|less than)\b|"
    r"[<>\u2264\u2265\u00b1]"
)
_ROMAN = re.compile(r"\b(?:I{1,3}|IV|VI{0,3}|IX|X)\b")
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
        *_quantifiers(claim, nearest),
        *_small_words(claim, nearest),
    ]


def _numbers(claim: str, evidence: str) -> list[str]:
    held: dict[float, list[Quantity]] = {}
    for quantity in quantities(evidence):
        held.setdefault(quantity.value, []).append(quantity)
    years = {float(year) for year, _, _ in dates(evidence) if year is not None}
    reasons = [f"{code} is in no cited quote" for code in sorted(codes(claim) - codes(evidence))]
    for quantity in quantities(claim):
        same = held.get(quantity.value, [])
        with_unit = [q for q in same if q.unit] or same
        if not same and (quantity.unit or quantity.value not in years):
            reasons.append(f"number {quantity.said} is in no cited quote")
        elif same and not any(q.fits(quantity) for q in with_unit):
            reasons.append(f"the cited quote says {with_unit[0].said}, not {quantity.said}")
    return reasons


def _dates(claim: str, evidence: str) -> list[str]:
    held = dates(evidence)
    reasons = []
    for year, month, day in dates(claim):
        fits = any(month == m and day in (None, d) and year in (None, y) for y, m, d in held)
        if not fits:
            said = "-".join(str(part) for part in (year, month, day) if part is not None)
            reasons.append(f"date {said} is in no cited quote")
    return reasons


def _names(claim: str, evidence: str) -> list[str]:
    held = set(re.findall(r"[\w'-]+", fold(evidence)))
    held |= {part for word in held for part in re.split(r"['-]", word)}
    held_stems = set(stems(evidence))
    opening = {fold(s.of(claim).split()[0].strip("\"'(")) for s in sentences(claim)}
    missing = []
    for name in sorted(names(claim) - MONTHS):
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
    said = len(_NEGATION.findall(fold(claim)))
    held = len(_NEGATION.findall(fold(nearest)))
    if said == held:
        return []
    return [
        "the claim denies what the cited quote states"
        if said > held
        else "the claim states what the cited quote denies"
    ]


def _quantifiers(claim: str, nearest: str) -> list[str]:
    said, held = fold(claim), fold(nearest)
    reasons = []
    for pattern in (_UNIVERSAL, _EXCLUSIVE):
        word = pattern.search(said)
        if word and not pattern.search(held):
            reasons.append(f"the cited quote does not say '{word.group()}'")
    reasons += [
        f"the cited quote does not say '{bound}'"
        for bound, pattern in _BOUNDS.items()
        if pattern.search(said) and not pattern.search(held)
    ]
    return reasons


def _small_words(claim: str, nearest: str) -> list[str]:
    said, held = fold(claim), fold(nearest)
    added = _found(_EXACT, said) - _found(_EXACT, held) | _found(_ROMAN, claim) - _found(
        _ROMAN, nearest
    )
    left_out = _found(_KEPT, held) - _found(_KEPT, said)
    return [
        *(f"the cited quote does not say '{word}'" for word in sorted(added)),
        *(f"the claim leaves out '{word}'" for word in sorted(left_out)),
    ]


def _found(pattern: re.Pattern[str], text: str) -> set[str]:
    return {match.group() for match in pattern.finditer(text)}


def _nearest_sentence(claim: str, evidence: str) -> str:
    """Return the sentence of `evidence` that shares most content words with `claim`."""
    wanted = set(content_stems(claim))
    pieces = [span.of(evidence) for span in sentences(evidence)] or [evidence]
    return max(pieces, key=lambda piece: len(wanted & set(content_stems(piece))))
