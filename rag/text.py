"""What a sentence is, and what its words are: one rule for evidence, claims and highlights.

Works on canonical text, where a line is a paragraph, a list item or a table row, so that a
newline always ends a sentence. Knows nothing of documents or models.
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

import Stemmer

from rag.types import Span

_ABBREVIATIONS = frozenset(
    "mr mrs ms dr prof st sr jr vs etc inc ltd co corp dept est approx ca cf al eg ie e.g i.e "
    "ed eds rev gen col sgt capt lt hon u.s u.k u.n a.m p.m ph.d m.d b.a jan feb mar apr jun jul "
    "aug sep sept oct nov dec incl bzw z.b d.h usw".split()
)
_BEFORE_NUMBERS = frozenset("no nos nr p pp fig figs eq vol ch sec art max min tel ext ref".split())
# A terminator, what may close after it, and the blank that follows; CJK needs no blank.
_END = re.compile(
    r"[.!?\u2026\u061f\u0964]+[\"')\]\u00bb\u201d\u2019]*(?:\[\d{1,3}\])*(?=\s|$)|[\u3002\uff01\uff1f]+[\u300d\u300f\u201d]*"
)
_LAST_WORD = re.compile(r"[\w.'\u2019]*\Z")
_NEXT = re.compile(r"\s*(\S)")
_INITIAL = re.compile(r"\s*[A-Z]\.")  # after a letter of a name, the next one: "J. R. R. Smith"
_LOOK_BACK = 40  # characters
_LINE = re.compile(r"[^\n]+")
BULLET = re.compile(r"\s*(?:[-*+\u2022\u25cf\u25aa\u2013]|\(?\d{1,3}[.)]|\(?[a-z][.)])\s+")
"""The mark of a list's item with the blanks around it."""
_PART = re.compile(r"[^\W_]+", re.UNICODE)

# ERR-4012, v2.3.1, NX200, 10.1000/182, snake_case: a digit or a joiner inside one word.
_IDENTIFIER = re.compile(
    r"(?<![\w])(?=[\w./:-]*\d)[A-Za-z][\w]*(?:[./:-]?\w+)*|\b\w+(?:_\w+)+\b|\b\d+(?:[./:-]\d+)+\b"
)

FUNCTION_WORDS = frozenset(
    "a an the this that these those and or but nor so yet if then than as at by for from in into "
    "of off on onto out over per to up upon via with without within about above across after "
    "against along among around before behind below beneath beside besides between beyond down "
    "during except inside like near outside past since through throughout toward towards under "
    "until unto while is am are was were be been being do does did doing done have has had having "
    "will would shall should can could may might must i you he she it we they me him her us them "
    "my your his its our their mine yours hers ours theirs who whom whose which what when where "
    "why how there here also just too very s t d ll re ve m o".split()
)


def sentences(text: str, within: Span | None = None) -> list[Span]:
    """Return the sentences of `text` in order, without surrounding blanks.

    Every non-blank character lies in exactly one sentence. Abbreviations, initials, decimal
    points and list numbers do not end a sentence; a newline does.

    Args:
        text: Canonical text.
        within: Only look at these characters; offsets still count from the start of `text`.
    """
    low, high = (within.start, within.end) if within else (0, len(text))
    spans: list[Span] = []
    for line in _LINE.finditer(text, low, high):
        start = line.start()
        for end in _ends(text, line.start(), line.end()):
            _append(spans, text, start, end)
            start = end
        _append(spans, text, start, line.end())
    return spans


def capitalised(text: str) -> str:
    """Return `text` with a capital at its beginning, the rest as it is."""
    return text[:1].upper() + text[1:]


def without_bullet(text: str, span: Span) -> Span:
    """Return `span` without a leading list mark; `span` itself if nothing would be left."""
    mark = BULLET.match(text, span.start, span.end)
    return Span(mark.end(), span.end) if mark and mark.end() < span.end else span


def _append(spans: list[Span], text: str, start: int, end: int) -> None:
    piece = text[start:end]
    left = start + len(piece) - len(piece.lstrip())
    right = end - (len(piece) - len(piece.rstrip()))
    if left < right:
        spans.append(Span(left, right))


def _ends(text: str, start: int, end: int) -> list[int]:
    return [m.end() for m in _END.finditer(text, start, end) if _is_end(text, start, m, end)]


def _is_end(text: str, start: int, mark: re.Match[str], end: int) -> bool:
    place = mark.start()
    if mark.end() >= end or not mark.group().startswith("."):
        # "the ? operator": a mark that stands alone ends nothing.
        return mark.end() >= end or place == start or not text[place - 1].isspace()
    # A bounded look back: a transcript of one long line has thousands of full stops.
    word = _LAST_WORD.search(text, max(start, place - _LOOK_BACK), place)
    before = word.group().lower() if word else ""
    following = _NEXT.match(text, mark.end(), end)
    first = following[1] if following else ""
    if first.islower():  # "approx. five", "the U.S. army"
        return False
    if before in _ABBREVIATIONS or (before in _BEFORE_NUMBERS and first.isdigit()):
        return False
    opened = place - len(before)
    if before.isdigit():  # "3. Press": a number alone at the start of its line opens a step
        return opened - start > _LOOK_BACK or bool(text[start:opened].strip())
    if len(before) != 1 or not before.isalpha():
        return True
    return not (_INITIAL.match(text, mark.end(), end) or _initial(text, start, opened))


def _initial(text: str, start: int, opened: int) -> bool:
    """Return whether the letter at `opened` abbreviates a name: "J. Smith", not "plan B."."""
    if text[opened] == "I":
        return False
    word = _LAST_WORD.search(text, max(start, opened - _LOOK_BACK), max(start, opened - 1))
    return word is None or not word.group() or word.group()[0].isupper()


def identifiers(text: str) -> list[str]:
    """Return the words of `text` that name one thing exactly, such as `ERR-4012`."""
    return list(dict.fromkeys(_IDENTIFIER.findall(text)))


def fold(text: str) -> str:
    """Return `text` case-folded, with accents and typographic variants removed."""
    plain = unicodedata.normalize("NFKD", text.replace("\u2019", "'"))
    return "".join(c for c in plain if not unicodedata.combining(c)).casefold()


def stems(text: str) -> list[str]:
    """Return the stems of the words' parts, in order (Snowball English)."""
    return _stem_all(_PART.findall(fold(text)))


def content_stems(text: str) -> list[str]:
    """Return the stems of `text` without function words, in order."""
    return _stem_all([w for w in _PART.findall(fold(text)) if w not in FUNCTION_WORDS])


def _stem_all(parts: Sequence[str]) -> list[str]:
    return [_stem(part) for part in parts]


@lru_cache(maxsize=65536)
def _stem(part: str) -> str:
    return str(_stemmer().stemWord(part))


@lru_cache(maxsize=1)
def _stemmer() -> "Stemmer.Stemmer":
    return Stemmer.Stemmer("english")
