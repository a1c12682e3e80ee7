"""A small disk of its own, and what fills it."""

import errno
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SIZE_KB = 20_000


@contextmanager
def small_disk(place: Path, size_kb: int = SIZE_KB) -> Iterator[Path]:
    """Mount a file system of `size_kb` at `place`; only root may.

    Raises:
        PermissionError: If this user may not mount.
    """
    place.mkdir()
    options = ["-t", "tmpfs", "-o", f"size={size_kb}k", "tmpfs", str(place)]
    done = subprocess.run(["mount", *options], check=False, capture_output=True, text=True)
    if done.returncode:
        place.rmdir()
        raise PermissionError(errno.EPERM, f"cannot mount a small disk ({done.stderr.strip()})")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)
        place.rmdir()


def fill(disk: Path, free_kb: int) -> Path:
    """Leave only `free_kb` free on `disk`; deleting the file returned gives it back."""
    ballast = disk / "ballast"
    block = bytes(1024)
    with ballast.open("wb", buffering=0) as out:
        try:
            while True:
                out.write(block * 256)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
        size = out.tell()
        out.truncate(max(0, size - 1024 * free_kb))
    return ballast
