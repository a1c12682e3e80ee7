"""What a measurement needs beside its set: made parts, and what its figures depend on."""

import os
import platform
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from rag.errors import SettingsError
from rag.settings import Settings, VerifierSettings
from rag.types import Mode

if TYPE_CHECKING:  # `rag --help` loads the commands and must stay quick
    from rag.evaluate.judge import Judge
    from rag.evaluate.run import Lab
    from rag.evaluate.slow_judges import AskingJudge
    from rag.models.registry import Registry
    from rag.protocols import Embedder

_UNMEASURED = ("home", "index", "web", "ingest")


def make_lab(settings: Settings, judge: str | None, about: Mapping[str, object]) -> "Lab":
    """Return the parts that `settings` names, each made when it is first needed."""
    from rag.assemble import Rag, make_embedder, make_ingester, make_verifier
    from rag.evaluate.run import Lab

    return Lab(
        settings.home / "eval",
        lambda name: Rag.open(name, settings=settings),
        lambda: make_ingester(settings, "eval"),
        lambda: make_embedder(settings),
        lambda embedder: make_verifier(settings, embedder),
        lambda embedder: make_judge(settings, judge, embedder),
        settings.answer.support_floor,
        about,
        bundled_set,
    )


def bundled_set(points: Iterable[EntryPoint] | None = None) -> Path:
    """Return the folder of the question set that comes with this project.

    Another package of the project registers it under `quotewell.sets`; this one knows no path.

    Args:
        points: What is registered; looked up when left out.

    Raises:
        SettingsError: If that package is not installed.
    """
    points = entry_points(group="quotewell.sets") if points is None else points
    found = [point for point in points if point.name == "sample"]
    if not found:
        raise SettingsError(
            "the sample corpus is not installed, so there is nothing to plant an attack set into; "
            "name a question set by --into SET, or install the whole project"
        )
    return Path(found[0].load()())


def make_judge(settings: Settings, name: str | None, embedder: "Embedder") -> "Judge":
    """Return the judge called `name`, or the offline one.

    `MODEL@URL` is a model of an OpenAI-compatible server; anything else an NLI model. Both
    are slow, and their verdicts are kept beside the harness's other files.

    Raises:
        SettingsError: If it is the model that verifies the answers, which cannot judge itself,
            or an address without a model.
        WeightsMissing: If it is not on this machine.
    """
    from rag.assemble import make_verifier
    from rag.evaluate.judge import EntailmentJudge, StrictJudge
    from rag.evaluate.kept import Kept
    from rag.evaluate.slow_judges import RememberingJudge

    if name is None:
        return StrictJudge(embedder)
    if name == settings.verifier.model:
        raise SettingsError(f"{name} is verifier.model and cannot judge itself; name another model")
    verdicts = settings.home / "eval" / "verdicts.jsonl"
    if "://" in name:
        return RememberingJudge(_asking(settings, name), Kept(verdicts))
    other = replace(settings, verifier=VerifierSettings(model=name))
    return RememberingJudge(EntailmentJudge(make_verifier(other, embedder)), Kept(verdicts))


def _asking(settings: Settings, name: str) -> "AskingJudge":
    """Return the judge that `name`, as MODEL@URL, speaks of.

    The key of `generator.api_key_env` is sent only to the server it belongs to.
    """
    from rag.evaluate.slow_judges import AskingJudge
    from rag.models.openai import OpenAIGenerator

    model, _, address = name.rpartition("@http")
    url = f"http{address}"
    if not model or "://" in model:
        raise SettingsError(
            f"--judge {name} names no model; write MODEL@URL, such as "
            "Qwen/Qwen3-8B@http://localhost:8000/v1"
        )
    generator, place = settings.generator, urlsplit(url).netloc.rpartition("@")[2]
    same = place == urlsplit(generator.url).netloc
    key = generator.api_key_env if same else ""
    writer = OpenAIGenerator(url, model, api_key_env=key, retries=generator.retries)
    return AskingJudge(writer, place, generator.deadline_s)


def shown_settings(settings: Settings) -> dict[str, object]:
    """Return the settings that can change a figure, as plain values."""
    tree = {name: value for name, value in asdict(settings).items() if name not in _UNMEASURED}
    return {name: dict(value) for name, value in tree.items()}


def models_used(settings: Settings, mode: Mode) -> dict[str, object]:
    """Return role to name of every model that takes part, with the SHA-256 of its files.

    A path of one's own or a server has none here; what cannot be hashed says so.
    """
    from rag.models.registry import Registry

    registry = Registry.load(settings.models)
    named = {
        "embedder": settings.embedder.named,
        "verifier": settings.verifier.model,
        "reranker": settings.search.reranker,
        "generator": settings.generator.model if mode is Mode.GENERATIVE else "",
    }
    return {
        role: {"name": name, "sha256": _sums(registry, name)}
        for role, name in named.items()
        if name
    }


def _sums(registry: "Registry", name: str) -> dict[str, str] | None:
    entry = registry.entries.get(name)
    return {file.path: file.sha256 for file in entry.files} if entry else None


def machine() -> dict[str, object]:
    """Return what figures of speed depend on."""
    return {
        "cpu": _cpu(),
        "cores": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    named = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or "unknown"
