"""The command `rag eval`: parse, make the parts, run the plan, print."""

import json
import os
import platform
import sys
from collections.abc import Mapping
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rag.errors import SettingsError
from rag.settings import Settings, VerifierSettings
from rag.types import Mode

if TYPE_CHECKING:  # `rag --help` loads this module and must stay quick
    from rag.evaluate.judge import Judge
    from rag.evaluate.plan import Plan
    from rag.evaluate.run import Lab, Result
    from rag.models.registry import Registry
    from rag.protocols import Embedder

INTERRUPTED = 130
_UNMEASURED = ("home", "index", "web", "ingest")


@click.command("eval")
@click.argument("folder", metavar="SET", type=click.Path(path_type=Path))
@click.option("--tasks", default="", help="Only these, separated by commas; default: all that fit.")
@click.option("--mode", type=click.Choice([m.value for m in Mode]), default=Mode.EXTRACTIVE.value)
@click.option("--split", type=click.Choice(["calibrate", "report"]), help="Only this half.")
@click.option("--limit", type=click.IntRange(1), help="Most questions or claims, drawn by --seed.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the draw.")
@click.option("--index", "-i", help="Ask this index instead of building one from the set.")
@click.option("--judge", help="An NLI CrossEncoder that judges citations, by folder or hub id.")
@click.option(
    "--claims",
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    help="Claim set on which the judge is compared with people; may be repeated.",
)
@click.option("--fresh", is_flag=True, help="Build and ask again what an earlier run did.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write JSON there.")
@click.option("--config", type=click.Path(path_type=Path), help="Settings file (TOML).")
def command(  # noqa: PLR0913  (one argument an option)
    *,
    folder: Path,
    tasks: str,
    mode: str,
    split: str | None,
    limit: int | None,
    seed: int,
    index: str | None,
    judge: str | None,
    claims: tuple[Path, ...],
    fresh: bool,
    as_json: bool,
    out: Path | None,
    config: Path | None,
) -> None:
    """Measure retrieval, answers, abstention, citations and speed on SET."""
    from rag.evaluate.plan import Plan

    if out is not None and not out.absolute().parent.is_dir():
        raise SettingsError(f"--out {out} lies in no folder; create {out.absolute().parent} first")
    wanted = tuple(name.strip() for name in tasks.split(",") if name.strip())
    plan = Plan(folder, wanted, Mode(mode), split, limit, seed, index, claims, fresh)
    settings = Settings.load(config)
    result, whole = measured(plan, settings, judge)
    text = json.dumps(whole, ensure_ascii=False, indent=2)
    if out is not None:
        out.write_text(text + "\n", encoding="utf-8")
    for line in [text] if as_json else _lines(result):
        click.echo(line)
    if result.partial:
        sys.exit(INTERRUPTED)


def measured(
    plan: "Plan", settings: Settings, judge: str | None
) -> tuple["Result", dict[str, object]]:
    """Return the result of `plan`, and it with everything it depends on, ready for JSON."""
    from rag.evaluate.run import evaluate
    from rag.terminal import bar

    about = {"settings": shown_settings(settings), "models": models_used(settings, plan.mode)}
    with bar(quiet=False) as progress:
        result = evaluate(plan, make_lab(settings, judge, about), progress)
    whole = {"version": version("quotewell"), **about, "machine": machine(), **result.to_dict()}
    return result, whole


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
    )


def make_judge(settings: Settings, name: str | None, embedder: "Embedder") -> "Judge":
    """Return the judge called `name`, or the offline one.

    Raises:
        SettingsError: If it is the model that verifies the answers, which cannot judge itself.
        WeightsMissing: If it is not on this machine.
    """
    from rag.assemble import make_verifier
    from rag.evaluate.judge import EntailmentJudge, StrictJudge

    if name is None:
        return StrictJudge(embedder)
    if name == settings.verifier.model:
        raise SettingsError(f"{name} is verifier.model and cannot judge itself; name another model")
    other = replace(settings, verifier=VerifierSettings(model=name))
    return EntailmentJudge(make_verifier(other, embedder))


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
        "embedder": settings.embedder.model,
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


def _lines(result: "Result") -> list[str]:
    from rag.evaluate.table import table_lines

    return list(table_lines(result))
