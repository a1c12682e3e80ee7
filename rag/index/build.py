"""Make a build of what the ledger holds, make it live, and clear away old ones.

    builds/.making-<id>/  ->  builds/<id>/  ->  LIVE

A folder gets its final name only when every file in it is on the disk, and LIVE names it
only after that. Killed at any point, the build that was live still is.
"""

import secrets
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from rag.errors import DiskFull, IndexDamaged, IndexFault, IndexMismatch, IndexNotFound
from rag.index.catalog import Catalog, Entry
from rag.index.dense import FaissIndex
from rag.index.disk import Disk, FileSum, disk_errors, is_full
from rag.index.journal import LAST_PUBLISHED, publications, record_publication
from rag.index.layout import IndexFolder, is_build_id
from rag.index.ledger import Ledger
from rag.index.lexical import Bm25Builder, Bm25Index
from rag.index.manifest import (
    FORMAT,
    NAME,
    EmbedderMark,
    Manifest,
    count_unread,
    unread_sentence,
)
from rag.protocols import Ids

MAKING = ".making-"
Progress = Callable[[int, int], None]


def make_build(  # noqa: PLR0913  (what a build must record, each by name)
    folder: IndexFolder,
    ledger: Ledger,
    *,
    embedder_name: str,
    fingerprint: str,
    dim: int,
    splitter: str,
    model: str = "",
    only: Catalog | None = None,
    progress: Progress | None = None,
    disk: Disk | None = None,
) -> Manifest:
    """Write a build of all current documents; it is not live until `publish`.

    Args:
        folder: The index.
        ledger: Its ledger, with a vector for every chunk.
        embedder_name: What people call the embedder.
        fingerprint: The embedder's; its vectors are used.
        dim: Length of its vectors.
        splitter: Fingerprint of the splitter that cut the chunks.
        model: What `embedder.model` was set to, for whoever opens the build.
        only: Documents and chunks the ledger holds, current or not, to build of instead; the
            next rebuild takes such a build for out of date.
        progress: Told (done, total) chunks.
        disk: Where files are written; tests pass one that fails.

    Raises:
        IndexNotFound: If the ledger holds no chunk.
        IndexMismatch: If chunks lack a vector, or another splitter cut them.
        IndexBusy: If another process is writing.
        DiskFull: If there is no room.
    """
    mark = EmbedderMark(embedder_name, fingerprint, dim, model)
    with ledger.writing():
        if only is None:
            _check_ready(ledger, mark, splitter)
        generation = ledger.generation() if only is None else -1
        build_id = _new_id(folder)
        making = folder.builds / f"{MAKING}{build_id}"
        with disk_errors(f"writing build {build_id} in {folder.builds}"):
            disk = disk or Disk()
            disk.make_folder(making)
            files, counts = _write_parts(ledger, mark, making, disk, only, progress)
            unread = count_unread(*ledger.unread_reports())
            manifest = Manifest(
                FORMAT,
                build_id,
                datetime.now(UTC).isoformat(timespec="seconds"),
                mark,
                splitter,
                counts | unread,
                unread_sentence(unread),
                files,
                generation,
            )
            with disk.create(making / NAME) as sink:
                sink.write(manifest.to_json())
            for path in (*_folders(making), making):
                disk.sync_folder(path)
            disk.rename(making, folder.build(build_id))
            disk.sync_folder(folder.builds)
    return manifest


def publish(
    folder: IndexFolder, build_id: str, *, forced: bool = False, disk: Disk | None = None
) -> None:
    """Make a finished build the live one, in one step, and record that it was.

    Args:
        folder: The index.
        build_id: Of a build on disk.
        forced: Whether a person overruled the gate.
        disk: Where files are written; tests pass one that fails.

    Raises:
        IndexNotFound: If there is no such build.
        LeaseLost: If another writer took over meanwhile; the live build stays as it was.
        DiskFull: If there is no room; the live build stays as it was.
    """
    disk = disk or Disk()
    if not is_build_id(build_id) or not (folder.build(build_id) / NAME).is_file():
        there = ", ".join(folder.build_ids()) or "none"
        raise IndexNotFound(f"no build {build_id!r} in {folder.builds}; the builds are: {there}")
    temporary = folder.root / "LIVE.new"
    doing = f"making build {build_id} live in {folder.root}"
    with Ledger.open(folder) as ledger, ledger.writing(), disk_errors(doing):
        with disk.create(temporary) as sink:
            sink.write(f"{build_id}\n".encode())
        # Nobody can take the ledger's lease while its transaction is open, so the token
        # that was checked still holds when the name changes.
        try:
            with ledger.transaction() as db:
                _record(db, folder, build_id, forced=forced)
                disk.rename(temporary, folder.live)
                disk.sync_folder(folder.root)
        except (IndexFault, OSError) as error:
            if not temporary.exists() and live_build(folder) == build_id:
                raise (DiskFull if is_full(error) else IndexFault)(
                    f"build {build_id} is live, but the disk failed right after: {error}; see to "
                    "the disk, and publish it again to be sure"
                ) from error
            raise


