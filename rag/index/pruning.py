"""Clear away old builds and the text that only they used, but none that somebody reads.

A reader holds a shared lock on the manifest of the build it answers from, and the system
releases it when the reader ends, however it ends. A build that is held stays until next time.
"""

import errno
import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from rag.errors import IndexDamaged
from rag.index.build import answering_build
from rag.index.catalog import Catalog
from rag.index.disk import Disk, disk_errors
from rag.index.journal import publications
from rag.index.layout import IndexFolder
from rag.index.ledger import Ledger
from rag.index.manifest import NAME
from rag.index.whole import checked_catalog

DROPPED = ".dropped-"
_log = logging.getLogger(__name__)


def prune(
    folder: IndexFolder, keep: int = 2, *, held: bool = True, disk: Disk | None = None
) -> list[str]:
    """Delete all but the last `keep` builds that were live, and what interrupted runs left.

    The live build always stays, and so does a newer one that has not been live yet. One that
    cannot be read any more does not count and goes too. Text that neither a document nor a
    kept build uses is deleted from the ledger.

    Args:
        folder: The index.
        keep: How many builds that were live are kept, the live one included.
        held: Whether builds that somebody still reads stay, too.
        disk: Where files are deleted; tests pass one that fails.

    Returns:
        The ids of the builds deleted.
    """
    disk = disk or Disk()
    doing = f"deleting old builds in {folder.builds}"
    with Ledger.open(folder) as ledger, ledger.writing(), disk_errors(doing):
        with ledger.transaction():
            """Nothing is deleted by a writer that was overtaken."""
        live = answering_build(folder)
        readable = _catalogs(folder, live)
        wanted = _wanted(folder, live, readable, keep)
        removed: list[str] = []
        with ExitStack() as locks:
            for id_ in folder.build_ids():
                if id_ in wanted or (held and not locks.enter_context(alone(folder, id_))):
                    continue
                # Out of sight first: a half-deleted build must never be published.
                disk.rename(folder.build(id_), folder.builds / f"{DROPPED}{id_}")
                removed.append(id_)
        for path in folder.builds.glob(".*"):
            disk.remove_folder(path)
        kept = [readable[id_] for id_ in folder.build_ids() if id_ in readable]
        ledger.sweep(
            (entry.revision for catalog in kept for entry in catalog.entries),
            (id_ for catalog in kept for id_ in catalog.ids.tolist()),
        )
    return removed


def _wanted(
    folder: IndexFolder, live: str | None, readable: dict[str, Catalog], keep: int
) -> set[str]:
    were_live = [entry.build for entry in publications(folder) if entry.build in readable]
    latest = list(dict.fromkeys([*([live] if live else []), *were_live]))[: max(1, keep)]
    newest = max(readable, default="")
    waiting = [newest] if newest > (live or "") and newest not in were_live else []
    return {*latest, *waiting}


@contextmanager
def alone(folder: IndexFolder, build_id: str) -> Iterator[bool]:
    """Keep readers out of a build until the block ends; give whether that was possible."""
    try:
        handle = os.open(folder.build(build_id) / NAME, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        yield True  # nobody opens a build without a manifest
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        alone = True
    except BlockingIOError:
        alone = False
    try:
        yield alone
    finally:
        os.close(handle)


def hold(manifest: Path) -> int:
    """Hold a build for reading and return the handle that releases it when it is closed.

    Raises:
        FileNotFoundError: If the build is being deleted, or is gone.
    """
    handle = os.open(manifest, os.O_RDONLY | os.O_CLOEXEC)
    with ExitStack() as undo:
        undo.callback(os.close, handle)
        if not _held(handle, manifest):
            raise FileNotFoundError(errno.ENOENT, "it is being deleted", str(manifest))
        undo.pop_all()
    return handle


def _held(handle: int, manifest: Path) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return manifest.stat().st_ino == os.fstat(handle).st_ino


def _catalogs(folder: IndexFolder, live: str | None) -> dict[str, Catalog]:
    """Return the catalog of every build that can be read."""
    catalogs: dict[str, Catalog] = {}
    for id_ in folder.build_ids():
        try:
            catalogs[id_] = checked_catalog(folder.build(id_))
        except IndexDamaged as error:
            # A disk that fails for a moment is no reason to delete what may be whole.
            if id_ == live or _unreadable(error.__cause__):
                raise
            _log.warning("build %s cannot be read any more and is deleted", id_)
    return catalogs


def _unreadable(cause: BaseException | None) -> bool:
    return isinstance(cause, OSError) and not isinstance(cause, FileNotFoundError)
