"""Open the live build for questions: checked first, unchanging while it is open."""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from rag.errors import IndexDamaged, IndexMismatch, IndexNotFound
from rag.index.build import live_build
from rag.index.catalog import Catalog, Entry
from rag.index.dense import FaissIndex
from rag.index.disk import FileSum, file_sum
from rag.index.layout import IndexFolder
from rag.index.lexical import Bm25Index
from rag.index.manifest import Manifest
from rag.index.reading import LedgerReader, check_exists, open_reader
from rag.index.records import read_chunk
from rag.protocols import Floats, Ids
from rag.types import Chunk, ChunkId, Document, DocumentId, Filter, Hit

_REMEMBERED = 20_000_000  # characters of document text kept in memory

_NEEDED = {
    "documents.json",
    "chunks.npy",
    "owners.npy",
    "dense.faiss",
    *(f"lexical/{name}" for name in ("ids.npy", "starts.npy", "rows.npy", "scores.npy")),
    "lexical/terms.json",
}
_Mark = tuple[int, int, int]
_verified: dict[Path, tuple[_Mark, FileSum]] = {}
"""Files this process has hashed: (size in bytes, mtime in ns, inode) and their sum."""


class FolderSnapshot:
    """One build of an index folder; implements `Snapshot` and is safe to share by threads."""

    def __init__(
        self,
        manifest: Manifest,
        catalog: Catalog,
        dense: FaissIndex,
        lexical: Bm25Index,
        ledger: LedgerReader,
    ) -> None:
        """Use opened parts; call `open_snapshot` instead."""
        self.manifest = manifest
        self._catalog = catalog
        self._dense = dense
        self._lexical = lexical
        self._ledger = ledger
        self._documents: OrderedDict[DocumentId, Document] = OrderedDict()
        self._characters = 0
        self._mutex = threading.Lock()

    @property
    def build(self) -> str:
        """The build's id; every answer carries it."""
        return self.manifest.build

    @property
    def unread(self) -> str | None:
        """What could not be read when it was made, in one sentence, or None."""
        return self.manifest.unread

    def __len__(self) -> int:
        """Return the number of chunks."""
        return len(self._catalog.ids)

    def allowed(self, filter_: Filter) -> Ids | None:
        """Return the chunk ids `filter_` admits, sorted; None when it admits all.

        Raises:
            QuestionError: If a document named in the filter is not in the index.
        """
        return self._catalog.allowed(filter_)

    def dense(self, query: Floats, k: int, allowed: Ids | None = None) -> list[Hit]:
        """Return nearest chunks to one vector of shape (dim,): cosine in [-1, 1]."""
        scores, ids = self._dense.search(np.reshape(query, (1, -1)), k, allowed)
        pairs = zip(ids[0].tolist(), scores[0].tolist(), strict=True)
        return [Hit(ChunkId(id_), score) for id_, score in pairs]

    def lexical(self, query: str, k: int, allowed: Ids | None = None) -> list[Hit]:
        """Return best chunks by BM25 score, greater than 0."""
        return self._lexical.search(query, k, allowed)

    def chunks(self, ids: Sequence[ChunkId]) -> list[Chunk]:
        """Return the chunks, in the order of `ids`.

        Raises:
            IndexDamaged: If one is not in this build.
        """
        rows = self._ledger.rows(ids)
        chunks: list[Chunk] = []
        for id_ in ids:
            entry = self._catalog.owner(id_)
            if entry is None or id_ not in rows or rows[id_][1] != entry.revision:
                raise IndexDamaged(
                    f"build {self.build} has no chunk {id_}; open the index again, and if that "
                    "does not help make a new build with: rag ingest"
                )
            text = self._remember(entry).text
            chunks.append(read_chunk(rows[id_][0], text, entry.id, entry.revision))
        return chunks

    def document(self, document_id: DocumentId) -> Document:
        """Return the document as this build knows it.

        Raises:
            IndexDamaged: If it is not in this build.
        """
        entry = self._catalog.entry(document_id)
        if entry is None:
            raise IndexDamaged(
                f"build {self.build} has no document {document_id}; it may belong to another "
                "build: ask again"
            )
        return self._remember(entry)

    def close(self) -> None:
        """Release files; safe to call twice."""
        self._ledger.close()

    def _remember(self, entry: Entry) -> Document:
        """Return a document, from memory if it was used lately."""
        with self._mutex:
            document = self._documents.get(entry.id)
            if document is not None:
                self._documents.move_to_end(entry.id)
                return document
        document = self._ledger.document_at(entry.id, entry.revision, entry.source, entry.also)
        with self._mutex:
            if entry.id not in self._documents:
                self._characters += len(document.text)
            self._documents[entry.id] = document
            while self._characters > _REMEMBERED and len(self._documents) > 1:
                _, oldest = self._documents.popitem(last=False)
                self._characters -= len(oldest.text)
        return document


