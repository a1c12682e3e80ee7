"""Choose the sentences of an answer together, so that they cover what was asked."""

import re
from collections.abc import Sequence

from rag.answer.extract import choose_sentences
from rag.types import BlockKind, Evidence

_LISTS = re.compile(
    r"(?:please )?(?:list|name|enumerate|give)\b|(?:what|which|who) (?:are|were)\b|"
    r"(?:what|which) (?:kinds|types|sorts|steps|items|things|\w+s) (?:are|were|do|does|can|must|"
    r"should|have|has|need)\b|(?:what|which) (?:all|else)\b",
    re.IGNORECASE,
)
_LISTED = 8  # items


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
    """Return the items of the list the best sentence belongs to or opens; [] when it does not."""
    best = evidence[0] if evidence else None
    if best is None:
        return []
    document = best.passage.document
    block = document.block_at(best.span.start)
    opens = best.quote.rstrip().endswith(":")
    if block is None or not (opens or block.kind is BlockKind.LIST):
        return []
    found = []
    for each in sorted(evidence, key=lambda e: e.span):
        if each.passage.document.id != document.id:
            continue
        its = document.block_at(each.span.start)
        if its and its.kind is BlockKind.LIST and its.heading == block.heading:
            found.append(each)
    after = [each for each in found if not opens or each.span.start > best.span.start]
    listed = after[:_LISTED]
    return ([best, *listed] if opens else listed) if len(listed) > 1 else []
