"""Open the live build for questions: checked first, unchanging while it is open."""

import logging
import os
import threading
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from rag.errors import IndexDamaged, IndexFault, IndexMismatch, IndexNotFound
from rag.index.build import answering_build
from rag.index.catalog import Catalog, Entry
from rag.index.dense import FaissIndex
from rag.index.journal import publications
from rag.index.layout import IndexFolder, is_build_id
from rag.index.lexical import Bm25Index
from rag.index.manifest import NAME, EmbedderMark, Manifest
from rag.index.pruning import hold
from rag.index.reading import LedgerReader, check_exists, open_reader
from rag.index.records import read_chunk
from rag.index.whole import check_files, read_manifest
from rag.protocols import Floats, Ids
from rag.types import Chunk, ChunkId, Document, DocumentId, Filter, Hit

_REMEMBERED = 20_000_000  # characters of document text kept in memory

_TRIES = 5
"""How often a build may be replaced while it is being opened."""

logger = logging.getLogger(__name__)


class FolderSnapshot:
    """One build of an index folder; implements `Snapshot` and is safe to share by threads."""

    def __init__(
        self,
        manifest: Manifest,
        catalog: Catalog,
        dense: FaissIndex,
        lexical: Bm25Index,
        ledger: LedgerReader,
        held: int,
    ) -> None:
        """Use opened parts; call `open_snapshot` instead.

        `held` is a handle that keeps the build from being deleted; `close` closes it.
        """
        self.manifest = manifest
        self.stands_in: str | None = None
        """The id of the damaged live build that this one answers for, or None."""
        self._held: int | None = held
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
        """What could not be read when it was made, in one sentence, or None.

        Also says that the live build is damaged when this one stands in for it.
        """
        if self.stands_in is None:
            return self.manifest.unread
        damaged = f"Build {self.stands_in} is damaged, so the one before it answers."
        return " ".join(filter(None, (damaged, self.manifest.unread)))

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

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Return every document of this build, without its text."""
        return self._catalog.entries

    def close(self) -> None:
        """Release files; safe to call twice."""
        self._ledger.close()
        with self._mutex:
            held, self._held = self._held, None
        if held is not None:
            os.close(held)

    def __del__(self) -> None:
        """Release the build, so that a forgotten snapshot does not keep it for ever."""
        if self._held is not None:
            os.close(self._held)

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
    folder: IndexFolder,
    *,
    fingerprint: str,
    dim: int,
    embedder_name: str,
    build: str | None = None,
) -> FolderSnapshot:
    """Open the live build of `folder` for an embedder, or the build before if it is damaged.

    Every file is checked against the manifest's SHA-256 before it is opened. While the
    snapshot is open, nobody deletes its build.

    Args:
        folder: The index.
        fingerprint: Of the embedder that will embed the questions.
        dim: Length of its vectors.
        embedder_name: What people call it.
        build: The id of the build to open, live or not; no other is opened in its place.

    Raises:
        IndexNotFound: If there is no such index or build, or nothing was published yet.
        IndexMismatch: If another embedder or a newer Quotewell made the build.
        IndexDamaged: If a file is missing or altered, and no build before is whole.
    """
    check_exists(folder)
    asking = EmbedderMark(embedder_name, fingerprint, dim)
    if build is not None:
        if not is_build_id(build) or not folder.build(build).is_dir():
            there = ", ".join(folder.build_ids()) or "none"
            raise IndexNotFound(f"no build {build!r} in {folder.builds}; the builds are: {there}")
        return _opened(folder, build, asking)
    for _ in range(_TRIES):
        live = _live(folder)
        try:
            return _opened(folder, live, asking)
        except IndexDamaged as error:
            if _live(folder) != live:
                continue  # it was replaced and deleted while it was being opened
            return _fallen_back(folder, live, asking, error)
    raise IndexFault(f"index {folder.name!r} changes faster than it can be opened; try again")


def _live(folder: IndexFolder) -> str:
    """Return the id in LIVE or, if that file is damaged or gone, what was last published."""
    live = answering_build(folder)
    if live is None:
        raise IndexNotFound(
            f"index {folder.name!r} has no build yet that answers: its first one was not finished, "
            f"or its gate refused it (see: rag history {folder.name}); make one with: rag rebuild "
            f"{folder.name}, or rag ingest <folder or file>"
        )
    return live


def _fallen_back(
    folder: IndexFolder, live: str, asking: EmbedderMark, why: IndexDamaged
) -> FolderSnapshot:
    """Return the latest build before `live` that is whole, or raise `why`."""
    others = [entry for entry in publications(folder) if entry.build != live]
    # What a person rolled back from is newer than the live build, and comes last.
    for entry in sorted(others, key=lambda entry: entry.build > live):
        try:
            snapshot = _opened(folder, entry.build, asking)
        except (IndexDamaged, IndexMismatch):
            continue
        logger.error("answering from build %s, since %s", entry.build, why)
        snapshot.stands_in = live
        return snapshot
    raise why


def _opened(folder: IndexFolder, build_id: str, asking: EmbedderMark) -> FolderSnapshot:
    path = folder.build(build_id)
    try:
        held = hold(path / NAME)
    except OSError as error:
        raise IndexDamaged(
            f"cannot read {path / NAME}: {error}; make a new build with: rag ingest"
        ) from error
    try:
        return _read(folder, path, asking, held)
    except BaseException:
        os.close(held)
        raise


def _read(folder: IndexFolder, path: Path, asking: EmbedderMark, held: int) -> FolderSnapshot:
    manifest = read_manifest(path)
    _check_embedder(manifest, folder, asking)
    check_files(path, manifest)
    catalog, dense, lexical = (
        Catalog.open(path),
        FaissIndex.open(path / "dense.faiss", asking.dim),
        Bm25Index.open(path / "lexical"),
    )
    if not len(catalog.ids) == len(dense) == len(lexical) == manifest.counts["chunks"]:
        raise IndexDamaged(
            f"the parts of build {path.name} in {folder.builds} hold different numbers of "
            "chunks; make a new build with: rag ingest"
        )
    return FolderSnapshot(manifest, catalog, dense, lexical, open_reader(folder), held)


def _check_embedder(manifest: Manifest, folder: IndexFolder, asking: EmbedderMark) -> None:
    made = manifest.embedder
    if (made.fingerprint, made.dim) == (asking.fingerprint, asking.dim):
        return
    raise IndexMismatch(
        f"index {folder.name!r} was built with embedder {made.name!r} (dimension {made.dim}, "
        f"fingerprint {made.fingerprint}), and questions would be embedded with {asking.name!r} "
        f"(dimension {asking.dim}, fingerprint {asking.fingerprint}); set embedder.model to "
        f"{made.name!r}, or embed the documents again with: rag ingest"
    )
