"""What the lexical index counts: the terms of a text and of a question, by one rule.

Words are case-folded, without accents and stemmed. A compound such as `ERR-4012`, `v2.3.1`
or `NX-200/B` gives itself, whole and exact, and its parts. Writing without blanks between
words gives single characters and pairs.
"""

import re
from itertools import pairwise

import Stemmer

from rag.text import fold

_LONGEST = 200  # characters of a term; longer runs are encoded data, not words
_REMEMBERED = 500_000  # words whose terms are kept; about 100 MB at most

_WORD = re.compile(r"\w+(?:[.,:/'&@+_-]\w+)*(?:\+\+|#)?")
_PART = re.compile(r"[^\W_]+")
_CLITIC = re.compile(r"'(?:s|t|d|m|ll|re|ve)\b")
_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+")
# Han, kana, Thai, Lao, Burmese, Khmer.
_UNSPACED = re.compile(
    "[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]+"
)


def terms(text: str) -> list[str]:
    """Return the terms of `text` in order, repeats included."""
    plain = text.lower() if text.isascii() else fold(text)
    if len(_memory) > _REMEMBERED:
        _memory.clear()
    return [term for word in _WORD.findall(plain) for term in _memory[word]]


class _Memory(dict[str, tuple[str, ...]]):
    """The terms of each word met before; most of a corpus is the same few words."""

    def __missing__(self, word: str) -> tuple[str, ...]:
        found = self[word] = tuple(_terms(word))
        return found


_memory = _Memory()
_stemmer = Stemmer.Stemmer("english", 0)


def _terms(word: str) -> list[str]:
    bare = _CLITIC.sub("", word)
    parts = _PART.findall(bare)
    found = [bare[:_LONGEST]] if len(parts) > 1 or parts != [bare] else []
    found += [number.replace(",", "") for number in _GROUPED.findall(bare)]
    for part in parts:
        found += _part_terms(part[:_LONGEST])
    return found


def _part_terms(part: str) -> list[str]:
    if part.isascii():
        return [str(_stemmer.stemWord(part))]
    found: list[str] = []
    end = 0
    for run in _UNSPACED.finditer(part):
        found += [part[end : run.start()]] if run.start() > end else []
        characters = run.group()
        found += [*characters, *(a + b for a, b in pairwise(characters))]
        end = run.end()
    return [*found, part[end:]] if end < len(part) else found
