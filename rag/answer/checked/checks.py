"""Exact checks of a claim against its evidence: they explain themselves and never guess.

A similarity model lets "30 days" pass for "45 days". These checks do not: a number, unit,
date, name, negation or quantifier of the claim that the evidence does not hold is a reason,
in words a person can follow. They can only object; that a claim is supported is for
`verify` to find.
"""

import re

from rag.answer.asked.question import names
from rag.answer.words.acronyms import initials, spelled_out
from rag.answer.words.quantities import MONTHS, Quantity, codes, dates, quantities, without_dates
from rag.answer.words.spelling import roots, spelled
from rag.text import FUNCTION_WORDS, fold, sentences, stems

_NEGATION = re.compile(
    r"\b(not|no|never|none|nobody|nothing|neither|nor|without|unable|hardly|rarely|seldom|"
    r"barely|fail(?:s|ed)? to|refus\w+|den(?:y|ies|ied)|lacks?|prohibit\w*|forbid\w*|except|unless)"
    r"\b"
)
_CONDITION = frozenset("if unless except without only".split())
_GOVERNED = 2  # content words behind a denial or a reservation that it speaks of
_LETTERS = re.compile(r"[^\W\d_][\w'-]*")
_CLAUSE_END = re.compile(r"[,;:.()](?=\s|$)")
_AHEAD = 80  # characters in which they are looked for
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
    claim, evidence = spelled(claim), spelled(evidence)
    nearest = _nearest_sentence(claim, evidence)
    figures = [
        *_numbers(claim, evidence),
        *_dates(claim, evidence),
        *_names(claim, evidence),
        *_ordinals(claim, nearest),
    ]
    claim, nearest = without_dates(fold(claim)), without_dates(fold(nearest))
    return [
        *figures,
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
    held |= initials(evidence)
    held |= {fold(word) for name in spelled_out(claim, evidence) for word in name.split()}
    held |= set(_LETTERS.findall(fold(evidence)))  # "1600W" holds a W
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
    said = len(_NEGATION.findall(claim))
    held = list(_NEGATION.finditer(nearest))
    kept = [match for match in held if _speaks_of(match, claim)]
    if len(kept) <= said <= len(held):
        return []
    return [
        "the claim denies what the cited quote states"
        if said > len(held)
        else "the claim states what the cited quote denies"
    ]


def _speaks_of(word: re.Match[str], claim: str) -> bool:
    """Return whether what a denial or reservation of a quote governs is said by `claim`.

    What a quote says of something else may be left out together with it. A condition may not.
    """
    if word.group() in _CONDITION:
        return True
    text, place = word.string, word.start()
    behind = _CLAUSE_END.split(text[word.end() : word.end() + _AHEAD], maxsplit=1)[0]
    governed = roots(behind)[:_GOVERNED] or roots(text[max(0, place - _AHEAD) : place])[-_GOVERNED:]
    return not governed or not set(governed).isdisjoint(roots(claim))


def _quantifiers(claim: str, nearest: str) -> list[str]:
    reasons = []
    for pattern in (_UNIVERSAL, _EXCLUSIVE):
        word = pattern.search(claim)
        if word and not pattern.search(nearest):
            reasons.append(f"the cited quote does not say '{word.group()}'")
    reasons += [
        f"the cited quote does not say '{bound}'"
        for bound, pattern in _BOUNDS.items()
        if pattern.search(claim) and not pattern.search(nearest)
    ]
    return reasons


def _small_words(claim: str, nearest: str) -> list[str]:
    added = _found(_EXACT, claim) - _found(_EXACT, nearest)
    kept = {m.group() for m in _KEPT.finditer(nearest) if _speaks_of(m, claim)}
    return [
        *(f"the cited quote does not say '{word}'" for word in sorted(added)),
        *(f"the claim leaves out '{word}'" for word in sorted(kept - _found(_KEPT, claim))),
    ]


def _ordinals(claim: str, nearest: str) -> list[str]:
    added = _found(_ROMAN, claim) - _found(_ROMAN, nearest)
    return [f"the cited quote does not say '{word}'" for word in sorted(added)]


def _found(pattern: re.Pattern[str], text: str) -> set[str]:
    return {match.group() for match in pattern.finditer(text)}


def _nearest_sentence(claim: str, evidence: str) -> str:
    """Return the sentence of `evidence` that shares most content words with `claim`."""
    wanted = set(roots(claim))
    pieces = [span.of(evidence) for span in sentences(evidence)] or [evidence]
    return max(pieces, key=lambda piece: len(wanted & set(roots(piece))))
