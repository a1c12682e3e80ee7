"""Plain text, logs, TeX and source code."""

import re
from collections.abc import Iterator

from rag.corpus.decode import decode
from rag.corpus.normalize import clean, join_hyphenated
from rag.corpus.pieces import Code, Content, Heading, Items, Paragraph, Piece, Raw

_PARAGRAPHS = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")
_MARK = re.compile(r"\s*(?:[-*+\u2022\u25cf\u25aa\u2013]|\(?\d{1,3}[.)]|\(?[a-z][.)])\s+\S")
_RULE = re.compile(r"^\s*([=\-~^*#_])\1{2,}\s*$")
_WRAPPED_AT = 100
_TITLE_LONGEST = 120


def read_plain(raw: Raw) -> Iterator[Content]:
    """Yield one document of paragraphs; hard-wrapped lines are joined."""
    text = decode(raw.data)
    yield Content(plain_pieces(text), _opening_title(text))


def _opening_title(text: str) -> str:
    """Return the first line if it reads like a title: short, and no sentence."""
    first = text.lstrip("\ufeff \t\r\n").split("\n", 1)[0].strip()
    is_title = 0 < len(first) <= _TITLE_LONGEST and first[-1] not in ".!?,;:" and " " in first
    return first if is_title and not _MARK.match(first) else ""


def read_lines(raw: Raw) -> Iterator[Content]:
    """Yield one document whose lines and indentation are kept, such as a log or a program."""
    pieces: list[Piece] = [Code(part) for part in _PARAGRAPHS.split(clean(decode(raw.data)))]
    yield Content(pieces)


def plain_pieces(text: str) -> list[Piece]:
    """Return the paragraphs, lists and underlined headings of plain text."""
    pieces: list[Piece] = []
    for part in _PARAGRAPHS.split(clean(text).strip("\n")):
        lines = [line for line in part.split("\n") if line.strip()]
        while len(lines) > 1 and _is_underlined(lines):
            pieces.append(Heading(lines[0], 1 if "=" in lines[1] else 2))
            lines = lines[2:]
        lines = [line for line in lines if not _RULE.match(line)]
        if lines:
            pieces.append(_block(lines))
    return pieces


def _is_underlined(lines: list[str]) -> bool:
    rule = _RULE.match(lines[1])
    return bool(rule and len(lines[0].strip()) <= _TITLE_LONGEST and not _RULE.match(lines[0]))


def _block(lines: list[str]) -> Piece:
    if _MARK.match(lines[0]) and (len(lines) > 1 or len(lines[0]) <= _WRAPPED_AT):
        return Items(tuple(_items(lines)))
    if len(lines) == 1 or _is_wrapped(lines):
        return Paragraph(join_hyphenated("\n".join(lines)))
    return Items(tuple(lines))


def _items(lines: list[str]) -> list[str]:
    """Join the lines that go on with an item to the line that opens it."""
    items: list[str] = []
    for line in lines:
        if _MARK.match(line) or not items:
            items.append(line)
        else:
            items[-1] = join_hyphenated(f"{items[-1]}\n{line}").replace("\n", " ")
    return items


def _is_wrapped(lines: list[str]) -> bool:
    """Return whether an editor broke these lines: all but the last run up to one margin."""
    lengths = [len(line.rstrip()) for line in lines]
    widest = max(lengths)
    if widest > _WRAPPED_AT * 1.5:
        return False
    full = sum(length >= 0.6 * widest for length in lengths[:-1])
    return widest >= 30 and full >= 0.8 * (len(lengths) - 1)
