"""RTF: its text, a paragraph a line."""

from collections.abc import Iterator

from striprtf.striprtf import rtf_to_text

from rag.corpus.pieces import Content, Raw
from rag.corpus.readers.plain import plain_pieces


def read_rtf(raw: Raw) -> Iterator[Content]:
    """Yield one document; every line of RTF's text is a paragraph of its own."""
    text = str(
        rtf_to_text(  # type: ignore[no-untyped-call]
            raw.data.decode("latin-1"), encoding="cp1252", errors="replace"
        )
    )
    yield Content(plain_pieces(text.replace("\n", "\n\n")))
