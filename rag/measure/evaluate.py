"""The command `rag eval`: parse, make the parts, run the plan, print."""

import json
import os
import shlex
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rag.errors import SettingsError
from rag.measure.compare import EvalCommand
from rag.measure.parts import machine, make_lab, models_used, shown_settings
from rag.settings import Settings
from rag.types import Mode

if TYPE_CHECKING:  # `rag --help` loads this module and must stay quick
    from rag.evaluate.plan import Plan
    from rag.evaluate.run import Result

INTERRUPTED = 130
_OF_OUTPUT = frozenset(("as_json", "out", "report", "fresh"))


@click.command("eval", cls=EvalCommand)
@click.argument("folder", metavar="[SET]", required=False, type=click.Path(path_type=Path))
@click.option("--tasks", default="", help="Only these, separated by commas; default: all that fit.")
@click.option(
    "--mode",
    type=click.Choice([m.value for m in Mode]),
    help="Default: extractive; for --feedback, as it was asked then.",
)
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
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write JSON there, with a row for every question.",
)
@click.option(
    "--report",
    type=click.Path(path_type=Path),
    help="Write a page about the run into this folder: index.html, report.md, run.json.",
)
@click.option("--config", type=click.Path(path_type=Path), help="Settings file (TOML).")
def command(  # noqa: PLR0913  (one argument an option)
    *,
    folder: Path | None,
    tasks: str,
    mode: str | None,
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
    report: Path | None,
    config: Path | None,
) -> None:
    """Measure retrieval, answers, abstention, citations, attacks and speed on SET.

    `rag eval compare A B` compares two runs, each a file of --out or a folder of --report.
    """
    from rag.evaluate.plan import Plan

    check_outputs(out, report)
    if feedback:
        refuse_beside_feedback(tasks=tasks, split=split, limit=limit, into=into)
    elif into is not None and folder is not None and not (folder / "attacks.jsonl").exists():
        raise SettingsError(f"--into goes with an attack set, and {folder} has no attacks.jsonl")
    wanted = tuple(name.strip() for name in tasks.split(",") if name.strip())
    settings = Settings.load(config)
    place, index = asked_of(folder, index, settings, feedback=feedback)
    asked = Mode(mode or Mode.EXTRACTIVE)
    judged = mode is None
    plan = Plan(
        place, wanted, asked, split, limit, seed, index, claims, fresh, into, feedback, judged
    )
    result, whole = measured(plan, settings, judge)
    text = json.dumps(whole, ensure_ascii=False, indent=2)
    kept = {**whole, "when": _now(), "command": again(click.get_current_context())}
    kept["rows"] = result.rows
    write_outputs(kept, out, report)
    for line in [text] if as_json else _lines(result):
        click.echo(line)
    if result.partial:
        sys.exit(INTERRUPTED)


def check_outputs(out: Path | None, report: Path | None) -> None:
    """Find what is wrong with the places of the output before a long run.

    Raises:
        SettingsError: If one cannot be written into, or `out` is no file, which is replaced.
    """
    from rag.evaluate.report.page import check_folder

    if out is not None and not out.absolute().parent.is_dir():
        raise SettingsError(f"--out {out} lies in no folder; create {out.absolute().parent} first")
    if out is not None and out.exists() and not out.is_file():
        raise SettingsError(f"--out {out} is no file; name one, or print with --json")
    if report is not None:
        check_folder(report)


def write_outputs(run: dict[str, object], out: Path | None, report: Path | None) -> None:
    """Write a run as JSON and as a report, each file whole or not at all.

    Raises:
        SettingsError: If a place cannot be written into.
    """
    from rag.evaluate.report.page import write_report
    from rag.index.disk import replace_text

    if out is not None:
        try:
            replace_text(out, json.dumps(run, ensure_ascii=False, indent=1) + "\n")
        except OSError as error:
            raise SettingsError(f"cannot write --out {out}: {error}; name another file") from error
    if report is not None:
        write_report(report, run)


def refuse_beside_feedback(**options: object) -> None:
    """Refuse options that a replay, which asks everything that is kept, would ignore.

    Raises:
        SettingsError: Naming the first that is given.
    """
    for name, value in options.items():
        if value not in (None, ""):
            raise SettingsError(
                f"--{name} does not go with --feedback, which asks all that is kept; leave it out"
            )


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


def again(context: click.Context) -> str:
    """Return the command that measures the same once more; where its output went is left out."""
    words: list[str] = [*context.command_path.split()]
    for parameter in context.command.params:
        value = context.params.get(parameter.name or "")
        if parameter.name in _OF_OUTPUT or value in (None, (), False, parameter.default):
            continue
        name = [] if isinstance(parameter, click.Argument) else [max(parameter.opts, key=len)]
        values = value if isinstance(value, tuple) else (value,)
        words += [w for one in values for w in (*name, *([] if one is True else [str(one)]))]
    changed = [f"{key}={shlex.quote(value)}" for key, value in sorted(os.environ.items())
               if key.startswith("RAG_") and key != "RAG_HOME"]  # fmt: skip
    return " ".join([*changed, shlex.join(words)])


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _lines(result: "Result") -> list[str]:
    from rag.evaluate.replay import failing_lines
    from rag.evaluate.table import table_lines

    return [*table_lines(result), *failing_lines(result.items.get("feedback", ()))]
