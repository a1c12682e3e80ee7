"""Which pipeline a request answers from, and when an old one may be closed."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias, cast

from flask import Flask, current_app, g

from rag.errors import RagError
from rag.pipeline import Pipeline
from rag.protocols import Snapshot

logger = logging.getLogger(__name__)

Provider: TypeAlias = Callable[[], Pipeline | AbstractContextManager[Pipeline]]


def provide(app: Flask, rag: Pipeline | Provider) -> None:
    """Make `current_rag` work in every request of `app`."""
    app.extensions["quotewell"] = (lambda: rag) if isinstance(rag, Pipeline) else rag
    app.teardown_appcontext(_give_back)


def current_rag() -> Pipeline:
    """Return the pipeline of this request; every call in one request returns the same one.

    Raises:
        RagError: Whatever keeps the provider from having one, such as `IndexNotFound`.
    """
    if "rag" not in g:
        provided = cast("Provider", current_app.extensions["quotewell"])()
        g.lease = ExitStack()
        g.rag = provided if isinstance(provided, Pipeline) else g.lease.enter_context(provided)
    return cast("Pipeline", g.rag)


def _give_back(_: BaseException | None) -> None:
    lease: ExitStack | None = g.pop("lease", None)
    if lease is not None:
        lease.close()


@dataclass
class _Opened:
    rag: Pipeline
    requests: int = 0
    replaced: bool = False


class LiveIndex:
    """Gives each request the live build: a newer one is opened as soon as it is published.

    One thread opens it while the others go on with the build they know. A replaced build is
    closed when its last request has ended. A build that cannot be opened is logged and the
    one before stays in use, until another is published.
    """

    def __init__(self, rag: Pipeline, reopen: Callable[[], Snapshot], live: Path) -> None:
        """Start from a ready pipeline, whose models are kept.

        Args:
            rag: A pipeline over the build that is live now.
            reopen: Opens whatever build is live at the time of the call.
            live: The file that names the live build.
        """
        self._reopen = reopen
        self._live = live
        self._lock = threading.Lock()  # guards the fields below; never held while opening
        self._opening = threading.Lock()
        self._seen: str | None = rag.snapshot.build
        self._current = _Opened(rag)

    @contextmanager
    def __call__(self) -> Iterator[Pipeline]:
        """Lend the pipeline over the live build for the length of one request."""
        self._refresh()
        with self._lock:
            opened = self._current
            opened.requests += 1
        try:
            yield opened.rag
        finally:
            with self._lock:
                opened.requests -= 1
            self._close_if_done(opened)

    def _refresh(self) -> None:
        if self._named() in (None, self._seen) or not self._opening.acquire(blocking=False):
            return
        try:
            named = self._named()
            if named not in (None, self._seen):
                self._seen = named
                self._swap(replace(self._current.rag, snapshot=self._reopen()))
        except (RagError, OSError):
            logger.exception("build %s was published but cannot be opened", self._seen)
        finally:
            self._opening.release()

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
            return None  # gone or half-written: keep answering from the build that is open
