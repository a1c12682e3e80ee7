"""One writer at a time: a lock the system releases when its holder dies, and a token that counts.

The lock is the operating system's, so a dead holder is gone at once, without a clock. The
token is in the ledger: every taking of the lock raises it with its first write, and every
later write checks it. A writer that lost the lock without noticing (its file was deleted, its
machine slept through a move to another) can therefore neither commit nor publish.
"""

import fcntl
import json
import os
import platform
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rag.errors import IndexBusy, LeaseLost
from rag.index.aside import put_back
from rag.index.disk import disk_errors
from rag.index.layout import IndexFolder
from rag.index.turn import opened, turn

__all__ = ["holder_of", "turn", "writer_lock", "writing_to"]


@dataclass
class _Lease:
    handle: int
    entered: int = 1
    token: int | None = None
    """None until the first write."""


_PAUSES = (0.002, 0.01)
"""Seconds to try again after: who only asks, see `holder_of`, is gone by then."""
_held: dict[tuple[Path, int], _Lease] = {}
_guard = threading.Lock()


@contextmanager
def writer_lock(folder: IndexFolder) -> Iterator[None]:
    """Hold the index for writing; the thread that holds it may enter again.

    Raises:
        IndexBusy: At once, if another thread or process is writing.
    """
    key = _key(folder)
    with _guard:
        lease = _held.get(key)
        if lease is None:
            lease = _held[key] = _Lease(_take(folder))
        else:
            lease.entered += 1
    try:
        yield
    finally:
        with _guard:
            lease.entered -= 1
            if not lease.entered:
                del _held[key]
                os.close(lease.handle)


@contextmanager
def writing_to(folder: IndexFolder, db: sqlite3.Connection) -> Iterator[None]:
    """Hold the index and one transaction of its ledger; undo it if the block fails.

    Raises:
        IndexBusy: At once, if another thread or process is writing.
        LeaseLost: If another writer took over meanwhile; nothing was changed.
    """
    with writer_lock(folder):
        lease = _held[_key(folder)]
        db.execute("BEGIN IMMEDIATE")
        try:
            token = _fenced(db, folder, lease)
            yield
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:  # SQLite undoes some failures by itself
                db.execute("ROLLBACK")
            raise
        lease.token = token


def holder_of(folder: IndexFolder) -> bool:
    """Return whether somebody is writing to the index at this moment."""
    try:
        handle = os.open(folder.lock, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def _key(folder: IndexFolder) -> tuple[Path, int]:
    return folder.lock.absolute(), threading.get_ident()


def _fenced(db: sqlite3.Connection, folder: IndexFolder, lease: _Lease) -> int:
    """Return the token of this holder, raised in the ledger if this is its first write."""
    now = int(db.execute("SELECT token FROM lease").fetchone()[0])
    if lease.token is None:
        me = json.dumps({"process": os.getpid(), "machine": platform.node()})
        since = datetime.now(UTC).isoformat(timespec="seconds")
        db.execute("UPDATE lease SET token = ?, holder = ?, since = ?", (now + 1, me, since))
        return now + 1
    if now != lease.token:
        raise LeaseLost(
            f"another writer took over index {folder.name!r} (its token is {now}, this one's "
            f"{lease.token}); nothing was written, run it again"
        )
    return now


def _take(folder: IndexFolder) -> int:
    with disk_errors(f"locking index {folder.name!r} in {folder.root}"):
        put_back(folder)
        folder.root.mkdir(parents=True, exist_ok=True)
        handle = opened(folder.lock)
        with ExitStack() as undo:
            undo.callback(os.close, handle)
            _lock(handle, folder)
            undo.pop_all()
    return handle


def _lock(handle: int, folder: IndexFolder) -> None:
    for pause in _PAUSES:
        try:
            return fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(pause)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise IndexBusy(
            f"index {folder.name!r} is being written to by another process or thread; "
            f"wait until it is done and try again ({folder.lock})"
        ) from error
