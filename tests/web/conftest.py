"""A page over a few small documents, without weights."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from rag.pipeline import Pipeline, Policy
from rag.testing import MemorySnapshot, ScriptedGenerator, document_of, pipeline_of
from rag.types import Block, BlockKind, Document, DocumentId, Page, Span, revision_of
from web import create_app

BLOCKS = (
    (BlockKind.HEADING, "Lock tariffs"),
    (BlockKind.PARAGRAPH, "A barge pays forty crowns at the upper lock."),
    (BlockKind.TABLE, "Craft: Barge | Fee: 40 crowns\nCraft: Skiff | Fee: 5 crowns"),
    (BlockKind.LIST, "- Pay at the lock house.\n- Keep the receipt for ninety days."),
    (BlockKind.CODE, "if barge:\n    fee = 40"),
    (BlockKind.PARAGRAPH, "The keeper 🛶 posts dates on the door.\nAsk there."),
)


def _laid_out(id_: str, blocks: tuple[tuple[BlockKind, str], ...]) -> Document:
    """Return a document with those blocks, a page before the fourth and one without text."""
    text = "\n\n".join(piece for _, piece in blocks)
    spans, start = [], 0
    for _, piece in blocks:
        spans.append(Span(start, start + len(piece)))
        start += len(piece) + 2
    turn = spans[3].start + 2
    return Document(
        DocumentId(id_),
        revision_of(id_, text, {"date": "2024-02-01"}),
        text,
        f"harbour/{id_}.pdf",
        f"The {id_}",
        {"date": "2024-02-01"},
        (Page(1, Span(0, turn)), Page(2, None), Page(3, Span(turn, len(text)))),
        tuple(Block(kind, span) for (kind, _), span in zip(blocks, spans, strict=True)),
    )


DOCUMENTS = (
    document_of(
        "mill/visitors.md",
        "# Visiting\n\nThe water mill opens at 9 am on weekdays. Groups need a guide.",
        {"date": "2021-04-12"},
    ),
    document_of(
        "mill/notice.md",
        "# Notice\n\nThe water mill opens at 10 am on weekdays since the wheel was restored.",
        {"date": "2024-05-30"},
    ),
    document_of("ar/mill.txt", "طاحونة الماء القديمة تفتح أبوابها للزوار في الساعة التاسعة."),
    _laid_out("tariffs", BLOCKS),
)


@pytest.fixture
def rag_over() -> Callable[..., Pipeline]:
    """Return a function that makes a pipeline over documents."""

    def make(documents: tuple[Document, ...] = DOCUMENTS, **snapshot: str) -> Pipeline:
        base = pipeline_of(
            {"x": "y"},
            policy=Policy(relevance_floor=0.05, sentence_keep=0.3),
            generator=ScriptedGenerator(
                "The water mill opens at 9 am on weekdays. It was built in 1204."
            ),
        )
        return replace(base, snapshot=MemorySnapshot(documents, **snapshot))

    return make


@pytest.fixture
def rag(rag_over: Callable[..., Pipeline]) -> Pipeline:
    return rag_over(build="20260214-101500-a3f9", unread="2 of 41 files could not be read.")


@pytest.fixture
def app(rag: Pipeline) -> Flask:
    return create_app(rag, examples=("When does the water mill open?",))


@pytest.fixture
def client(app: Flask) -> Iterator[FlaskClient]:
    with app.test_client() as client:
        yield client


@pytest.fixture
def blocks() -> tuple[tuple[BlockKind, str], ...]:
    """Return one block of each kind, as (kind, text)."""
    return BLOCKS


@pytest.fixture
def laid_out() -> Callable[..., Document]:
    """Return the function that makes a document of blocks."""
    return _laid_out


@pytest.fixture
def tariff() -> Document:
    """Return the document that has a block of each kind."""
    return DOCUMENTS[-1]
