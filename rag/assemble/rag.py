"""A `Rag`: a pipeline over an index on disk, opened, opened again, followed and filled."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeVar, cast

from rag.answer.evidence.confidence import Calibration
from rag.assemble.index import index_folder, made_with_by, make_ingester, open_for
from rag.assemble.models import (
    make_embedder,
    make_generator,
    make_reader,
    make_reranker,
    make_verifier,
)
from rag.closing import Closing
from rag.errors import IndexDamaged
from rag.pipeline import Pipeline, Policy
from rag.settings import Settings
from rag.types import Mode

if TYPE_CHECKING:  # `import rag` must not load FAISS or a parser
    from rag.index.layout import IndexFolder
    from rag.ingest import IngestReport, Progress
    from rag.live import Live

logger = logging.getLogger(__name__)


class Rag(Pipeline, Closing):
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
        folder = index_folder(settings, index)
        check_exists(folder)  # before a model is loaded for nothing
        embedder = make_embedder(settings, made_with_by(folder, build))
        verifier, generator = make_verifier(settings, embedder), make_generator(settings)
        reranker, reader = make_reranker(settings), make_reader(settings)
        snapshot = open_for(folder, embedder, build)  # last, since it holds files open
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
        folder = index_folder(settings, index)
        made_with = made_with_by(folder, build)
        rag = self
        if made_with is not None and made_with.fingerprint != self.embedder.fingerprint:
            embedder = make_embedder(settings, made_with)
            rag = replace(self, embedder=embedder, verifier=make_verifier(settings, embedder))
        rag = replace(rag, snapshot=open_for(folder, rag.embedder, build))
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

        def reopen(current: Pipeline) -> Pipeline:
            # Not the first one, whose snapshot and perhaps whose embedder is let go by then.
            return cast("Rag", current).reopened(index, settings=settings)

        return Live(rag, reopen, index_folder(settings, index).live)

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
