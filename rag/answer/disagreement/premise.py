"""Notice a question that rests on a figure or date which the documents contradict.

Only exact contradictions count. "Why did the mill close in 2019?" is contradicted by "The mill
closed in 2017": a mill closes once. "Who won the cup in 2019?" is not contradicted by last
year's winner, so a year is held against a question only where the verb names what happens once,
or the question asks why; and apart from the figure, the sentence and its headings have to say
nearly everything that the question says.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag.answer.asked.question import names
from rag.answer.evidence.extract import cite
from rag.answer.words.quantities import dates, quantities
from rag.text import content_stems, fold, stems
from rag.types import Correction, Evidence

_ONCE = frozenset(
    stem
    for stem in stems(
        "open close found establish build built construct complete sign bear born die launch "
        "sink sank sunk abolish demolish destroy invent discover dissolve inaugurate burn adopt "
        "introduce acquire merge bankrupt begin began start end buy bought sell sold install "
        "approve cancel retire publish happen occur"
    )
)
_YEAR = re.compile(r"\b(?:in|on|of|during)\s+(?:[a-z]+\s+)?(?:\d{1,2},?\s+)?((?:1\d|20)\d\d)\b")
_ANY_YEAR = re.compile(r"\b(?:1\d|20)\d\d\b")
_MONEY = re.compile(r"^([$\u20ac\u00a3\u00a5].*\d)\s+[a-z]+$")  # "£8,400 a": the unit stands before
_BOUND = re.compile(
    r"\b(?:than|over|above|under|below|least|most|within|after|before|since|until|by|about|up to|"
    r"every|per|if|when)\s*(?:the\s+)?$"
)
_TELLS = re.compile(r"(?:why|how come|how did|did|was|were|is it true)\b", re.IGNORECASE)
_READ = 6  # sentences
_MOST = 8  # figures of a question; a longer list of them is no premise
_COVERED, _HALF = 0.75, 0.5  # of the words of the question, its figure aside
_FEWEST = 2


@dataclass(frozen=True, slots=True)
class _Stated:
    """A figure of the question: how it is said, and its value in normal form."""

    said: str
    value: float
    unit: str  # "year" for a year


def false_premise(question: str, evidence: Sequence[Evidence]) -> Correction | None:
    """Return what a question states wrongly, with the quote that says otherwise.

    Args:
        question: What was asked.
        evidence: Sentences, best first.
    """
    near = evidence[:_READ]
    figures = _stated(question)[:_MOST]
    told = {value for e in evidence for value in _values(e.quote)} if figures else set()
    for stated in figures:
        if stated.value in told:
            continue  # somewhere it is so, which is enough to say nothing
        for sentence in near:
            if said := _contradicts(question, stated, sentence):
                return Correction(stated.said, said, cite(sentence.passage, sentence.span))
    return None


def _stated(question: str) -> list[_Stated]:
    lowered = fold(question)
    found = [_Stated(m[1], float(m[1]), "year") for m in _YEAR.finditer(lowered)]
    for quantity in quantities(question):
        place = lowered.find(quantity.said)
        if quantity.unit and place >= 0 and not _BOUND.search(lowered[:place]):
            found.append(_Stated(quantity.said, quantity.value, quantity.unit))
    return found


def _contradicts(question: str, stated: _Stated, sentence: Evidence) -> str:
    """Return the one figure `sentence` puts in the place of the stated one, or ""."""
    quote = sentence.quote
    figure = set(stems(stated.said))
    asked = [stem for stem in content_stems(question) if stem not in figure]
    held = set(stems(quote))
    document = sentence.passage.document
    above = set(stems(" ".join((document.title, *sentence.passage.chunk.heading))))
    named = set(stems(" ".join(names(question) - names(quote))))
    shared = [stem for stem in asked if stem in held]
    covered = sum(stem in held or stem in above for stem in asked) / max(1, len(asked))
    once = stated.unit == "year" and _ONCE & set(shared)
    if len(shared) < _FEWEST or covered < (_HALF if once else _COVERED) or not named <= above:
        return ""
    if stated.unit == "year":
        years = set(_ANY_YEAR.findall(quote))
        return years.pop() if (once or _TELLS.match(question)) and len(years) == 1 else ""
    others = {_MONEY.sub(r"\1", q.said) for q in quantities(quote) if q.unit == stated.unit}
    return others.pop() if len(others) == 1 else ""


def _values(text: str) -> set[float]:
    years = {float(year) for year, _, _ in dates(text) if year is not None}
    return {q.value for q in quantities(text)} | years
