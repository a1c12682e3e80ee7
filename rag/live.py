"""Follow an index while it is rebuilt: every request gets one whole build, the newest that is warm.

    with Rag.follow("contracts") as live:
        with live() as rag:
            print(rag.ask("When does the lease end?").text)

A thread opens each newly published build and asks it a question before anybody else does;
requests never wait for it. A replaced build is closed when its last request has ended.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from rag.closing import Closing
from rag.pipeline import Pipeline

WARM_UP = "What do the documents say about this?"
_EVERY = 0.5
"""Seconds between two looks at which build is live."""
_AGAIN = 30.0
"""Seconds until a build that could not be opened is tried again."""

logger = logging.getLogger(__name__)


@dataclass
class _Opened:
    rag: Pipeline
    requests: int = 0
    replaced: bool = False


class Live(Closing):
    """Lends the pipeline over the live build, one build for the length of a request.

    A build that cannot be opened is logged, and the one before stays in use.
    """

    def __init__(self, rag: Pipeline, reopen: Callable[[Pipeline], Pipeline], live: Path) -> None:
        """Start from a ready pipeline; `start` or `with` begins to follow.

        Args:
            rag: A pipeline over the build that is live now.
            reopen: Given the pipeline in use, returns one over whatever build is live then.
            live: The file that names the live build.
        """
        self._reopen = reopen
        self._live = live
        self._lock = threading.Lock()  # guards the fields below; never held while opening
        self._opening = threading.Lock()
        self._seen = self._named()
        self._failed = 0.0
        self._current = _Opened(rag)
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    @contextmanager
    def __call__(self) -> Iterator[Pipeline]:
        """Lend the pipeline over the live build for the length of one request."""
        with self._lock:
            opened = self._current
            opened.requests += 1
        try:
            yield opened.rag
        finally:
            with self._lock:
                opened.requests -= 1
            self._close_if_done(opened)

    def refresh(self) -> bool:
        """Open, warm and switch to the build that is live now, unless it is the one in use.

        Returns:
            Whether it switched.
        """
        with self._opening:
            named = self._named()
            if named is None or (named == self._seen and not self._due_again()):
                return False
            try:
                rag = self._reopen(self._current.rag)
                warm(rag)
            except Exception:
                logger.exception("build %s was published but cannot be opened", named)
                self._seen, self._failed = named, time.monotonic()
                return False
            self._seen, self._failed = named, 0.0
            self._swap(rag)
        return True

    def start(self) -> None:
        """Follow in a thread of its own until `close`."""
        self._thread = threading.Thread(target=self._follow, name="follow", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop following and release the build in use."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        self._current.rag.snapshot.close()

    def __enter__(self) -> Self:
        """Start and return itself."""
        self.start()
        return self

    def _follow(self) -> None:
        while not self._stop.wait(_EVERY):
            self.refresh()

    def _due_again(self) -> bool:
        return bool(self._failed) and time.monotonic() - self._failed > _AGAIN

    def _swap(self, rag: Pipeline) -> None:
        with self._lock:
            older, self._current = self._current, _Opened(rag)
            older.replaced = True
        self._close_if_done(older)
        logger.info("answering from build %s", rag.snapshot.build)

    def _close_if_done(self, opened: _Opened) -> None:
        with self._lock:
            done = opened.replaced and not opened.requests
        if done:  # closing twice is allowed, so two threads may both arrive here
            opened.rag.snapshot.close()

    def _named(self) -> str | None:
        try:
            return self._live.read_text(encoding="ascii").strip() or None
        except (OSError, UnicodeDecodeError):
            return None  # gone or damaged: keep answering from the build that is open


def warm(rag: Pipeline) -> None:
    """Ask one question, so that nobody else waits for what is loaded on first use."""
    rag.ask(WARM_UP)
