"""Links, addresses and mark-up in what a model wrote that its quotes do not hold.

A model can be made to write a link that leaks what it has read, or an image that loads by
itself (Greshake et al., 2023). Prose needs neither.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from rag.types import Verdict

FOREIGN = "it holds a link, an address or mark-up that no cited quote holds"
_REMOVED = "[removed]"
_PATTERN = re.compile(
    r"!?\[[^\]\n]*\]\([^)\n]*\)?"  # a link or an image in Markdown
    r"|\[[^\]\n]+\]:\s*\S+"
    r"|<[a-z/!][^<>\n]*>?"  # HTML
    r"|\b[a-z][a-z0-9+.-]{1,20}://\S+|\b(?:javascript|data|mailto|tel):\S+|\bwww\.\S+"
    r"|[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
    r"|\b(?:[a-z0-9-]+\.)+[a-z]{2,}\b(?:/\S*)?",
    re.IGNORECASE,
)


def foreign(text: str, quotes: Sequence[str]) -> list[str]:
    """Return the links, addresses and mark-up of `text` that stand in none of `quotes`."""
    found = (match[0].rstrip(".,;:!?") for match in _PATTERN.finditer(text))
    return [piece for piece in found if not any(piece in quote for quote in quotes)]


def withheld(verdict: Verdict) -> Verdict:
    """Return `verdict`, which does not stand, without what is foreign in its claim."""
    text = verdict.claim.text
    for piece in foreign(text, [citation.quote for citation in verdict.claim.citations]):
        text = text.replace(piece, _REMOVED)
    return verdict if text == verdict.claim.text else _saying(verdict, text)


def _saying(verdict: Verdict, text: str) -> Verdict:
    return replace(verdict, claim=replace(verdict.claim, text=text))
