"""The one place that names concrete classes: settings and an index become a `Rag`."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

from rag.answer.evidence.confidence import Calibration
from rag.errors import IndexDamaged, IndexFault
from rag.pipeline import Pipeline, Policy
from rag.protocols import Embedder, Generator, Reader, Reranker, Verifier
from rag.settings import SHIPPED_EMBEDDER, Settings
from rag.types import Mode

if TYPE_CHECKING:  # `import rag` must not load FAISS or a parser
    from rag.index.layout import IndexFolder
    from rag.index.manifest import EmbedderMark
    from rag.index.snapshot import FolderSnapshot
    from rag.ingest import Ingester, IngestReport, Progress
    from rag.live import Live

SHIPPED_READER = "quotewell-reader"

logger = logging.getLogger(__name__)


class Rag(Pipeline):
    """A `Pipeline` over an index on disk: the object most people meet.

    with Rag.open("contracts") as rag:
        print(rag.ask("When does the lease end?").text)
    """

    @classmethod
    def open(
        cls,
        index: str | None = None,
        *,
        settings: Settings | None = None,
        build: str | None = None,
    ) -> Self:
        """Open the live build of `index` with the models `settings` names.

        Args:
            index: The index's name; `settings.index` when left out.
            settings: The whole tree; `Settings.load()` when left out.
            build: The id of another build than the live one.

        Raises:
            IndexNotFound: If nothing has been ingested under that name.
            IndexMismatch: If it was built by another embedder or a newer version.
            IndexDamaged: If a file is missing or does not match its checksum and no build
                before is whole, or the calibration cannot be read.
            WeightsMissing: If a model is not on this machine.
        """
        from rag.index.reading import check_exists

        settings = settings or Settings.load()
        folder = _folder(settings, index)
        check_exists(folder)  # before a model is loaded for nothing
        embedder = make_embedder(settings, _made_with(folder, build))
        verifier, generator = make_verifier(settings, embedder), make_generator(settings)
        reranker, reader = make_reranker(settings), make_reader(settings)
        snapshot = _snapshot(folder, embedder, build)  # last, since it holds files open
        policy = make_policy(settings)
        rag = cls(snapshot, embedder, verifier, generator, reranker, reader, policy)
        return _calibrated(rag, folder, settings)

    def reopened(
        self,
        index: str | None = None,
        *,
        settings: Settings | None = None,
        build: str | None = None,
    ) -> Self:
        """Return this object over the build that is live now, or over `build`.

        The models are kept, but for the embedder where the build was made with another. This
        one stays open.

        Raises:
            IndexFault: As `open`.
        """
        settings = settings or Settings.load()
        folder = _folder(settings, index)
        made_with = _made_with(folder, build)
        rag = self
        if made_with is not None and made_with.fingerprint != self.embedder.fingerprint:
            embedder = make_embedder(settings, made_with)
            rag = replace(self, embedder=embedder, verifier=make_verifier(settings, embedder))
        rag = replace(rag, snapshot=_snapshot(folder, rag.embedder, build))
        return _calibrated(rag, folder, settings)

    @classmethod
    def follow(cls, index: str | None = None, *, settings: Settings | None = None) -> "Live":
        """Open `index` and follow it: each request gets the build that is live then.

        Use it as a context manager; see `rag.live`.

        Raises:
            RagError: As `open`.
        """
        from rag.live import Live, warm

        settings = settings or Settings.load()
        rag = cls.open(index, settings=settings)
        try:
            warm(rag)
        except BaseException:
            rag.close()
            raise

        def reopen(_: Pipeline) -> Pipeline:
            return rag.reopened(index, settings=settings)

        return Live(rag, reopen, _folder(settings, index).live)

    @staticmethod
    def ingest(
        paths: str | Path | Sequence[str | Path],
        index: str | None = None,
        *,
        settings: Settings | None = None,
        progress: "Progress | None" = None,
    ) -> "IngestReport":
        """Read one or more files and folders into `index` and publish a new build of it.

        Raises:
            LoadError: If a path does not exist, a folder is empty, or nothing was readable.
            IndexBusy: If another process is writing to this index.
            DiskFull: If there is no room; the live build is untouched.
        """
        settings = settings or Settings.load()
        with make_ingester(settings, index) as ingester:
            several = [paths] if isinstance(paths, str | Path) else paths
            return ingester.ingest([Path(path) for path in several], progress or _silent)

    def close(self) -> None:
        """Release the index's files."""
        self.snapshot.close()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""
        self.close()


