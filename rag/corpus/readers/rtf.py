"""RTF: its text, a paragraph a line."""

import re
from collections.abc import Iterator

from striprtf.striprtf import rtf_to_text

from rag.corpus.pieces import Content, Raw
from rag.corpus.readers.plain import plain_pieces

# The \\info group: what the document says about itself, and when it was made or revised.
_STATED = re.compile(r"\{\\(title|author|subject|keywords) ([^{}]*)\}")
_TIME = re.compile(r"\{\\(?:creatim|revtim)\\yr(\d{1,4})\\mo(\d{1,2})\\dy(\d{1,2})")


def read_rtf(raw: Raw) -> Iterator[Content]:
    """Yield one document; every line of RTF's text is a paragraph of its own."""
    source = raw.data.decode("latin-1")
    about = {key: _text(value) for key, value in _STATED.findall(source)}
    dates = [f"{int(y):04}-{int(m):02}-{int(d):02}" for y, m, d in _TIME.findall(source)]
    metadata = {
        "author": about.get("author", ""),
        "subject": about.get("subject", ""),
        "keywords": about.get("keywords", ""),
        "date": max(dates, default=""),
    }
    text = _text(source).replace("\n", "\n\n")
    yield Content(plain_pieces(text), about.get("title", ""), metadata)


def _text(source: str) -> str:
    read = rtf_to_text(source, encoding="cp1252", errors="replace")  # type: ignore[no-untyped-call]
    return str(read)
