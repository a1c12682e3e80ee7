"""Look at everything an answer needs, and say what is missing and what to do about it."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from rag.assemble import Rag
from rag.calibrate.file import read, remarks
from rag.errors import IndexDamaged, RagError
from rag.index.build import live_build
from rag.index.layout import IndexFolder
from rag.index.reading import open_reader
from rag.index.snapshot import FolderSnapshot
from rag.index.whole import checked_build
from rag.protocols import Snapshot
from rag.settings import Settings

_LEAST_FREE_MB = 500


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    ok: bool
    what: str
    detail: str


def diagnose(settings: Settings) -> list[Finding]:
    """Return findings on the folder, the models and every index, in that order."""
    return [
        _try("home", lambda: _home(settings)),
        *_models(settings),
        *_indexes(settings),
    ]


def _try(what: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(True, what, look())
    except (RagError, OSError) as error:
        return Finding(False, what, str(error))


def _home(settings: Settings) -> str:
    settings.home.mkdir(parents=True, exist_ok=True)
    if not os.access(settings.home, os.W_OK):
        raise RagError(f"{settings.home} cannot be written to; set RAG_HOME to another folder")
    free = shutil.disk_usage(settings.home).free // 1_000_000
    if free < _LEAST_FREE_MB:
        raise RagError(f"only {free} MB are free in {settings.home}")
    return f"{settings.home}, {free:,} MB free"


def _models(settings: Settings) -> Iterator[Finding]:
    from rag.models.registry import Registry  # noqa: PLC0415  (only looked at on demand)

    registry = Registry.load(settings.models)
    for row in registry.status():
        name = row.name
        if row.present or name == settings.embedder.named:
            yield _try(f"model {name}", lambda name=name: _checked(registry, name))  # type: ignore[misc]


def _checked(registry: "Registry", name: str) -> str:  # type: ignore[name-defined]  # noqa: F821
    registry.verify(name)
    return "whole"


def _indexes(settings: Settings) -> Iterator[Finding]:
    if not settings.indexes.is_dir():
        yield Finding(True, "indexes", "none yet; `rag ingest FOLDER` makes one")
        return
    for folder in sorted(settings.indexes.iterdir()):
        if (folder / "ledger.sqlite").is_file():
            yield from _index(settings, IndexFolder(folder))


def _index(settings: Settings, folder: IndexFolder) -> Iterator[Finding]:
    name = folder.name
    yield _try(f"index {name}", lambda: _opened(settings, name))
    yield _try(f"ledger of {name}", lambda: _ledger(folder))
    if folder.forgetting.exists():
        why = "was interrupted; finish it with: rag forget --resume --index " + name
        yield Finding(False, f"forget in {name}", why)
    for build in folder.build_ids():
        yield _try(f"build {build} of {name}", lambda build=build: _whole(folder, build))  # type: ignore[misc]


def _ledger(folder: IndexFolder) -> str:
    """Return what the ledger holds, after looking at every page and every text of it."""
    with open_reader(folder) as ledger:
        ledger.check_pages()
        rows = [row for row in ledger.sources() if row.document_id]
        for row in rows:
            ledger.document(row.document_id)
    return f"whole, {len(rows)} documents"


def _whole(folder: IndexFolder, build: str) -> str:
    counts = checked_build(folder.build(build)).counts
    return f"whole, {counts['chunks']} chunks"


def _opened(settings: Settings, name: str) -> str:
    folder = IndexFolder.named(settings.indexes, name)
    quiet = replace(settings, answer=replace(settings.answer, calibrated=False))
    with Rag.open(name, settings=quiet) as rag:
        _check_live(folder, rag.snapshot)
        entries = read(folder.calibration)
        parts = [f"build {rag.snapshot.build}, {len(rag.snapshot)} chunks"]
        parts += remarks(entries, rag)
        parts += [rag.snapshot.unread.rstrip(".")] if rag.snapshot.unread else []
        return ". ".join(parts)


def _check_live(folder: IndexFolder, snapshot: Snapshot) -> None:
    """Pass when the build that answers is the one that should."""
    remedy = f"make a new build with: rag rebuild {folder.name}, or rag ingest"
    damaged = snapshot.stands_in if isinstance(snapshot, FolderSnapshot) else None
    if damaged is not None:
        raise IndexDamaged(
            f"build {damaged} is damaged, and build {snapshot.build} before it answers; {remedy}"
        )
    if live_build(folder) is None:
        raise IndexDamaged(f"{folder.live} is gone, and what was published last answers; {remedy}")
