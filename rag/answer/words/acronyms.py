"""Which names are the acronyms of which: "FCC" and "Federal Communications Commission"."""

import re
from collections.abc import Iterator

from rag.text import fold

_ACRONYM = re.compile(r"\b[A-Z]{2,6}\b")
_LONGEST = 6  # letters
_NAME = re.compile(r"[A-Z][\w'-]*(?:\s+(?:(?:of|and|the|for|de)\s+)?[A-Z][\w'-]*)+")


def initials(text: str) -> set[str]:
    """Return the acronyms that the names of `text` may be shortened to, case-folded."""
    return {short for name in _NAME.findall(text) for short in _shortened(name)}


def spelled_out(claim: str, quote: str) -> list[str]:
    """Return the names in `claim` whose acronym `quote` says."""
    said = {short.lower() for short in _ACRONYM.findall(quote)}
    found: list[str] = []
    for name in _NAME.findall(claim):
        words = name.split()
        found += [
            " ".join(words[first:last])
            for first in range(len(words) - 1)
            for last in range(first + 2, min(first + 2 * _LONGEST, len(words)) + 1)
            if _letters(words[first:last]) in said
        ]
    return found


def _shortened(name: str) -> Iterator[str]:
    words = [word for word in name.split() if word[0].isupper()]
    for first in range(len(words) - 1):
        for last in range(first + 2, min(first + _LONGEST, len(words)) + 1):
            yield _letters(words[first:last])


def _letters(words: list[str]) -> str:
    return fold("".join(word[0] for word in words if word[0].isupper()))
