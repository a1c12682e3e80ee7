"""Choose the sentences of an answer together, so that they cover what was asked."""

import re
from collections.abc import Sequence

from rag.answer.evidence.extract import choose_sentences
from rag.text import BULLET
from rag.types import Evidence

_LISTS = re.compile(
    r"(?:please )?(?:list|name|enumerate|give)\b|(?:what|which|who) (?:are|were)\b|"
    r"(?:what|which) (?:kinds|types|sorts|steps|items|things|\w+s) (?:are|were|do|does|can|must|"
    r"should|have|has|need)\b|(?:what|which) (?:all|else)\b",
    re.IGNORECASE,
)
_LISTED = 8  # items
_BLANK = re.compile(rf"\s*(?:{BULLET.pattern})?")


def choose(
    question: str, parts: Sequence[Sequence[Evidence]], *, keep: float, most: int
) -> list[Evidence]:
    """Return the few sentences to show, in reading order, some for every part.

    A question for a list that is answered by one of its items is answered by all of them. As
    with `choose_sentences`, a stricter gate does not change what is chosen.

    Args:
        question: What is asked.
        parts: For each part of the question its sentences, best first.
        keep: Least relevance relative to the best of the part, in [0, 1].
        most: Most sentences, but one for each part in any case.
    """
    if len(parts) == 1 and _LISTS.match(question) and (items := _items(parts[0])):
        return items
    share = max(1, most // max(1, len(parts)))
    chosen = {
        (each.passage.document.id, each.span): each
        for part in parts
        for each in choose_sentences(part, keep=keep, most=share)
    }
    return sorted(chosen.values(), key=lambda e: (e.passage.label, e.span))


def _items(evidence: Sequence[Evidence]) -> list[Evidence]:
    """Return the list the best sentence opens or belongs to, item by item; [] when it does not."""
    if not evidence:
        return []
    best = evidence[0]
    document = best.passage.document
    there = sorted((e for e in evidence if e.passage.document.id == document.id), key=_start)
    for opening, run in _runs(there):
        items = run[:_LISTED]
        if best in run and len(items) > 1:
            return items
        if best is opening and best.quote.rstrip().endswith(":") and items:
            return [best, *items]
    return []


def _runs(there: Sequence[Evidence]) -> list[tuple[Evidence | None, list[Evidence]]]:
    """Return every run of list items with the sentence right before it.

    Args:
        there: Sentences of one document in its order.
    """
    runs: list[tuple[Evidence | None, list[Evidence]]] = []
    before: Evidence | None = None
    for each in there:
        text = each.passage.document.text
        mark = text[text.rfind("\n", 0, each.span.start) + 1 : each.span.start]
        gap = text[before.span.end : each.span.start] if before else ""
        goes_on = bool(runs) and bool(runs[-1][1]) and before is runs[-1][1][-1]
        if BULLET.fullmatch(mark):
            if not (goes_on and _BLANK.fullmatch(gap)):
                runs.append((before, []))
            runs[-1][1].append(each)
        elif goes_on and "\n" not in gap:  # a further sentence of the same item
            runs[-1][1].append(each)
        before = each
    return runs


def _start(evidence: Evidence) -> int:
    return evidence.span.start
