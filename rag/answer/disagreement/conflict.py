"""Notice when documents answer the same question differently, and show each side.

Three ways to see it, from the surest to the boldest: two sentences that are one but for the
answer in them; two relevant sentences, close in wording, each without the other's figure; and
answers marked by a reader that exclude each other. The second needs no reader.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations

from rag.answer.asked.question import Expected, expected, names
from rag.answer.disagreement.alike import Relation, compare, moments
from rag.answer.disagreement.sides import Side, answer_of, sides_of, voices
from rag.answer.disagreement.subject import asks_for_several, same_subject, stand_together
from rag.answer.disagreement.supersede import date_of, newer_of
from rag.answer.disagreement.twins import swapped_answers
from rag.answer.evidence.extract import cite
from rag.answer.words.quantities import Quantity, dates, quantities
from rag.text import content_stems
from rag.types import Conflict, Evidence

_LEAST_SHARED = 2
_PARTS = frozenset(content_stems("half third quarter all whole none twice double"))
_HEARD = 12  # sentences that are compared with one another
_SHARE = 0.35  # of the floor: enough to speak against a sentence that reaches it
_FIGURES = (Expected.TIME, Expected.NUMBER)
_READ = 60  # sentences that are looked through for a second side


_Pair = tuple[Evidence, Evidence, str]  # two sentences, and what both speak of


def find_conflicts(
    question: str, evidence: Sequence[Evidence], *, floor: float, most: int = 3
) -> list[Conflict]:
    """Return pairs of quotes that answer differently, the most relevant pair first.

    A pair of two revisions of one document is marked as superseded, the newer one first; it
    tells what used to hold, and is no disagreement. Those come last.

    Args:
        question: What was asked.
        evidence: Sentences, best first.
        floor: Least relevance of the better of two sentences, in [0, 1]; the other may have
            about a third of it, since a lie is often worded nearer to the question.
        most: Most pairs.
    """
    sides = sides_of(question, evidence, floor=_SHARE * floor)
    found: dict[frozenset[str], Conflict] = {}
    for pairs in (
        _twins(question, evidence, _SHARE * floor),
        _clashing(evidence, floor),
        _answers(question, sides, evidence, floor),
    ):
        for first, second, about in pairs:
            key = frozenset(_key(sentence, sides) for sentence in (first, second))
            if len(key) == 2 and key not in found:
                found[key] = _conflict(first, second, about, sides)
    return sorted(found.values(), key=lambda conflict: conflict.superseded)[:most]


def _twins(question: str, evidence: Sequence[Evidence], floor: float) -> Iterator[_Pair]:
    """Yield sentences that are one but for the answer; the weaker one need not be relevant."""
    heard = [e for e in evidence if e.relevance >= floor][:_HEARD]
    for first in heard:
        for second in evidence[:_READ]:
            if not _before(first, second) or not (about := swapped_answers(first, second)):
                continue
            said = f"{answer_of(first)} {answer_of(second)}"
            if same_subject(question, first.passage, second.passage, said):
                yield first, second, about


def _clashing(evidence: Sequence[Evidence], floor: float) -> Iterator[_Pair]:
    """Yield relevant sentences that are close in wording and differ in a figure."""
    heard = [e for e in evidence if e.relevance >= floor][:_HEARD]
    for first, second in combinations(heard, 2):
        if not _before(first, second):
            continue
        revised = newer_of(first.passage.document, second.passage.document) is not None
        if about := _clash(first, second, reworded=revised):
            yield first, second, about


def _answers(
    question: str, sides: Sequence[Side], evidence: Sequence[Evidence], floor: float
) -> Iterator[_Pair]:
    """Yield the sentences of two sides whose answers exclude each other.

    Not when several things are asked for, when one sentence names both answers, or when the
    documents may speak of two things of one name.
    """
    if asks_for_several(question):
        return
    kind = expected(question)
    read = [e.quote for e in evidence[:_READ]]
    for ours, theirs in combinations(sides, 2):
        if max(ours.best.relevance, theirs.best.relevance) < floor:
            continue
        if not _exclude(ours, theirs, kind) or stand_together(ours.answer, theirs.answer, read):
            continue
        for first, second in ((a, b) for a in ours.evidence for b in theirs.evidence):
            if _one_matter(question, first, second):
                yield first, second, _about(first, second)
                break


def _one_matter(question: str, first: Evidence, second: Evidence) -> bool:
    """Return whether both sentences speak of the same thing at the same time."""
    said = f"{answer_of(first)} {answer_of(second)}"
    if expected(question) in _FIGURES and _asked_of(question, first) != _asked_of(question, second):
        return False
    when = [_told_years(e.quote) - _told_years(said) for e in (first, second)]
    if all(when) and not when[0] & when[1]:
        return False
    return same_subject(question, first.passage, second.passage, said)


def _asked_of(question: str, sentence: Evidence) -> bool:
    """Return whether a sentence holds a word of `question` that is no name, such as "built"."""
    asked = set(content_stems(question)) - set(content_stems(" ".join(names(question))))
    return bool(asked & set(content_stems(sentence.quote)))


def _told_years(text: str) -> set[int]:
    return {year for year, _, _ in moments(text) if year}


def _exclude(ours: Side, theirs: Side, kind: Expected) -> bool:
    return all(
        compare(answer_of(a), answer_of(b), kind) is Relation.DIFFERENT
        for a in ours.evidence
        for b in theirs.evidence
    )


def _before(first: Evidence, second: Evidence) -> bool:
    """Return whether the two are of different documents, the first the more relevant."""
    if first.passage.document.id == second.passage.document.id:
        return False
    return (-first.relevance, first.passage.label) <= (-second.relevance, second.passage.label)


def _key(sentence: Evidence, sides: Sequence[Side]) -> str:
    """Return what names the sentence's side, so that each pair of sides is shown once."""
    side = _side_of(sentence, sides)
    return side.answer if side else answer_of(sentence) or sentence.quote


