"""The parent's end of a worker: started when needed, killed when late, replaced when worn."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, cast

from rag.corpus.limits import Limits
from rag.errors import LoadError

_START_SECONDS = 60
_PACKAGES = str(Path(__file__).resolve().parents[2])
_MOST_FILES = 2_000
_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "TMPDIR", "SYSTEMROOT")


class Child:
    """One worker process, used by one thread at a time."""

    def __init__(self, limits: Limits) -> None:
        """Remember the limits; the process starts with the first request."""
        self._limits = limits
        self._process: subprocess.Popen[bytes] | None = None
        self._files = 0

    def ask(self, source: str, data: bytes, name: str = "") -> dict[str, Any]:
        """Return the worker's answer for the file's bytes.

        Raises:
            LoadError: If the worker gave up, took too long or died; the next request gets
                a new one.
        """
        if self._process is not None and self._process.poll() is not None:
            self.stop()  # it died between two files
        process = self._process or self._start()
        request = {
            "source": source,
            "name": name,
            "size": len(data),
            "seconds": self._limits.parse_seconds,
            "unpacked_mb": self._limits.unpacked_mb,
            "ocr": self._limits.ocr,
        }
        message = json.dumps(request).encode() + b"\n" + data
        answer = self._exchange(process, message, self._limits.parse_seconds)
        self._files += 1
        worn = answer.get("peak_mb", 0) * 2 > self._limits.parse_memory_mb
        if "failed" in answer or worn or self._files >= _MOST_FILES:
            self.stop()
        if "failed" in answer:
            raise LoadError(answer["failed"])
        return answer

    def stop(self) -> None:
        """End the process, whatever it is doing."""
        process, self._process, self._files = self._process, None, 0
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            try:
                cast("Any", pipe).close()
            except BrokenPipeError:  # bytes that it will not take any more
                continue

    def _start(self) -> "subprocess.Popen[bytes]":
        # Not the whole environment: a parser of strangers' files needs none of our keys.
        env = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        env |= {"PYTHONPATH": _PACKAGES, "MALLOC_ARENA_MAX": "2"}
        env |= {"OMP_NUM_THREADS": "1", "PYTHONUTF8": "1"}
        # -P: the current folder may hold a stranger's json.py.
        command = [sys.executable, "-P", "-m", "rag.corpus.worker"]
        self._process = subprocess.Popen(  # noqa: S603  (our own module, no shell)
            [*command, str(self._limits.parse_memory_mb)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=env,
            start_new_session=True,  # Ctrl-C is for the parent, which then ends its workers
        )
        self._exchange(self._process, b"", _START_SECONDS)
        return self._process

    def _exchange(
        self, process: "subprocess.Popen[bytes]", message: bytes, seconds: int
    ) -> dict[str, Any]:
        late = threading.Event()

        def end() -> None:
            late.set()
            process.kill()

        timer = threading.Timer(seconds, end)
        timer.daemon = True
        timer.start()
        try:
            line = _sent_and_received(process, message)
        finally:
            timer.cancel()
        if line.endswith(b"\n"):
            return cast("dict[str, Any]", json.loads(line))
        self.stop()
        if late.is_set():
            raise LoadError(f"took longer than {seconds} s to read; raise ingest.parse_seconds")
        raise LoadError(
            f"made its reader stop unexpectedly (exit {process.returncode}), often for want of "
            f"memory beyond {self._limits.parse_memory_mb} MB; save it again or split it"
        )


def _sent_and_received(process: "subprocess.Popen[bytes]", message: bytes) -> bytes:
    """Return the worker's next line; less than a line if it died."""
    stdin, stdout = process.stdin, process.stdout
    if stdin is None or stdout is None:
        return b""
    try:
        stdin.write(message)
        stdin.flush()
    except BrokenPipeError:
        return b""
    return stdout.readline()
