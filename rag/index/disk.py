"""The few things a build does to the file system, in one place so that each can fail.

A build is safe because of their order: write, sync, rename, sync the folder. Tests pass a
`Disk` that fails, or kills the process, at the Nth operation, for every N.
"""

import errno
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from rag.errors import DiskFull, IndexFault


@dataclass(frozen=True, slots=True)
class FileSum:
    """What a manifest records of one file: SHA-256 of the content, and its size in bytes."""

    sha256: str
    bytes: int


class Sink:
    """A file being written, hashed on its way to the disk."""

    def __init__(self, handle: BinaryIO) -> None:
        """Write to `handle`."""
        self._handle = handle
        self._digest = hashlib.sha256()
        self._bytes = 0

    def write(self, block: bytes | memoryview) -> int:
        """Append `block` and return its size in bytes."""
        self._handle.write(block)
        self._digest.update(block)
        self._bytes += len(block)
        return len(block)

    @property
    def sum(self) -> FileSum:
        """Return the sum of what was written so far."""
        return FileSum(self._digest.hexdigest(), self._bytes)


class Disk:
    """Writes files so that a power cut leaves either all of one or none."""

    def make_folder(self, path: Path) -> None:
        """Create `path` and its parents."""
        path.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def create(self, path: Path) -> Iterator[Sink]:
        """Give a sink for a new file; it is on the disk when the block ends."""
        with path.open("wb") as handle:
            yield Sink(handle)
            self.sync(handle.fileno())

    def sync(self, handle: int) -> None:
        """Wait until what was written to `handle` is on the disk."""
        os.fsync(handle)

    def sync_folder(self, path: Path) -> None:
        """Wait until the names inside `path` are on the disk."""
        handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            self.sync(handle)
        finally:
            os.close(handle)

    def rename(self, source: Path, target: Path) -> None:
        """Give `source` the name `target`, replacing a file of that name at once."""
        source.replace(target)

    def remove_folder(self, path: Path) -> None:
        """Delete `path` and all it holds."""
        shutil.rmtree(path)


def replace_text(path: Path, text: str) -> None:
    """Put a file in the place of `path`, all of it or none, and wait until it is on the disk.

    What UTF-8 cannot hold becomes `?`. Two writers never share the file beside it.
    """
    disk = Disk()
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    part = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as out:
            out.write(text)
            out.flush()
            disk.sync(out.fileno())
        part.chmod(0o644)
        disk.rename(part, path)
        disk.sync_folder(path.parent)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


@contextmanager
def disk_errors(what: str) -> Iterator[None]:
    """Turn an `OSError` while doing `what` into an error that says so.

    Raises:
        DiskFull: If there was no room.
        IndexFault: For anything else the disk refused.
    """
    try:
        yield
    except OSError as error:
        if is_full(error):
            raise DiskFull(
                f"no room while {what}: {error}; nothing was published and the live build "
                "still answers; free some space and run it again"
            ) from error
        raise IndexFault(
            f"failed while {what}: {error}; nothing was published; see to the disk and the "
            "folder's permissions, and run it again"
        ) from error


def is_full(error: BaseException) -> bool:
    """Return whether an error says that there was no room."""
    full = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
    return isinstance(error, DiskFull) or getattr(error, "errno", None) in full


def file_sum(path: Path) -> FileSum:
    """Return the sum of a file on disk."""
    with path.open("rb") as handle:
        digest = hashlib.file_digest(handle, "sha256")
        return FileSum(digest.hexdigest(), handle.tell())
