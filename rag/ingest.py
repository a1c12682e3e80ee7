"""Take files in: the whole offline path, readable in one screen.

    walk -> load -> split -> ledger -> embed what is new -> build -> publish

Every file and every batch of vectors is committed on its own, so an interrupted ingest
goes on where it stopped; the live build changes once, at the very end, in one step.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from rag.corpus.load import READERS, FileLoader, Loaded
from rag.corpus.walk import Found, walk
from rag.errors import LoadError, ModelError, QuestionError
from rag.index.build import make_build, publish
from rag.index.layout import IndexFolder
from rag.index.ledger import Ledger
from rag.index.manifest import Manifest
from rag.index.pruning import prune
from rag.protocols import Embedder, Splitter
from rag.reports import FileReport, FileStatus
from rag.types import Chunk, Document

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
    gone: tuple[str, ...]
    """Sources under the folders read whose files are no longer there."""
    pruned: bool
    """Whether these were removed; otherwise they still answer."""
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

    def ingest(
        self, paths: Sequence[Path], progress: Progress, *, prune_gone: bool = False
    ) -> IngestReport:
        """Read `paths`, embed what is new, and publish a build with everything known.

        Files that have gone from a folder are reported, and with `prune_gone` forgotten.

        Raises:
            LoadError: If a path does not exist, a folder is empty, or nothing was readable.
            IndexBusy: If another process is writing to this index.
            DiskFull: If there is no room; the live build is untouched.
        """
        start = time.perf_counter()
        items = list(walk(paths, include=self.include, exclude=self.exclude))
        with Ledger.open(self.folder, create=True) as ledger, ledger.writing():
            reports = tuple(self._read(ledger, items, progress))
            gone = _gone(ledger, paths)
            for source in gone if prune_gone else ():
                ledger.remove(source)
            if not ledger.counts().chunks:
                raise LoadError(_nothing_readable(reports))
            embedded, longest, manifest = self._publish(ledger, progress)
        seconds = time.perf_counter() - start
        counts = manifest.counts
        return IngestReport(
            reports,
            gone,
            prune_gone,
            manifest.build,
            counts["documents"],
            counts["chunks"],
            embedded,
            longest,
            self.embedder.max_tokens,
            round(seconds, 2),
        )

    def remove(self, sources: Sequence[str], progress: Progress) -> int:
        """Forget `sources` and publish a build without them; return how many documents are left.

        Raises:
            QuestionError: If one of them is not in the index; nothing is removed then.
            LoadError: If nothing would be left.
        """
        with Ledger.open(self.folder) as ledger, ledger.writing():
            known = {name for row in ledger.sources() for name in (row.source, *row.aliases)}
            if unknown := [source for source in sources if source not in known]:
                raise QuestionError(f"no source {unknown[0]!r} in the index; see `rag sources`")
            if known <= set(sources):
                raise LoadError(f"nothing would be left; delete the folder {self.folder.root}")
            for source in sources:
                ledger.remove(source)
            _, _, manifest = self._publish(ledger, progress)
            prune(self.folder, keep=1)
        return manifest.counts["documents"]

    def _publish(self, ledger: Ledger, progress: Progress) -> tuple[int, int, Manifest]:
        """Embed what has no vector yet, write a build of everything, and make it live."""
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
        return embedded, longest, manifest

    def _read(
        self, ledger: Ledger, items: Sequence[Found | FileReport], progress: Progress
    ) -> Iterator[FileReport]:
        yield from (item for item in items if isinstance(item, FileReport))
        found = [item for item in items if isinstance(item, Found)]
        before = {report.source: report for report in ledger.reports()}
        loaded = self.loader.read_all(
            found, skip=lambda item, sha256: ledger.unchanged(_location(item), _stamp(sha256))
        )
        for done, (item, file) in enumerate(zip(found, loaded, strict=True), 1):
            report = self._keep(ledger, item, file)
            if report.status is FileStatus.UNCHANGED:  # tell what it was found to hold
                report = replace(before.get(report.source, report), status=FileStatus.UNCHANGED)
            yield report
            progress("read", done, len(found), item.source)

    def _keep(self, ledger: Ledger, item: Found, file: Loaded) -> FileReport:
        if file.report.status is FileStatus.UNCHANGED:
            return file.report
        contents: list[tuple[Document, Sequence[Chunk]]] = [
            (document, self.splitter.split(document)) for document in file.documents
        ]
        return ledger.put_file(_location(item), _stamp(file.sha256), contents, file.report)

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


def _gone(ledger: Ledger, paths: Sequence[Path]) -> tuple[str, ...]:
    """Return the sources below the folders of `paths` whose files are no longer there."""
    folders = [path.absolute() for path in paths if path.is_dir()]
    names: dict[str, str] = {}
    for location in ledger.locations():
        file = Path(location.file)
        if any(file.is_relative_to(folder) for folder in folders) and not file.exists():
            names[location.source] = location.file
    return tuple(sorted(names))


def _location(item: Found) -> str:
    return str(item.path.absolute())


def _stamp(sha256: str) -> str:
    """Return what tells whether a file has to be read again: its bytes, and who read them."""
    return f"{sha256}/{READERS}" if sha256 else ""


def _nothing_readable(reports: Sequence[FileReport]) -> str:
    why = "; ".join(f"{r.source}: {r.reason}" for r in reports[:3])
    return f"none of the {len(reports)} files could be read ({why})"
