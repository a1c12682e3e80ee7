"""Do two passages speak of the same thing, or of two things that share a name?

There are two towns called Springfield and many people called John Smith. Passages that answer
one question differently disagree only when they speak of one thing, and nothing but what else
they say can tell: its names, its figures, and what stands in brackets behind the name.
"""

import re
from collections.abc import Sequence, Set
from functools import lru_cache

from rag.answer.asked.question import names
from rag.text import content_stems, fold
from rag.types import Passage

_BRACKETS = re.compile(r"([\w.'\u2019-]+)[\"\u201d\u2019]?\s\(([^()]{2,60})\)")
# Lists, and explanations: two documents that explain one thing in other words agree.
_SEVERAL = re.compile(
    r"\b(?:which of|list|name (?:all|some|the|two|three|four|five)|what are|who are|which are|"
    r"some of the|examples? of|types? of|kinds? of|different|why|explain|describe|compare|"
    r"how (?:do|does|did|can|could|should|would|to|is|are|was|were|has|have)|"
    r"(?:and|or) (?:who|when|where|which|what|how)|"
    r"steps|ways|benefits|advantages|differences?|reasons|considerations|factors|tips)\b",
    re.IGNORECASE,
)
_CONTRAST = re.compile(
    r"\b(?:not|never|instead|rather|contrary|unlike|although|though|despite|wrongly|actually|"
    r"replac\w+|formerly|previously|until|myth|mistaken\w*)\b|n't\b",
    re.IGNORECASE,
)
_SHARED = 0.3  # of the names of the passage that has fewer
_FEW_NAMES = 3  # a passage with fewer says too little to be of another thing


def same_subject(question: str, first: Passage, second: Passage, answers: str) -> bool:
    """Return whether nothing tells that the passages are of two things with one name.

    Args:
        question: Whose names both passages share anyway.
        first: A passage.
        second: Another one.
        answers: What the two answer, which is said to differ and so tells nothing.
    """
    known = names(question) | names(answers)
    ours, theirs = _names(first) - known, _names(second) - known
    if _brackets_differ(question, first, second, answers):
        return False
    if min(len(ours), len(theirs)) < _FEW_NAMES:
        return True
    return len(ours & theirs) >= _SHARED * min(len(ours), len(theirs))


def asks_for_several(question: str) -> bool:
    """Return whether several answers may be right: of a list, or of an explanation."""
    return _SEVERAL.search(question) is not None


def stand_together(first: str, second: str, sentences: Sequence[str]) -> bool:
    """Return whether a sentence names both answers, and not to put one against the other."""
    wanted = [set(content_stems(answer)) for answer in (first, second)]
    for sentence in sentences:
        words = _stems_of(sentence)
        if all(w <= words for w in wanted) and not _CONTRAST.search(sentence):
            return True
    return False


@lru_cache(maxsize=128)
def _stems_of(sentence: str) -> frozenset[str]:
    return frozenset(content_stems(sentence))


def _names(passage: Passage) -> Set[str]:
    return _names_of(f"{passage.document.title}\n{passage.chunk.text}")


@lru_cache(maxsize=128)
def _names_of(text: str) -> frozenset[str]:
    return frozenset(names(text))


def _brackets_differ(question: str, first: Passage, second: Passage, answers: str) -> bool:
    """Return whether both put the asked name apart from others of that name, differently."""
    ours, theirs = (_qualifiers(question, p, answers) for p in (first, second))
    return bool(ours) and bool(theirs) and not any(a <= b or b <= a for a in ours for b in theirs)


def _qualifiers(question: str, passage: Passage, answers: str) -> list[Set[str]]:
    """Return the stems of each bracket behind a word of the question, as in "Mercury (planet)"."""
    asked = {word.strip("?\"'.,") for word in fold(question).split()}
    told = set(content_stems(answers))
    text = f"{passage.document.title}\n{passage.chunk.text}"
    brackets = [m[2] for m in _BRACKETS.finditer(text) if fold(m[1]).strip("\"'") in asked]
    return [left for words in brackets if (left := set(content_stems(words)) - told)]
