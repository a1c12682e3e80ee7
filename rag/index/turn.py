"""Taking turns: a lock file that is held for a moment, and waited for."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def turn(path: Path) -> Iterator[None]:
    """Hold the lock file at `path` while a small file beside it changes; wait for its holder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = opened(path)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def opened(path: Path) -> int:
    """Open a lock file. It is never deleted: two writers could then lock two of one name."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
