"""Characters: one form for each, before any offset exists.

Everything here is idempotent: cleaning clean text changes nothing.
"""

import re
import unicodedata

_SPELLED_OUT = frozenset(
    "<compat> <font> <wide> <narrow> <initial> <medial> <final> <isolated>".split()
)
_NEWLINES = re.compile("\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_BLANKS = re.compile(r"\s+")
# Line ends that PDFs and e-mail break words at; a capital after it is a real compound.
_HYPHENATED = re.compile(r"(?<=[^\W\d_])[-\u2010\u00ad]\n\s*(?=[a-z\u00df-\u00f6\u00f8-\u00ff])")


class _Forms(dict[int, str | None]):
    """A table for `str.translate` that works out a character when it first meets it."""

    def __missing__(self, code: int) -> str | None:
        form = self[code] = _form(chr(code))
        return form


def _form(char: str) -> str | None:
    """Return what `char` becomes: None removes it."""
    if char in "\n\t":
        return char
    category = unicodedata.category(char)
    if category == "Cs":  # half of a pair, which no encoding can store
        return "\ufffd"
    if category in {"Cc", "Cf", "Co"} or "\ufe00" <= char <= "\ufe0f" or char in "\ufffe\uffff":
        return "\u2022" if char == "\uf0b7" else None  # Word's bullet in the Symbol font
    if category == "Zs":
        return " "
    tag = unicodedata.decomposition(char).split(" ", 1)[0]
    if tag in _SPELLED_OUT and category[0] in "LN":
        return unicodedata.normalize("NFKC", char)
    return char


_FORMS = _Forms()


def clean(text: str) -> str:
    """Return `text` in canonical characters, with the newline as its only line break.

    NFC; ligatures and other compatibility letters spelled out; soft hyphens, zero-width,
    direction, private and control characters removed; every blank an ordinary space.
    """
    text = _NEWLINES.sub("\n", text)
    return unicodedata.normalize("NFC", text.translate(_FORMS))


def one_line(text: str) -> str:
    """Return `text` cleaned, with every run of blanks and line breaks as one space."""
    return _BLANKS.sub(" ", clean(text)).strip()


def code_lines(text: str) -> str:
    """Return `text` cleaned, its lines and their leading blanks kept, outer blank lines not."""
    lines = [line.rstrip() for line in clean(text).expandtabs(4).split("\n")]
    return "\n".join(lines).strip("\n")


def join_hyphenated(text: str) -> str:
    """Return `text` with words put together that a line break had cut in two."""
    return _HYPHENATED.sub("", text)
