import pytest

from rag.testing import document_of
from rag.types import Chunk, Evidence, Passage, Span, chunk_id


def passage_of(text, *, label=1, source="a.md", metadata=None):
    document = document_of(source, text, metadata)
    span = Span(0, len(text))
    chunk = Chunk(chunk_id(document.revision, span), document.id, document.revision, span, text)
    return Passage(label, document, chunk, 1.0)


@pytest.fixture
def passage():
    return passage_of


@pytest.fixture
def heard():
    """Return sentences with the words a reader marks in [brackets], one document each."""

    def of(*texts, relevance=0.9, metadata=()):
        found = []
        for row, text in enumerate(texts):
            start, end = text.find("["), text.find("]") - 1
            plain = text.replace("[", "").replace("]", "")
            about = metadata[row] if row < len(metadata) else None
            source = f"{'abcdefgh'[row]}.md"
            passage = passage_of(plain, label=row + 1, source=source, metadata=about)
            answer = Span(start, end) if start >= 0 else None
            found.append(Evidence(passage, passage.chunk.span, relevance - row / 100, answer))
        return found

    return of