def _folder(settings: Settings, index: str | None) -> "IndexFolder":
    from rag.index.layout import IndexFolder

    return IndexFolder.named(settings.indexes, index or settings.index)


def _made_with(folder: "IndexFolder", build: str | None) -> "EmbedderMark | None":
    """Return the embedder of a build, or None where its manifest does not say."""
    from rag.index.build import live_build
    from rag.index.whole import read_manifest

    try:
        build = build or live_build(folder)
        return None if build is None else read_manifest(folder.build(build)).embedder
    except (IndexFault, ValueError):
        return None  # opening it will say what is wrong


def _snapshot(folder: "IndexFolder", embedder: Embedder, build: str | None) -> "FolderSnapshot":
    from rag.index.snapshot import open_snapshot

    return open_snapshot(
        folder,
        fingerprint=embedder.fingerprint,
        dim=embedder.dim,
        embedder_name=embedder.name,
        build=build,
    )


_R = TypeVar("_R", bound=Pipeline)


def _calibrated(rag: _R, folder: "IndexFolder", settings: Settings) -> _R:
    if not settings.answer.calibrated:
        return rag
    try:
        return replace(rag, calibrations=_calibrations(folder, rag))
    except IndexDamaged:
        rag.snapshot.close()
        raise


def _calibrations(folder: "IndexFolder", rag: Pipeline) -> dict[Mode, Calibration]:
    """Return what holds for the running models and settings; say what does not."""
    from rag.calibrate.file import fitting, read, remarks

    entries = read(folder.calibration)
    kept = fitting(entries, rag)
    for mode in entries.keys() - kept.keys():
        logger.warning("%s", remarks({mode: entries[mode]}, rag)[0])
    return kept


def make_ingester(settings: Settings, index: str | None = None) -> "Ingester":
    """Return the offline path for `index`; use it as a context manager."""
    from rag.corpus.load import FileLoader, Limits
    from rag.corpus.split import StructureSplitter
    from rag.ingest import Ingester

    folder = _folder(settings, index)
    made_with = _made_with(folder, None)
    embedder = make_embedder(settings, made_with)
    ingest, split = settings.ingest, settings.split
    limits = Limits(
        ingest.max_file_mb,
        ingest.parse_seconds,
        ingest.parse_memory_mb,
        ingest.unpacked_mb,
        ingest.ocr,
    )
    splitter = StructureSplitter(
        split.size,
        split.overlap,
        embedder.count_tokens,
        embedder.max_tokens,
        embedder.fingerprint,
    )
    return Ingester(
        folder,
        FileLoader(limits),
        splitter,
        embedder,
        ingest.include,
        ingest.exclude,
        _embedder_model(settings, made_with),
    )


def make_embedder(settings: Settings, made_with: "EmbedderMark | None" = None) -> Embedder:
    """Return the embedder that `settings.embedder` names, its weights checked.

    Args:
        settings: The whole tree.
        made_with: The embedder of a build, taken where the settings name none.

    Raises:
        WeightsMissing: If they are not on this machine.
        WeightsAltered: If a file does not match its checksum.
    """
    from rag.models.embedder import open_embedder

    chosen = settings.embedder
    model = _embedder_model(settings, made_with)
    return open_embedder(model, settings.models, runtime=chosen.runtime, threads=chosen.threads)