def _side_of(sentence: Evidence, sides: Sequence[Side]) -> Side | None:
    return next((side for side in sides if sentence in side.evidence), None)


def _conflict(first: Evidence, second: Evidence, about: str, sides: Sequence[Side]) -> Conflict:
    newer = newer_of(first.passage.document, second.passage.document)
    if newer is second.passage.document:
        first, second = second, first
    return Conflict(
        cite(first.passage, first.span),
        cite(second.passage, second.span),
        about,
        date_of(first.passage.document),
        date_of(second.passage.document),
        _voices(first, sides),
        _voices(second, sides),
        superseded=newer is not None,
    )


def _voices(sentence: Evidence, sides: Sequence[Side]) -> int:
    side = _side_of(sentence, sides)
    return side.voices if side else voices([sentence])


def _about(first: Evidence, second: Evidence) -> str:
    """Return the words both sentences share, as stems in the first one's order."""
    theirs = set(content_stems(second.quote))
    return " ".join(dict.fromkeys(s for s in content_stems(first.quote) if s in theirs))


def _clash(first: Evidence, second: Evidence, *, reworded: bool) -> str:
    """Return what both speak of and put differently, or "" when they do not clash.

    Apart from the figures, one must say nothing that the other leaves out: prices of adults
    and of children differ, and disagree on nothing. Neither do the figures of two years. A
    newer revision may be `reworded`: it shares half of the words and has its own years.
    """
    words = _words(first.quote)
    a, b = set(words), set(_words(second.quote))
    if len(a & b) < _LEAST_SHARED:
        return ""
    if not (a <= b or b <= a or (reworded and 2 * len(a & b) >= min(len(a), len(b)))):
        return ""
    figures_a, figures_b = _figures(first.quote), _figures(second.quote)
    units = {unit for _, unit in figures_a} & {unit for _, unit in figures_b}
    of_a = {f for f in figures_a if f[1] in units}
    of_b = {f for f in figures_b if f[1] in units}
    one_time = reworded or _years(first.quote) == _years(second.quote)
    differ = bool(units) and not of_a & of_b and one_time
    return " ".join(word for word in words if word in a & b) if differ else ""


def _words(text: str) -> list[str]:
    figures = {part for q in quantities(text) for part in content_stems(q.said)}
    return [s for s in content_stems(text) if s not in figures and s not in _PARTS and s.isalpha()]


def _figures(text: str) -> set[tuple[object, str]]:
    found: set[tuple[object, str]] = {(q.value, q.unit) for q in quantities(text) if not _year(q)}
    return found | {(date, "date") for date in dates(text) if None not in date}


def _years(text: str) -> set[float]:
    return {q.value for q in quantities(text) if _year(q)}


def _year(quantity: Quantity) -> bool:
    return not quantity.unit and quantity.value.is_integer() and 1000 <= quantity.value < 2200
