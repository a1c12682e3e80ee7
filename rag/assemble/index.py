"""Settings become an index: its folder, its live build, and what fills it."""

from typing import TYPE_CHECKING

from rag.assemble.models import embedder_model, make_embedder
from rag.errors import IndexFault
from rag.protocols import Embedder
from rag.settings import Settings

if TYPE_CHECKING:  # `import rag` must not load FAISS or a parser
    from rag.index.layout import IndexFolder
    from rag.index.manifest import EmbedderMark
    from rag.index.snapshot import FolderSnapshot
    from rag.ingest import Ingester


def index_folder(settings: Settings, index: str | None = None) -> "IndexFolder":
    """Return the folder of `index`, or of the index that the settings name.

    Raises:
        SettingsError: If the name could be anything but one plain folder name.
    """
    from rag.index.layout import IndexFolder

    return IndexFolder.named(settings.indexes, index or settings.index)


def made_with_by(folder: "IndexFolder", build: str | None) -> "EmbedderMark | None":
    """Return the embedder of a build, or None where its manifest does not say."""
    from rag.index.build import live_build
    from rag.index.whole import read_manifest

    try:
        build = build or live_build(folder)
        return None if build is None else read_manifest(folder.build(build)).embedder
    except (IndexFault, ValueError):
        return None  # opening it will say what is wrong


def open_for(folder: "IndexFolder", embedder: Embedder, build: str | None) -> "FolderSnapshot":
    """Open a build, the live one if `build` is None, for questions that `embedder` embeds.

    Raises:
        IndexFault: As `rag.index.snapshot.open_snapshot`.
    """
    from rag.index.snapshot import open_snapshot

    return open_snapshot(
        folder,
        fingerprint=embedder.fingerprint,
        dim=embedder.dim,
        embedder_name=embedder.name,
        build=build,
    )


def make_ingester(settings: Settings, index: str | None = None) -> "Ingester":
    """Return the offline path for `index`; use it as a context manager."""
    from rag.corpus.load import FileLoader, Limits
    from rag.corpus.split import StructureSplitter
    from rag.ingest import Ingester

    folder = index_folder(settings, index)
    made_with = made_with_by(folder, None)
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
        embedder_model(settings, made_with),
    )
