"""Files become documents, in worker processes, a report for every file."""

import queue
import time
import weakref
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from rag.closing import Closing
from rag.corpus.child import Child
from rag.corpus.intake import take
from rag.corpus.limits import Limits
from rag.corpus.walk import Found, walk
from rag.corpus.wire import document_from_json, report_from_json
from rag.errors import LoadError
from rag.reports import FileReport, FileStatus
from rag.types import Document

__all__ = ["READERS", "FileLoader", "Found", "Limits", "Loaded", "walk"]

READERS = 2
"""Raised when the same bytes come to give another text, so that known files are read again."""
_READ_AHEAD = 4


@dataclass(frozen=True, slots=True)
class Loaded:
    """What came of one file."""

    documents: tuple[Document, ...]
    report: FileReport
    sha256: str
    """Of the file's bytes, in hexadecimal; empty if they could not be read."""


class FileLoader(Closing):
    """Reads files in worker processes; safe to use from several threads.

    Use it as a context manager, or the workers live until it is collected.
    """

    def __init__(self, limits: Limits | None = None, *, workers: int = 2) -> None:
        """Prepare `workers` processes; each starts with its first file."""
        self._limits = limits or Limits()
        self._workers = workers
        self._idle: queue.LifoQueue[Child] = queue.LifoQueue()
        children = [Child(self._limits) for _ in range(workers)]
        for child in children:
            self._idle.put(child)
        self._stop = weakref.finalize(self, _stop_all, children)

    @property
    def max_file_mb(self) -> int:
        """Largest file that is read, in MB."""
        return self._limits.max_file_mb

    def close(self) -> None:
        """Stop the workers."""
        self._stop()

    def read(self, found: Found) -> Loaded:
        """Return the documents of a file, or none and a report that says why."""
        return self._read(found)

    def read_all(self, found: Iterable[Found]) -> Iterator[Loaded]:
        """Yield what came of each file, in the order given; the workers read side by side.

        Files are drawn only a few ahead of what has been yielded.
        """
        pending: deque[Future[Loaded]] = deque()
        pool = ThreadPoolExecutor(self._workers, thread_name_prefix="load")
        try:
            for item in found:
                pending.append(pool.submit(self._read, item))
                if len(pending) >= self._workers * _READ_AHEAD:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        except KeyboardInterrupt:
            self.close()  # or the stop would wait for the files that are being parsed
            raise
        finally:
            pool.shutdown(cancel_futures=True)

    def load(self, source: str) -> Iterator[Document]:
        """Yield the documents of a file, or of all files of a folder.

        Raises:
            LoadError: If the path does not exist or a file cannot be read, and why.
        """
        for item in walk([Path(source)]):
            report = item
            if isinstance(item, Found):
                loaded = self.read(item)
                yield from loaded.documents
                report = loaded.report
            if isinstance(report, FileReport) and report.status is FileStatus.REJECTED:
                raise LoadError(f"{report.source}: {report.reason}")

    def _read(self, found: Found) -> Loaded:
        started, digest = time.perf_counter(), ""
        try:
            data, digest = take(found.path, self._limits.max_file_mb)
            documents, report = self._parsed(found, data)
        except LoadError as error:
            documents, report = (), _rejected(found, error)
        seconds = round(time.perf_counter() - started, 4)
        return Loaded(documents, replace(report, seconds=seconds), digest)

    def _parsed(self, found: Found, data: bytes) -> tuple[tuple[Document, ...], FileReport]:
        child = self._idle.get()
        try:
            answer = child.ask(found.source, data, found.path.name)
        finally:
            self._idle.put(child)
        documents = tuple(document_from_json(item) for item in answer["documents"])
        return documents, report_from_json(answer["report"])


def _stop_all(children: list[Child]) -> None:
    for child in children:
        child.stop()


def _rejected(found: Found, error: LoadError) -> FileReport:
    return FileReport(found.source, FileStatus.REJECTED, reason=f"The file {error}.")