def _embedder_model(settings: Settings, made_with: "EmbedderMark | None") -> str:
    return settings.embedder.model or (made_with.model if made_with else "") or SHIPPED_EMBEDDER


def make_verifier(settings: Settings, embedder: Embedder) -> Verifier:
    """Return the verifier that `settings.verifier` names; empty means the built-in one."""
    chosen = settings.verifier
    if not chosen.model:
        from rag.models.verifier import SimilarityVerifier

        return SimilarityVerifier(embedder)
    from rag.models.checkers import open_verifier

    return open_verifier(
        _checked_folder(settings, chosen.model),
        labels=chosen.labels,
        prompt=chosen.prompt,
        device=settings.runtime.device,
        precision=settings.runtime.precision,
    )


def make_reranker(settings: Settings) -> Reranker | None:
    """Return the reranker that `settings.search` names, or None when it names none."""
    if not settings.search.reranker:
        return None
    from rag.models.reranker import CrossEncoderReranker

    return CrossEncoderReranker(
        _checked_folder(settings, settings.search.reranker),
        device=settings.runtime.device,
        precision=settings.runtime.precision,
    )


def make_reader(settings: Settings) -> Reader | None:
    """Return the reader that `settings.reader` names; empty means the one that ships, `none` none.

    Raises:
        WeightsAltered: If a file does not match its checksum.
    """
    from rag.models.registry import Registry

    chosen = settings.reader
    if chosen.model == "none":
        return None
    name = chosen.model or SHIPPED_READER
    folder = Registry.load(settings.models).verify(name)
    if not (folder / "reader.json").is_file():  # not of our own making
        from rag.models.question_answering import TransformersReader

        runtime = settings.runtime
        return TransformersReader(folder, device=runtime.device, precision=runtime.precision)
    from rag.models.reader import OpenVinoReader

    return OpenVinoReader(folder, name=Path(name).name, threads=chosen.threads)


def make_generator(settings: Settings) -> Generator:
    """Return the generator that `settings.generator` names; its weights load on first use."""
    chosen = settings.generator
    if chosen.kind == "openai":
        from rag.models.openai import OpenAIGenerator

        return OpenAIGenerator(
            chosen.url, chosen.model, api_key_env=chosen.api_key_env, retries=chosen.retries
        )
    if chosen.kind == "transformers":
        from rag.models.causal import TransformersGenerator

        return TransformersGenerator(
            _checked_folder(settings, chosen.model), device=settings.runtime.device
        )
    from rag.models.llama import LlamaGenerator
    from rag.models.registry import Registry

    registry = Registry.load(settings.models)
    return LlamaGenerator(
        registry, chosen.model, context_tokens=chosen.context_tokens, threads=chosen.threads
    )


def _checked_folder(settings: Settings, model: str) -> str:
    """Return the folder of a model's files, found and checked."""
    from rag.models.registry import Registry

    return str(Registry.load(settings.models).verify(model))


def make_policy(settings: Settings) -> Policy:
    """Return the numbers of `settings` that decide what is answered."""
    search, answer, generator = settings.search, settings.answer, settings.generator
    return Policy(
        mode=Mode(answer.mode),
        candidates=search.candidates,
        passages=search.passages,
        fusion=search.fusion,
        dense_weight=search.dense_weight,
        look_again=search.look_again,
        relevance_floor=answer.relevance_floor,
        answerability_floor=answer.answerability_floor,
        sentence_keep=answer.sentence_keep,
        max_sentences=answer.max_sentences,
        brief=answer.brief,
        support_floor=answer.support_floor,
        own_words=answer.own_words,
        evidence_tokens=generator.evidence_tokens,
        max_tokens=generator.max_tokens,
        deadline_s=generator.deadline_s,
    )


def _silent(stage: str, done: int, total: int, note: str) -> None:
    """Report nothing."""
