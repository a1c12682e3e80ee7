"""The command `rag eval`: parse, make the parts, run the plan, print."""

import json
import sys
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rag.errors import SettingsError
from rag.measure.parts import machine, make_lab, models_used, shown_settings
from rag.settings import Settings
from rag.types import Mode

if TYPE_CHECKING:  # `rag --help` loads this module and must stay quick
    from rag.evaluate.plan import Plan
    from rag.evaluate.run import Result

INTERRUPTED = 130


@click.command("eval")
@click.argument("folder", metavar="[SET]", required=False, type=click.Path(path_type=Path))
@click.option("--tasks", default="", help="Only these, separated by commas; default: all that fit.")
@click.option("--mode", type=click.Choice([m.value for m in Mode]), default=Mode.EXTRACTIVE.value)
@click.option("--split", type=click.Choice(["calibrate", "report"]), help="Only this half.")
@click.option("--limit", type=click.IntRange(1), help="Most questions or claims, drawn by --seed.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the draw.")
@click.option("--index", "-i", help="Ask this index instead of building one from the set.")
@click.option(
    "--judge",
    help="Who judges citations: an NLI CrossEncoder by folder or hub id, or MODEL@URL of a server.",
)
@click.option(
    "--claims",
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    help="Claim set on which the judge is compared with people; may be repeated.",
)
@click.option("--feedback", is_flag=True, help="Ask again what people judged; takes no SET.")
@click.option(
    "--into",
    type=click.Path(exists=True, path_type=Path),
    help="Question set an attack set is planted into; default: the sample.",
)
@click.option("--fresh", is_flag=True, help="Build and ask again what an earlier run did.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write JSON there.")
@click.option("--config", type=click.Path(path_type=Path), help="Settings file (TOML).")
def command(  # noqa: PLR0913  (one argument an option)
    *,
    folder: Path | None,
    tasks: str,
    mode: str,
    split: str | None,
    limit: int | None,
    seed: int,
    index: str | None,
    judge: str | None,
    claims: tuple[Path, ...],
    feedback: bool,
    into: Path | None,
    fresh: bool,
    as_json: bool,
    out: Path | None,
    config: Path | None,
) -> None:
    """Measure retrieval, answers, abstention, citations, attacks and speed on SET."""
    from rag.evaluate.plan import Plan

    if out is not None and not out.absolute().parent.is_dir():
        raise SettingsError(f"--out {out} lies in no folder; create {out.absolute().parent} first")
    wanted = tuple(name.strip() for name in tasks.split(",") if name.strip())
    settings = Settings.load(config)
    place, index = asked_of(folder, index, settings, feedback=feedback)
    plan = Plan(place, wanted, Mode(mode), split, limit, seed, index, claims, fresh, into, feedback)
    result, whole = measured(plan, settings, judge)
    text = json.dumps(whole, ensure_ascii=False, indent=2)
    if out is not None:
        out.write_text(text + "\n", encoding="utf-8")
    for line in [text] if as_json else _lines(result):
        click.echo(line)
    if result.partial:
        sys.exit(INTERRUPTED)


def asked_of(
    folder: Path | None, index: str | None, settings: Settings, *, feedback: bool
) -> tuple[Path, str | None]:
    """Return the folder a plan reads, and its index: a set's, or with `feedback` an index's own.

    Raises:
        SettingsError: If neither or both are asked for.
    """
    from rag.index.layout import IndexFolder

    if feedback:
        if folder is not None:
            raise SettingsError(f"--feedback takes no SET ({folder}); name the index by --index")
        name = index or settings.index
        return IndexFolder.named(settings.indexes, name).root, name
    if folder is None:
        raise SettingsError("name a SET to measure, or --feedback with --index")
    return folder, index


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


def _lines(result: "Result") -> list[str]:
    from rag.evaluate.replay import failing_lines
    from rag.evaluate.table import table_lines

    return [*table_lines(result), *failing_lines(result.items.get("feedback", ()))]
