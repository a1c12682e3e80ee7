"""Look at everything an answer needs, and say what is missing and what to do about it."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from rag.assemble import Rag
from rag.calibrate.file import read, remarks
from rag.errors import RagError
from rag.index.layout import IndexFolder
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
    names = (f for f in sorted(settings.indexes.iterdir()) if (f / "ledger.sqlite").is_file())
    for folder in names:
        yield _try(f"index {folder.name}", lambda name=folder.name: _opened(settings, name))  # type: ignore[misc]


def _opened(settings: Settings, name: str) -> str:
    quiet = replace(settings, answer=replace(settings.answer, calibrated=False))
    with Rag.open(name, settings=quiet) as rag:
        entries = read(IndexFolder.named(settings.indexes, name).calibration)
        parts = [f"build {rag.snapshot.build}, {len(rag.snapshot)} chunks"]
        parts += remarks(entries, rag)
        parts += [rag.snapshot.unread.rstrip(".")] if rag.snapshot.unread else []
        return ". ".join(parts)
