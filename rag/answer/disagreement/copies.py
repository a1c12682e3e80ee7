"""Runs of three words, by which copies and revisions of one text are known (Broder, 1997)."""

from functools import lru_cache

from rag.text import stems


@lru_cache(maxsize=64)
def triples(text: str) -> frozenset[tuple[str, ...]]:
    """Return every three neighbouring stems of `text`; all of them when it has fewer."""
    words = stems(text)
    return frozenset(tuple(words[i : i + 3]) for i in range(max(1, len(words) - 2)))
