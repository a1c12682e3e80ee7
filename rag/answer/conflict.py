"""Notice when two documents answer the same question with different figures.

Only exact differences count: two relevant sentences of different documents, close in wording
and each without the other's number, date or unit. Anything subtler is for a trained model.
"""

from collections.abc import Sequence
from itertools import combinations

from rag.answer.extract import cite
from rag.answer.quantities import dates, quantities
from rag.text import content_stems
from rag.types import Conflict, Evidence

_LEAST_OVERLAP = 0.5
_LEAST_SHARED = 3


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
    """Return what both speak of and put differently, or "" when they do not clash."""
    a, b = set(_words(first.quote)), set(_words(second.quote))
    shared = a & b
    if len(shared) < _LEAST_SHARED or len(shared) < _LEAST_OVERLAP * min(len(a), len(b)):
        return ""
    figures_a, figures_b = _figures(first.quote), _figures(second.quote)
    units = {unit for _, unit in figures_a} & {unit for _, unit in figures_b}
    of_a = {f for f in figures_a if f[1] in units}
    of_b = {f for f in figures_b if f[1] in units}
    if not units or of_a & of_b or not (of_a and of_b):
        return ""
    return " ".join(word for word in _words(first.quote) if word in shared)


def _words(text: str) -> list[str]:
    return [stem for stem in content_stems(text) if not stem.isdigit()]


def _figures(text: str) -> set[tuple[object, str]]:
    found: set[tuple[object, str]] = {(q.value, q.unit) for q in quantities(text)}
    return found | {(date, "date") for date in dates(text)}
