"""Bytes off the disk: regular files only, no link followed, unchanged while being read."""

import errno
import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from rag.errors import LoadError

_BLOCK = 2**20
_KINDS = (
    (stat.S_ISLNK, "is a symbolic link; give the file it points to"),
    (stat.S_ISDIR, "is a folder; give the files inside"),
    (stat.S_ISFIFO, "is a pipe, not a file"),
    (stat.S_ISSOCK, "is a socket, not a file"),
)


def refusal(mode: int) -> str:
    """Return why a file of this `st_mode` is not read; "" if it is a regular file."""
    if stat.S_ISREG(mode):
        return ""
    return next((reason for test, reason in _KINDS if test(mode)), "is a device, not a file")


_CHANGED = "changed while it was being read; ingest it again when it is at rest"


def take(path: Path, max_mb: int) -> tuple[bytes, str]:
    """Return the bytes of a file of at most `max_mb` MB, and their SHA-256 in hexadecimal.

    Raises:
        LoadError: If it is no regular file, too large, unreadable, or changes meanwhile.
    """
    digest, parts = hashlib.sha256(), []
    for block in blocks(path, max_mb):
        digest.update(block)
        parts.append(block)
    return b"".join(parts), digest.hexdigest()


def sha256(path: Path, max_mb: int) -> str:
    """Return the SHA-256 of a file in hexadecimal, as `take` but without keeping the bytes."""
    digest = hashlib.sha256()
    for block in blocks(path, max_mb):
        digest.update(block)
    return digest.hexdigest()


def blocks(path: Path, max_mb: int) -> Iterator[bytes]:
    """Yield the bytes of a file, then make sure that they are those of one moment.

    Raises:
        LoadError: As for `take`.
    """
    try:
        reason = refusal(path.lstat().st_mode)
        if reason:
            raise LoadError(reason)
        # Without O_NONBLOCK, a pipe put there a moment ago would wait for its writer.
        flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        descriptor = os.open(path, flags)
    except OSError as error:
        raise LoadError(_unreadable(error)) from None
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        try:
            yield from _stable_blocks(file.fileno(), max_mb)
        except OSError as error:
            raise LoadError(_unreadable(error)) from None


def _stable_blocks(descriptor: int, max_mb: int) -> Iterator[bytes]:
    before = os.fstat(descriptor)
    reason = refusal(before.st_mode)
    if not reason and before.st_size > max_mb * 2**20:
        reason = f"is larger than {max_mb} MB; split it or raise ingest.max_file_mb"
    if reason:
        raise LoadError(reason)
    left = before.st_size
    while left > 0 and (block := os.read(descriptor, min(_BLOCK, left))):
        left -= len(block)
        yield block
    after = os.fstat(descriptor)
    if left or (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise LoadError(_CHANGED)


def _unreadable(error: OSError) -> str:
    if error.errno == errno.ELOOP:
        return "is a symbolic link; give the file it points to"
    if error.errno == errno.ENOENT:
        return "does not exist any more"
    return f"cannot be opened ({error.strerror}); check its permissions"