def open_snapshot(
    folder: IndexFolder, *, fingerprint: str, dim: int, embedder_name: str
) -> FolderSnapshot:
    """Open the live build of `folder` for an embedder.

    Every file is checked against the manifest's SHA-256 before it is opened.

    Args:
        folder: The index.
        fingerprint: Of the embedder that will embed the questions.
        dim: Length of its vectors.
        embedder_name: What people call it.

    Raises:
        IndexNotFound: If there is no such index, or nothing was published yet.
        IndexMismatch: If another embedder or a newer Quotewell made the build.
        IndexDamaged: If a file is missing or altered.
    """
    check_exists(folder)
    build_id = live_build(folder)
    if build_id is None:
        raise IndexNotFound(
            f"index {folder.name!r} has no build yet (its first ingest did not finish); "
            "make one with: rag ingest <folder or file>"
        )
    path = folder.build(build_id)
    manifest = Manifest.read(path)
    _check_embedder(manifest, folder, fingerprint, dim, embedder_name)
    for name, recorded in manifest.files.items():
        _verify(path / name, recorded)
    _check_complete(manifest, path)
    catalog, dense, lexical = (
        Catalog.open(path),
        FaissIndex.open(path / "dense.faiss", dim),
        Bm25Index.open(path / "lexical"),
    )
    if not len(catalog.ids) == len(dense) == len(lexical) == manifest.counts["chunks"]:
        raise IndexDamaged(
            f"the parts of build {build_id} in {folder.builds} hold different numbers of "
            "chunks; make a new build with: rag ingest"
        )
    return FolderSnapshot(manifest, catalog, dense, lexical, open_reader(folder))


def _check_embedder(
    manifest: Manifest, folder: IndexFolder, fingerprint: str, dim: int, name: str
) -> None:
    made = manifest.embedder
    if (made.fingerprint, made.dim) == (fingerprint, dim):
        return
    raise IndexMismatch(
        f"index {folder.name!r} was built with embedder {made.name!r} (dimension {made.dim}, "
        f"fingerprint {made.fingerprint}), and questions would be embedded with {name!r} "
        f"(dimension {dim}, fingerprint {fingerprint}); set embedder.model to {made.name!r}, or "
        "embed the documents again with: rag ingest"
    )


def _check_complete(manifest: Manifest, path: Path) -> None:
    lacking = _NEEDED - manifest.files.keys()
    if lacking:
        raise IndexDamaged(
            f"the manifest in {path} lists no {', '.join(sorted(lacking))}; "
            "make a new build with: rag ingest"
        )


def _verify(path: Path, recorded: FileSum) -> None:
    """Check one file's size and SHA-256; a file this process checked before is hashed once.

    Raises:
        IndexDamaged: If it is missing or altered.
    """
    remedy = "restore it from a backup, or make a new build with: rag ingest"
    try:
        stat = path.stat()
        mark = (stat.st_size, stat.st_mtime_ns, stat.st_ino)
        if stat.st_size != recorded.bytes:
            raise IndexDamaged(
                f"{path} is {stat.st_size} bytes long, its manifest says {recorded.bytes}; {remedy}"
            )
        if _verified.get(path) == (mark, recorded):
            return
        found = file_sum(path)
    except OSError as error:
        raise IndexDamaged(f"cannot read {path}: {error}; {remedy}") from error
    if found != recorded:
        raise IndexDamaged(f"{path} does not match the SHA-256 in its manifest; {remedy}")
    _verified[path] = (mark, recorded)
