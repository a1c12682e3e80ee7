"""Two sentences that say the same but for a few words: what stands in the place of what.

"The parish was founded in 1856" and "The parish was founded in 1900" are one sentence with
another answer in it: a revision, a slip of a copyist, or a lie.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

from rag.answer.disagreement.alike import Relation, compare, of_other_units
from rag.answer.words.quantities import as_digits
from rag.text import content_stems, fold
from rag.types import Evidence

_WORD = re.compile(r"[^\W_]+(?:[.,'\u2019-][^\W_]+)*")
_LIKENESS = 0.7
_FEWEST = 4  # words both sentences must share in order
_SPELLING = 0.8  # likeness of two spellings of one word


@dataclass(frozen=True, slots=True)
class Swap:
    """Words of one sentence that stand where the other has different ones."""

    first: str
    second: str
    first_at: range
    """Characters of the first sentence."""
    second_at: range


def swaps(first: str, second: str) -> list[Swap] | None:
    """Return what is swapped between two sentences that are otherwise one; None if they are not.

    At least seven in ten words have to be shared in the same order (Ratcliff and Metzener,
    1988, as `difflib` counts). Words that one sentence merely adds are no swap.
    """
    (places_a, tokens_a), (places_b, tokens_b) = _words(first), _words(second)
    most = sum((Counter(tokens_a) & Counter(tokens_b)).values())
    if most < max(_FEWEST, _LIKENESS * (len(tokens_a) + len(tokens_b)) / 2):
        return None  # the matcher is slow, and this is the most it could find
    matcher = SequenceMatcher(None, tokens_a, tokens_b, autojunk=False)
    shared = sum(block.size for block in matcher.get_matching_blocks())
    if shared < _FEWEST or matcher.ratio() < _LIKENESS:
        return None
    found = []
    for name, low_a, high_a, low_b, high_b in matcher.get_opcodes():
        if name == "replace":
            at = _extent(places_a, low_a, high_a), _extent(places_b, low_b, high_b)
            texts = [t[r.start : r.stop] for t, r in zip((first, second), at, strict=True)]
            found.append(Swap(texts[0], texts[1], *at))
    return found


def swapped_answers(first: Evidence, second: Evidence) -> str:
    """Return the words two sentences share, when they are one but for the marked answer.

    Returns "" when they are not, when no reader has marked what was swapped, or when something
    else was swapped too: "The fee for adults is 12" and "The fee for children is 10" are
    about two things, and the figures of two years disagree on nothing.
    """
    if first.answer is None and second.answer is None:
        return ""
    found = swaps(first.quote, second.quote)
    if not found:
        return ""
    hit = [swap for swap in found if _touches(swap, first, second)]
    other = [swap for swap in found if swap not in hit]
    if all(_agree(s.first, s.second) for s in hit):
        return ""
    if not all(_follows(swap, hit) for swap in other):
        return ""
    gone = {stem for swap in found for stem in content_stems(swap.first)}
    return " ".join(s for s in dict.fromkeys(content_stems(first.quote)) if s not in gone)


def _agree(first: str, second: str) -> bool:
    """Return whether what is swapped may be one answer: 12 and twelve, 12 months and a year."""
    return compare(first, second) is Relation.SAME or of_other_units(first, second)


def _touches(swap: Swap, first: Evidence, second: Evidence) -> bool:
    places = ((first, swap.first_at), (second, swap.second_at))
    return any(e.answer is not None and overlap(_within(e), at) for e, at in places)


def _within(evidence: Evidence) -> range:
    """Return the marked answer, counted from the start of its sentence."""
    answer = evidence.answer or evidence.span
    return range(answer.start - evidence.span.start, answer.end - evidence.span.start)


def _follows(swap: Swap, answers: Sequence[Swap]) -> bool:
    """Return whether a swap only repeats that of the answer, or is one of spelling."""
    for side in ("first", "second"):
        words = {as_digits(stem) for stem in content_stems(getattr(swap, side))}
        swapped = {as_digits(s) for a in answers for s in content_stems(getattr(a, side))}
        if not words <= swapped:
            return _one_spelling(fold(swap.first), fold(swap.second))
    return True


def _one_spelling(first: str, second: str) -> bool:
    if any(c.isdigit() for c in first + second):
        return False
    return SequenceMatcher(None, first, second, autojunk=False).ratio() >= _SPELLING


@lru_cache(maxsize=256)
def _words(text: str) -> tuple[list[range], list[str]]:
    """Return where the words of a sentence stand, and the words, folded."""
    found = list(_WORD.finditer(text))
    return [range(m.start(), m.end()) for m in found], [fold(m.group()) for m in found]


def _extent(words: Sequence[range], low: int, high: int) -> range:
    return range(words[low].start, words[high - 1].stop)


def overlap(a: range, b: range) -> bool:
    """Return whether two stretches of characters share one."""
    return a.start < b.stop and b.start < a.stop
