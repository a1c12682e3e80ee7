"""One writer at a time: locks the operating system releases if their holder dies."""

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rag.errors import IndexBusy
from rag.index.layout import IndexFolder

_held: dict[tuple[Path, int], int] = {}
_guard = threading.Lock()


@contextmanager
def writer_lock(folder: IndexFolder) -> Iterator[None]:
    """Hold the index for writing; the thread that holds it may enter again.

    Raises:
        IndexBusy: At once, if another thread or process is writing.
    """
    key = (folder.lock.absolute(), threading.get_ident())
    with _guard:
        nested = _held.get(key, 0)
        handle = -1 if nested else _take(folder)
        _held[key] = nested + 1
    try:
        yield
    finally:
        with _guard:
            _held[key] = nested
            if not nested:
                del _held[key]
                os.close(handle)


@contextmanager
def turn(path: Path) -> Iterator[None]:
    """Hold the lock file at `path` while a small file beside it changes; wait for its holder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = _opened(path)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _take(folder: IndexFolder) -> int:
    folder.root.mkdir(parents=True, exist_ok=True)
    handle = _opened(folder.lock)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        raise IndexBusy(
            f"index {folder.name!r} is being written to by another process or thread; "
            f"wait until it is done and try again ({folder.lock})"
        ) from error
    return handle


def _opened(path: Path) -> int:
    """Open a lock file. It is never deleted: two writers could then lock two of one name."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
