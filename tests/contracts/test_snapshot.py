"""What every `Snapshot` must do."""

import numpy as np
import pytest

from rag.errors import QuestionError
from rag.index.build import make_build, publish
from rag.index.layout import IndexFolder
from rag.index.ledger import Ledger
from rag.index.snapshot import open_snapshot
from rag.testing import HashingEmbedder, MemorySnapshot, document_of
from rag.types import Chunk, Filter, Span, chunk_id
from tests.index.material import (
    put,
    sources_of,
)

TEXTS = {
    "contracts/lease.txt": ("The lease ends on 3 May 2027.", {"date": "2024-05-01", "area": "A"}),
    "contracts/pump.txt": ("The pump shows error ERR-4012.", {"date": "2023-01-31", "area": "B"}),
    "letters/hello.txt": ("Greetings from the harbour office.", {"area": "A"}),
}


class Paragraph:
    """A splitter for documents of one paragraph."""

    fingerprint = "whole"

    def split(self, document):
        span = Span(0, len(document.text))
        id_ = chunk_id(document.revision, span)
        return [Chunk(id_, document.id, document.revision, span, document.text)]


def _in_memory(_):
    return MemorySnapshot([document_of(s, text, meta) for s, (text, meta) in TEXTS.items()])


def _in_folder(tmp_path):
    folder = IndexFolder.named(tmp_path, "demo")
    embedder = HashingEmbedder()
    with Ledger.open(folder, create=True) as ledger:
        for source, (text, meta) in TEXTS.items():
            put(ledger, f"/{source}", text, splitter=Paragraph(), **meta)
        for batch in ledger.missing_vectors(embedder.fingerprint):
            keys, texts = zip(*batch, strict=True)
            ledger.put_vectors(embedder.fingerprint, keys, embedder.embed_texts(texts))
        made = make_build(
            folder,
            ledger,
            embedder_name=embedder.name,
            fingerprint=embedder.fingerprint,
            dim=embedder.dim,
            splitter="whole",
        )
        publish(folder, made.build)
    return open_snapshot(
        folder,
        fingerprint=embedder.fingerprint,
        dim=embedder.dim,
        embedder_name=embedder.name,
    )


@pytest.fixture(params=[_in_memory, _in_folder], ids=["memory", "folder"])
def snapshot(request, tmp_path):
    made = request.param(tmp_path)
    yield made
    made.close()


def test_a_chunk_is_its_own_nearest_and_an_exact_slice_of_its_document(snapshot):
    hits = snapshot.lexical("lease", 5)
    (chunk,) = snapshot.chunks([hits[0].chunk_id])

    nearest = snapshot.dense(HashingEmbedder().embed_texts([chunk.embedding_text])[0], 3)

    document = snapshot.document(chunk.document_id)
    assert chunk.span.of(document.text) == chunk.text == "The lease ends on 3 May 2027."
    assert chunk.revision == document.revision
    assert nearest[0].chunk_id == chunk.id
    assert nearest[0].score == pytest.approx(1, abs=1e-5)


def test_chunks_come_in_the_order_asked(snapshot):
    ids = [hit.chunk_id for hit in snapshot.dense(HashingEmbedder().embed_queries(["pump"])[0], 3)]

    assert [chunk.id for chunk in snapshot.chunks(ids[::-1])] == ids[::-1]
    assert snapshot.chunks([]) == []
    assert len(snapshot) == 3


@pytest.mark.parametrize(
    ("filter_", "sources"),
    [
        (Filter(documents=("letters/hello.txt",)), ["letters/hello.txt"]),
        (Filter(sources=("contracts/*",)), ["contracts/lease.txt", "contracts/pump.txt"]),
        (Filter(sources=("*pump*", "letters/*")), ["contracts/pump.txt", "letters/hello.txt"]),
        (Filter(metadata={"area": "A"}), ["contracts/lease.txt", "letters/hello.txt"]),
        (Filter(metadata={"area": "A"}, sources=("contracts/*",)), ["contracts/lease.txt"]),
        (Filter(since="2024-01-01"), ["contracts/lease.txt"]),
        (Filter(until="2023-12-31"), ["contracts/pump.txt"]),
        (Filter(since="2023-01-31", until="2023-01-31"), ["contracts/pump.txt"]),
        (Filter(metadata={"area": "Z"}), []),
        (Filter(metadata={"area": "A' OR '1'='1"}), []),
    ],
)
def test_a_filter_admits_exactly_what_it_says(snapshot, filter_, sources):
    allowed = snapshot.allowed(filter_)

    assert np.array_equal(allowed, np.unique(allowed))
    assert sources_of(snapshot, allowed.tolist()) == sources
    query = HashingEmbedder().embed_queries(["harbour"])[0]
    assert sources_of(snapshot, [h.chunk_id for h in snapshot.dense(query, 9, allowed)]) == sources
    words = snapshot.lexical("lease pump greetings", 9, allowed)
    assert sources_of(snapshot, [h.chunk_id for h in words]) == sources


def test_an_empty_filter_admits_all(snapshot):
    assert snapshot.allowed(Filter()) is None


def test_a_document_that_is_not_there_is_named(snapshot):
    with pytest.raises(QuestionError, match=r"nowhere\.txt"):
        snapshot.allowed(Filter(documents=("nowhere.txt",)))


def test_closing_twice_is_safe(snapshot):
    assert len(snapshot) > 0
    snapshot.close()

    assert snapshot.close() is None
