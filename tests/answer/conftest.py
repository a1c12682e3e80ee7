import pytest

from rag.testing import document_of
from rag.types import Chunk, Passage, Span, chunk_id


def passage_of(text, *, label=1, source="a.md"):
    document = document_of(source, text)
    span = Span(0, len(text))
    chunk = Chunk(chunk_id(document.revision, span), document.id, document.revision, span, text)
    return Passage(label, document, chunk, 1.0)


@pytest.fixture
def passage():
    return passage_of
