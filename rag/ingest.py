"""Take files in: the whole offline path, readable in one screen.

    walk -> load -> split -> ledger -> embed what is new -> build -> publish

Every file and every batch of vectors is committed on its own, so an interrupted ingest
goes on where it stopped; the live build changes once, at the very end, in one step.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from rag.corpus.load import FileLoader, Loaded
from rag.corpus.walk import Found, walk
from rag.errors import LoadError, ModelError
from rag.index.build import make_build, prune, publish
from rag.index.layout import IndexFolder
from rag.index.ledger import Ledger
from rag.protocols import Embedder, Splitter
from rag.types import Chunk, Document, FileReport, FileStatus

BATCH = 256


class Progress(Protocol):
    """Told how far each stage is."""

    def __call__(self, stage: str, done: int, total: int, note: str) -> None:
        """Hear that `done` of `total` are finished (0 when unknown), `note` the latest."""
        ...


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What became of every file, and what the index holds now."""

    files: tuple[FileReport, ...]
    build: str
    documents: int
    chunks: int
    embedded: int
    """Chunks embedded now; the rest came from the cache."""
    longest_tokens: int
    """Length in tokens of the longest chunk embedded now; never above `max_tokens`."""
    max_tokens: int
    """What the embedder reads; anything longer would have failed the ingest."""
    seconds: float

    def count(self, status: FileStatus) -> int:
        """Return how many files have `status`."""
        return sum(report.status is status for report in self.files)

    def to_dict(self) -> dict[str, object]:
        """Return plain values, ready for JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Ingester:
    """Finished parts that together fill one index."""

    folder: IndexFolder
    loader: FileLoader
    splitter: Splitter
    embedder: Embedder
    include: Sequence[str] = ()
    exclude: Sequence[str] = ()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the parsers."""
        self.loader.close()

    def ingest(self, paths: Sequence[Path], progress: Progress) -> IngestReport:
        """Read `paths`, embed what is new, and publish a build with everything known.

        Raises:
            LoadError: If a path does not exist, a folder is empty, or nothing was readable.
            IndexBusy: If another process is writing to this index.
            DiskFull: If there is no room; the live build is untouched.
        """
        start = time.perf_counter()
        with Ledger.open(self.folder, create=True) as ledger, ledger.writing():
            reports = tuple(self._read(ledger, paths, progress))
            if not ledger.counts().chunks:
                raise LoadError(_nothing_readable(reports))
            self._resplit(ledger, progress)
            embedded, longest = self._embed(ledger, progress)
            manifest = make_build(
                self.folder,
                ledger,
                embedder_name=self.embedder.name,
                fingerprint=self.embedder.fingerprint,
                dim=self.embedder.dim,
                splitter=self.splitter.fingerprint,
            )
            publish(self.folder, manifest.build)
            prune(self.folder)
            progress("publish", 1, 1, manifest.build)
        seconds = time.perf_counter() - start
        counts = manifest.counts
        return IngestReport(
            reports,
            manifest.build,
            counts["documents"],
            counts["chunks"],
            embedded,
            longest,
            self.embedder.max_tokens,
            round(seconds, 2),
        )

    def _read(
        self, ledger: Ledger, paths: Sequence[Path], progress: Progress
    ) -> Iterator[FileReport]:
        found: list[Found] = []
        for item in walk(paths, include=self.include, exclude=self.exclude):
            if isinstance(item, FileReport):
                yield item
            else:
                found.append(item)
        loaded = self.loader.read_all(
            found, skip=lambda item, sha256: ledger.unchanged(_location(item), sha256)
        )
        for done, (item, file) in enumerate(zip(found, loaded, strict=True), 1):
            yield self._keep(ledger, item, file)
            progress("read", done, len(found), item.source)

    def _keep(self, ledger: Ledger, item: Found, file: Loaded) -> FileReport:
        if file.report.status is FileStatus.UNCHANGED:
            return file.report
        contents: list[tuple[Document, Sequence[Chunk]]] = [
            (document, self.splitter.split(document)) for document in file.documents
        ]
        return ledger.put_file(_location(item), file.sha256, contents, file.report)

    def _resplit(self, ledger: Ledger, progress: Progress) -> None:
        """Cut every known document again if another splitter cut it."""
        ledger.resplit(self.splitter, lambda done, total: progress("split", done, total, ""))

    def _embed(self, ledger: Ledger, progress: Progress) -> tuple[int, int]:
        """Return how many texts were embedded and the tokens of the longest."""
        fingerprint = self.embedder.fingerprint
        total = ledger.count_missing(fingerprint)
        done = longest = 0
        for batch in ledger.missing_vectors(fingerprint, batch=BATCH):
            texts = [text for _, text in batch]
            longest = max(longest, self._longest(texts))
            vectors = self.embedder.embed_texts(texts)
            ledger.put_vectors(fingerprint, [key for key, _ in batch], vectors)
            done += len(batch)
            progress("embed", done, total, "")
        return done, longest

    def _longest(self, texts: Sequence[str]) -> int:
        """Return the tokens of the longest text, proof that none is cut off.

        Raises:
            ModelError: If one is longer than the embedder reads.
        """
        longest = max(self.embedder.count_tokens(texts), default=0)
        if longest > self.embedder.max_tokens:
            raise ModelError(
                f"a chunk of {longest} tokens would be cut by {self.embedder.name}, which reads "
                f"{self.embedder.max_tokens}; set split.size below that"
            )
        return longest


def _location(item: Found) -> str:
    return str(item.path.absolute())


def _nothing_readable(reports: Sequence[FileReport]) -> str:
    why = "; ".join(f"{r.source}: {r.reason}" for r in reports[:3])
    return f"none of the {len(reports)} files could be read ({why})"
