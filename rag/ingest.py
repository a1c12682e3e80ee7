"""Take files in: the whole offline path, readable in one screen.

    walk -> plan -> load -> split -> ledger -> embed what is new -> build -> publish

Every file and every batch of vectors is committed on its own, so an interrupted ingest
goes on where it stopped; the live build changes once, at the very end, in one step.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Protocol

from rag.closing import Closing
from rag.corpus.load import FileLoader, Loaded
from rag.corpus.walk import Found, walk
from rag.errors import LoadError, ModelError, QuestionError
from rag.index.build import live_build, make_build, publish
from rag.index.disk import disk_errors
from rag.index.layout import IndexFolder
from rag.index.ledger import Ledger
from rag.index.manifest import Manifest
from rag.index.pruning import prune
from rag.index.reading import LedgerReader
from rag.index.seen import put_seen
from rag.index.whole import checked_catalog
from rag.plan import Gone, Plan, below, location_of, make_plan, stamp_of
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
class Ingester(Closing):
    """Finished parts that together fill one index."""

    folder: IndexFolder
    loader: FileLoader
    splitter: Splitter
    embedder: Embedder
    include: Sequence[str] = ()
    exclude: Sequence[str] = ()
    model: str = ""
    """What `embedder.model` is set to; a build remembers it for whoever opens it."""

    def close(self) -> None:
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
            plan = self.plan(ledger, items, below(path for path in paths if path.is_dir()))
            reports = _with_unchanged(plan, self.read(ledger, plan, progress), ledger)
            gone = tuple(sorted({one.source for one in plan.to_drop}))
            if prune_gone:
                self.drop(ledger, plan.to_drop)
            if not ledger.counts().chunks:
                raise LoadError(_nothing_readable(reports))
            embedded, longest = self.embed(ledger, progress)
            manifest = self.build(ledger, progress)
            self._publish(manifest, progress)
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

    def plan(
        self,
        ledger: LedgerReader,
        items: Sequence[Found | FileReport],
        is_gone: Callable[[str], bool],
        progress: Progress | None = None,
    ) -> Plan:
        """Say what there is to do; see `rag.plan.make_plan`.

        Nothing is changed, but a copy in a mirror of what was forgotten is deleted again.
        """
        heard = progress or _silent
        plan = make_plan(
            ledger,
            items,
            max_mb=self.loader.max_file_mb,
            is_gone=is_gone,
            progress=lambda done, note: heard("look", done, len(items), note),
        )
        self._unlink_forgotten(plan)
        return plan

    def read(self, ledger: Ledger, plan: Plan, progress: Progress) -> tuple[FileReport, ...]:
        """Read what is new or changed into the ledger; return what became of each such file.

        Files that were refused or forgotten are told, too; unchanged ones are not. Each file is
        kept as soon as it was read, so an interrupted reading goes on. What was cut by another
        splitter is cut again first.
        """
        self._resplit(ledger, progress)
        wanted = plan.to_read
        now = {report.source: report for report in (*plan.refused, *plan.forgotten)}
        for done, (item, file) in enumerate(
            zip(wanted, self.loader.read_all(wanted), strict=True), 1
        ):
            now[item.source] = self._keep(ledger, item, file)
            progress("read", done, len(wanted), item.source)
        put_seen(ledger, ((file, plan.looks[file], plan.stamps[file]) for file in plan.looks))
        return tuple(now[item.source] for item in plan.items if item.source in now)

    def drop(self, ledger: Ledger, gone: Sequence[Gone]) -> None:
        """Forget files that have gone; their text leaves the disk with the builds that use it."""
        for one in gone:
            ledger.remove(one.file)

    def embed(self, ledger: Ledger, progress: Progress) -> tuple[int, int]:
        """Embed every text that has no vector yet, a batch at a time, each kept as it comes.

        Returns:
            How many texts were embedded, and the tokens of the longest.
        """
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

    def build(self, ledger: Ledger, progress: Progress) -> Manifest:
        """Write a build of everything the ledger holds; it is not live yet."""
        return make_build(
            self.folder,
            ledger,
            embedder_name=self.embedder.name,
            fingerprint=self.embedder.fingerprint,
            dim=self.embedder.dim,
            splitter=self.splitter.fingerprint,
            model=self.model,
            progress=lambda done, total: progress("build", done, total, ""),
        )

    def remove(self, sources: Sequence[str], progress: Progress) -> int:
        """Forget `sources` and publish a build without them; return how many documents are left.

        Raises:
            QuestionError: If one of them is not in the index; nothing is removed then.
            LoadError: If nothing would be left.
        """
        with Ledger.open(self.folder) as ledger, ledger.writing():
            known = {name for row in ledger.sources() for name in (row.source, *row.aliases)}
            # A removal that failed before its build was live can be done again.
            answering = self._answering()
            if unknown := [source for source in sources if source not in known | answering]:
                raise QuestionError(f"no source {unknown[0]!r} in the index; see `rag sources`")
            if known <= set(sources):
                raise LoadError(f"nothing would be left; delete the folder {self.folder.root}")
            for source in sources:
                ledger.remove(source)
            self._resplit(ledger, progress)
            self.embed(ledger, progress)
            manifest = self.build(ledger, progress)
            self._publish(manifest, progress)
            prune(self.folder, keep=1)
        return manifest.counts["documents"]

    def _answering(self) -> set[str]:
        """Return the names of the sources that the live build still answers from."""
        live = live_build(self.folder)
        if live is None:
            return set()
        entries = checked_catalog(self.folder.build(live)).entries
        return {name for entry in entries for name in (entry.source, *entry.also)}

    def _unlink_forgotten(self, plan: Plan) -> None:
        mirrors, forgotten = self.folder.mirrors.absolute(), {one.source for one in plan.forgotten}
        for item in plan.items if forgotten else ():
            if item.source in forgotten and isinstance(item, Found):
                path = item.path.absolute()
                if path.is_relative_to(mirrors):
                    with disk_errors(f"deleting {path}, which was forgotten"):
                        path.unlink(missing_ok=True)

    def _publish(self, manifest: Manifest, progress: Progress) -> None:
        publish(self.folder, manifest.build)
        prune(self.folder)
        progress("publish", 1, 1, manifest.build)

    def _keep(self, ledger: Ledger, item: Found, file: Loaded) -> FileReport:
        contents: list[tuple[Document, Sequence[Chunk]]] = [
            (document, self.splitter.split(document)) for document in file.documents
        ]
        return ledger.put_file(location_of(item), stamp_of(file.sha256), contents, file.report)

    def _resplit(self, ledger: Ledger, progress: Progress) -> None:
        """Cut every known document again if another splitter cut it."""
        ledger.resplit(self.splitter, lambda done, total: progress("split", done, total, ""))

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


def _with_unchanged(
    plan: Plan, read: Sequence[FileReport], ledger: LedgerReader
) -> tuple[FileReport, ...]:
    """Return a report for every item of the plan, in its order."""
    now = {report.source: report for report in read}
    before = {report.source: report for report in ledger.reports()}
    return tuple(
        now.get(item.source) or _unchanged(before.get(item.source), item.source)
        for item in plan.items
    )


def _unchanged(before: FileReport | None, source: str) -> FileReport:
    """Return what an unchanged file was found to hold when it was read."""
    return replace(before or FileReport(source, FileStatus.ACCEPTED), status=FileStatus.UNCHANGED)


def _nothing_readable(reports: Sequence[FileReport]) -> str:
    why = "; ".join(f"{r.source}: {r.reason}" for r in reports[:3])
    return f"none of the {len(reports)} files could be read ({why})"


def _silent(stage: str, done: int, total: int, note: str) -> None:
    """Report nothing."""
