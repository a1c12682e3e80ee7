"""Small real parts from which tests make indexes: documents, chunks and unit vectors."""

import hashlib
from itertools import pairwise

import numpy as np

from rag.index.build import make_build, publish
from rag.index.ledger import Ledger
from rag.index.snapshot import open_snapshot
from rag.reports import FileReport, FileStatus
from rag.types import Chunk, Document, DocumentId, Span, chunk_id, revision_of

DIM = 16
EMBEDDER = {"embedder_name": "hashed words", "fingerprint": "hashed-words-1", "dim": DIM}


class Lines:
    """A splitter: one chunk a line, or `size` lines a chunk."""

    def __init__(self, size=1):
        self.size = size

    @property
    def fingerprint(self):
        return f"lines-{self.size}"

    def split(self, document):
        ends = [i + 1 for i, c in enumerate(document.text) if c == "\n"]
        ends = [0, *ends[self.size - 1 :: self.size], len(document.text)]
        spans = [Span(a, b) for a, b in pairwise(ends) if a < b]
        return [
            Chunk(
                chunk_id(document.revision, span),
                document.id,
                document.revision,
                span,
                span.of(document.text),
                (document.title,),
            )
            for span in spans
        ]


def document(source, text, title="Notes", **metadata):
    revision = revision_of(title, text, metadata)
    return Document(DocumentId("loader's"), revision, text, source, title, metadata)


def vectors(texts):
    rows = []
    for text in texts:
        row = np.zeros(DIM, dtype=np.float32)
        for word in text.lower().split():
            row[hashlib.blake2b(word.encode(), digest_size=1).digest()[0] % DIM] += 1
        rows.append(row + 0.01)
    found = np.array(rows, dtype=np.float32).reshape(-1, DIM)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def put(ledger, path, text, title="Notes", splitter=None, **metadata):
    """Put a file of one document; its display name is the path without the first slash."""
    found = document(path[1:], text, title, **metadata)
    sha256 = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    chunks = (splitter or Lines()).split(found)
    report = FileReport(found.source, FileStatus.ACCEPTED, "text")
    return ledger.put_file(path, sha256, [(found, chunks)], report)


def embed(ledger):
    for batch in ledger.missing_vectors(EMBEDDER["fingerprint"]):
        keys, texts = zip(*batch, strict=True)
        ledger.put_vectors(EMBEDDER["fingerprint"], keys, vectors(texts))


def build(folder, ledger, disk=None):
    embed(ledger)
    return make_build(folder, ledger, **EMBEDDER, splitter="lines-1", disk=disk)


def build_and_publish(folder, ledger):
    manifest = build(folder, ledger)
    publish(folder, manifest.build)
    return manifest


def opened(folder):
    return open_snapshot(folder, **EMBEDDER)


def index_of(folder, texts):
    """Make and publish an index of {path: text}."""
    with Ledger.open(folder, create=True) as ledger:
        for path, text in texts.items():
            put(ledger, path, text)
        return build_and_publish(folder, ledger)


def sources_of(snapshot, ids):
    chunks = snapshot.chunks(list(ids))
    return sorted(snapshot.document(chunk.document_id).source for chunk in chunks)
