"""Notice when two documents answer the same question with different figures.

Only exact differences count: two relevant sentences of different documents, close in wording
and each without the other's number, date or unit. Anything subtler is for a trained model.
"""

from collections.abc import Sequence
from itertools import combinations

from rag.answer.extract import cite
from rag.answer.quantities import Quantity, dates, quantities
from rag.text import content_stems
from rag.types import Conflict, Evidence

_LEAST_SHARED = 2
_PARTS = frozenset(content_stems("half third quarter all whole none twice double"))


def find_conflicts(evidence: Sequence[Evidence], *, floor: float, most: int = 3) -> list[Conflict]:
    """Return pairs of quotes that disagree on a figure, the most relevant pair first.

    Args:
        evidence: Sentences, best first.
        floor: Least relevance of both sentences, in [0, 1].
        most: Most pairs.
    """
    strong = [e for e in evidence if e.relevance >= floor][:12]
    found = []
    for first, second in combinations(strong, 2):
        if first.passage.document.id != second.passage.document.id and (
            about := _clash(first, second)
        ):
            found.append(
                Conflict(cite(first.passage, first.span), cite(second.passage, second.span), about)
            )
    return found[:most]


def _clash(first: Evidence, second: Evidence) -> str:
    """Return what both speak of and put differently, or "" when they do not clash.

    Apart from the figures, one must say nothing that the other leaves out: prices of adults
    and of children differ, and disagree on nothing. Neither do the figures of two years.
    """
    words = _words(first.quote)
    a, b = set(words), set(_words(second.quote))
    if len(a & b) < _LEAST_SHARED or not (a <= b or b <= a):
        return ""
    figures_a, figures_b = _figures(first.quote), _figures(second.quote)
    units = {unit for _, unit in figures_a} & {unit for _, unit in figures_b}
    of_a = {f for f in figures_a if f[1] in units}
    of_b = {f for f in figures_b if f[1] in units}
    differ = bool(units) and not of_a & of_b and _years(first.quote) == _years(second.quote)
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