def live_build(folder: IndexFolder) -> str | None:
    """Return the id of the live build, or None if nothing was ever published."""
    try:
        text = folder.live.read_text(encoding="ascii", errors="replace").strip()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise IndexFault(
            f"cannot read {folder.live}: {error}; see to the disk and its permissions"
        ) from error
    if not is_build_id(text):
        raise IndexDamaged(
            f"{folder.live} names no build ({text[:40]!r}); make one with: rag ingest"
        )
    return text


def answering_build(folder: IndexFolder) -> str | None:
    """Return the id of the live build or, if LIVE is damaged or gone, what was last published."""
    try:
        live = live_build(folder)
    except IndexDamaged:
        live = None
    return live or next((entry.build for entry in publications(folder, 1)), None)


def _record(db: sqlite3.Connection, folder: IndexFolder, build_id: str, *, forced: bool) -> None:
    """Add the publication, and before it one that a kill kept from being recorded."""
    try:
        live = live_build(folder)
    except IndexDamaged:
        live = None
    known = [row[0] for row in db.execute(LAST_PUBLISHED, (1,))]
    if live is not None and live not in known:
        record_publication(db, live, forced=False)
    record_publication(db, build_id, forced=forced)


def _check_ready(ledger: Ledger, mark: EmbedderMark, splitter: str) -> None:
    if not ledger.counts().chunks:
        raise IndexNotFound(
            f"index {ledger.folder.name!r} holds no text yet, so there is nothing to build; "
            "add files with: rag ingest <folder or file>"
        )
    cut_by = ledger.splitter()
    if cut_by is not None and cut_by != splitter:
        raise IndexMismatch(
            f"the chunks of index {ledger.folder.name!r} were cut by splitter {cut_by!r}, not "
            f"{splitter!r}; cut them again with: rag ingest"
        )
    missing = ledger.count_missing(mark.fingerprint)
    if missing:
        raise IndexMismatch(
            f"{missing} texts of index {ledger.folder.name!r} have no vector by embedder "
            f"{mark.name!r}; embed them with: rag ingest"
        )


def _new_id(folder: IndexFolder) -> str:
    """Return an id that sorts after every build there is, even if the clock was set back."""
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    newest = max(folder.build_ids(), default="")
    counter = 0
    if newest[: len(stamp)] >= stamp:
        stamp = newest[: len(stamp)]
        counter = int(newest[len(stamp) + 1 :][:3], 16) + 1
    return f"{stamp}-{counter:03x}{secrets.token_hex(2)}"


def _write_parts(
    ledger: Ledger,
    mark: EmbedderMark,
    making: Path,
    disk: Disk,
    only: Catalog | None,
    progress: Progress | None,
) -> tuple[dict[str, FileSum], dict[str, int]]:
    dense, lexical, ids = _fill(ledger, mark, only, progress)
    catalog = only or _catalog(ledger, ids)
    if not np.array_equal(catalog.ids, ids):
        raise IndexDamaged(
            f"the ledger of index {ledger.folder.name!r} lacks {len(catalog.ids) - len(ids)} of "
            "the chunks or vectors to build of; make a new build with: rag ingest"
        )
    disk.make_folder(making / "lexical")
    files = catalog.save(making, disk)
    files["dense.faiss"] = dense.save(making / "dense.faiss", disk)
    for name, total in lexical.save(making / "lexical", disk).items():
        files[f"lexical/{name}"] = total
    return files, {"documents": len(catalog.entries), "chunks": len(ids)}


def _fill(
    ledger: Ledger, mark: EmbedderMark, only: Catalog | None, progress: Progress | None
) -> tuple[FaissIndex, Bm25Index, Ids]:
    dense, words = FaissIndex(mark.dim), Bm25Builder()
    total = len(only.ids) if only else ledger.counts().chunks
    ids: list[Ids] = []
    wanted = only.ids if only else None
    for batch, vectors, texts in ledger.live_rows(mark.fingerprint, mark.dim, only=wanted):
        dense.add(batch, vectors)
        words.add(batch, texts)
        ids.append(batch)
        if progress is not None:
            progress(len(dense), total)
    return dense, words.finish(), np.sort(np.concatenate([*ids, np.empty(0, np.int64)]))


def _catalog(ledger: Ledger, ids: Ids) -> Catalog:
    rows = [row for row in ledger.sources() if row.document_id]
    place = {row.revision: number for number, row in enumerate(rows)}
    entries = [
        Entry(row.document_id, row.revision, row.source, row.aliases, row.metadata) for row in rows
    ]
    owners = np.empty(len(ids), dtype=np.int32)
    for revision, chunk_ids in ledger.live_chunks():
        owners[np.searchsorted(ids, chunk_ids)] = place[revision]
    return Catalog(entries, ids, owners)


def _folders(path: Path) -> list[Path]:
    return [child for child in path.iterdir() if child.is_dir()]
