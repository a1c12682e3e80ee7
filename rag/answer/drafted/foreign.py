"""Links, addresses and mark-up in what a model wrote that its quotes do not hold.

A model can be made to write a link that leaks what it has read, or an image that loads by
itself (Greshake et al., 2023). Prose needs neither.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from rag.types import Span, Verdict

FOREIGN = "it holds a link, an address or mark-up that no cited quote holds"
_REMOVED = "[removed]"
_PATTERN = re.compile(
    r"!?\[[^\]\n]*\]\([^)\n]*\)?"  # a link or an image in Markdown
    r"|\[[^\]\n]+\]:\s*\S+"
    r"|<[a-z/!][^<>\n]*>?"  # HTML
    r"|\b[a-z][a-z0-9+.-]{1,20}://\S+|\b(?:javascript|data|mailto|tel):\S+|\bwww\.\S+"
    r"|[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
    r"|\b(?:[a-z0-9-]+\.)+[a-z]{2,}\b(?:/\S*)?"
    r"|\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?(?:/\S*|\b)",
    re.IGNORECASE,
)


def foreign(text: str, quotes: Sequence[str]) -> list[str]:
    """Return the links, addresses and mark-up of `text` that stand in none of `quotes`."""
    found = (match[0].rstrip(".,;:!?") for match in _PATTERN.finditer(text))
    return [piece for piece in found if not any(piece in quote for quote in quotes)]


def withheld(verdict: Verdict) -> Verdict:
    """Return `verdict`, which does not stand, without what is foreign in its claim."""
    text = verdict.claim.text
    pieces = foreign(text, [citation.quote for citation in verdict.claim.citations])
    if not pieces:
        return verdict
    longest = sorted(map(re.escape, pieces), key=len, reverse=True)
    cuts = [Span(*match.span()) for match in re.finditer("|".join(longest), text)]
    said, done = "", 0
    for cut in cuts:
        said += text[done : cut.start] + _REMOVED
        done = cut.end
    claim = replace(verdict.claim, text=said + text[done:])
    return replace(verdict, claim=claim, unsupported=_moved(verdict.unsupported, cuts))


def _moved(spans: Sequence[Span], cuts: Sequence[Span]) -> tuple[Span, ...]:
    """Return `spans` as they stand once each of `cuts` reads `_REMOVED`, which no quote says."""
    marked: list[Span] = []
    for span in sorted({*spans, *cuts}):
        if marked and span.start <= marked[-1].end:
            marked[-1] = Span(marked[-1].start, max(span.end, marked[-1].end))
        else:
            marked.append(span)

    def place(at: int) -> int:
        gone = [cut for cut in cuts if cut.end <= at]
        return at + sum(len(_REMOVED) - (cut.end - cut.start) for cut in gone)

    return tuple(Span(place(span.start), place(span.end)) for span in marked)
