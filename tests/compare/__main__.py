"""Quotewell beside what users would build instead: same questions, weights and machine.

    python -m tests.compare [--data FOLDER] [SET ...] [--limit 30] [--out FILE]

Sets are the project's own sample corpus, those of `--data` that are known here, and any named.
Every library is installed once into its own environment below `.compare/` (2 GB each).
"""

import json
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import click

from rag.assemble import make_embedder
from rag.errors import RagError
from rag.evaluate.datasets import Question, QuestionSet, half, read_claims, sampled
from rag.evaluate.judge import Judge, StrictJudge, agreement
from rag.measure.parts import machine
from rag.models.registry import Registry
from rag.settings import Settings
from tests.compare.environments import PLACE, ROOT, LibraryMissing, python_of
from tests.compare.material import sample
from tests.compare.run import LIBRARIES, SYSTEMS, measure
from tests.compare.scoring import Run, figures
from tests.compare.table import document
from tests.compare.talk import SystemFailed

SETS = ("squad2-500", "clapnq-dev", "stici-dev")
CLAIMS = ("attribution-dev", "wice-dev", "factcheck-dev")
OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "ANONYMIZED_TELEMETRY": "False",
    "LANGCHAIN_TRACING_V2": "false",
    "LANGSMITH_TRACING": "false",
    "DO_NOT_TRACK": "1",
}
INTERRUPTED = 130


@dataclass
class Results:
    """What has been measured so far, written after every system."""

    whole: dict[str, Any]
    out: Path | None

    def add(self, questions: QuestionSet, system: str, column: object) -> None:
        """Keep the figures of a system, or what kept it from giving any."""
        self.whole["sets"].setdefault(questions.name, {})[system] = column
        if self.out is not None:
            text = json.dumps(self.whole, ensure_ascii=False, indent=1)
            self.out.write_text(text + "\n", encoding="utf-8")


def column_of(run: Run, questions: QuestionSet, judge: Judge) -> dict[str, object]:
    """Return the figures of a run, and what they were made of."""
    found = figures(run, questions.qrels, judge)
    return {
        "versions": dict(run.versions),
        "figures": {key: figure.to_dict() for key, figure in found.items()},
        "replies": [
            {"id": r.question.id, "text": r.text, "answered": r.answered, "error": r.error}
            for r in run.replies
        ],
    }


def make_ready(systems: Sequence[str]) -> None:
    """Install every library before anything is timed; what cannot be is told again in its row."""
    PLACE.mkdir(exist_ok=True)
    for library in (name for name in LIBRARIES if name in systems):
        try:
            python_of(library)
        except LibraryMissing as error:
            click.echo(error, err=True)


def environment_of(settings: Settings, threads: int) -> dict[str, str]:
    """Return the environment of every system: offline, silent, and where the weights are."""
    registry = Registry.load(settings.models)
    return {
        **os.environ,
        **OFFLINE,
        "PYTHONPATH": str(ROOT),
        "COMPARE_MODELS": str(settings.models.absolute()),
        "COMPARE_EMBEDDER": str(registry.verify(settings.embedder.named)),
        "COMPARE_GENERATOR": str(registry.verify(settings.generator.model)),
        "COMPARE_THREADS": str(threads),
    }


def trusted(judge: Judge, data: Path | None) -> dict[str, object]:
    """Return how far the judge agrees with people on the claim sets of `data`."""
    paths = [data / name for name in CLAIMS if (data / name).exists()] if data else []
    items = [item for path in paths for item in read_claims(path) if half(item.id) == "report"]
    return agreement(judge, items).to_dict()


Measure = Callable[[str, QuestionSet, Sequence[Question]], Run]


def compare(
    sets: Sequence[QuestionSet],
    systems: Sequence[str],
    drawn: Mapping[str, Any],
    measured: Measure,
    judge: Judge,
    results: Results,
) -> bool:
    """Add what every system does with every set; return whether it was interrupted."""
    draw = {key: drawn[key] for key in ("split", "limit", "seed")}
    try:
        for questions in sets:
            chosen = sampled(questions.questions, **draw)
            results.whole["questions"][questions.name] = len(chosen)
            for system in systems:
                try:
                    run = measured(system, questions, chosen)
                except (LibraryMissing, SystemFailed) as error:
                    click.echo(f"\n{system} failed: {error}", err=True)
                    results.add(questions, system, str(error))
                else:
                    results.add(questions, system, column_of(run, questions, judge))
    except KeyboardInterrupt:
        click.echo("\ninterrupted; what is done follows", err=True)
        return True
    return False


@click.command()
@click.argument("folders", nargs=-1, metavar="[SET]...", type=click.Path(path_type=Path))
@click.option(
    "--data",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder with the sets and claim sets known here; what is not there is skipped.",
)
@click.option("--no-sample", is_flag=True, help="Leave the project's own corpus out.")
@click.option("--limit", type=click.IntRange(1), default=30, show_default=True)
@click.option("--seed", type=int, default=0, show_default=True, help="Of the draw of questions.")
@click.option("--split", type=click.Choice(["calibrate", "report"]), default="report")
@click.option("--systems", default=",".join(SYSTEMS), show_default=True)
@click.option("--threads", type=click.IntRange(0), default=0, help="Of every generator; 0: all.")
@click.option(
    "--show",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Print the tables of an earlier --out and measure nothing.",
)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write JSON there.")
def main(  # noqa: PLR0913  (one argument an option)
    *,
    folders: tuple[Path, ...],
    data: Path | None,
    no_sample: bool,
    limit: int,
    seed: int,
    split: str,
    systems: str,
    threads: int,
    show: Path | None,
    out: Path | None,
) -> None:
    """Ask every system the same questions and print one table a set."""
    if show is not None:
        click.echo(document(json.loads(show.read_text("utf-8"))))
        return
    names = [name.strip() for name in systems.split(",") if name.strip()]
    if unknown := set(names) - set(SYSTEMS):
        raise click.UsageError(f"no system {min(unknown)!r}; there are {', '.join(SYSTEMS)}")
    settings = Settings.load()
    environment, judge = environment_of(settings, threads), StrictJudge(make_embedder(settings))
    known = [data / name for name in SETS if (data / name).exists()] if data else []
    sets = [*([] if no_sample else [sample()]), *map(QuestionSet.read, (*known, *folders))]
    make_ready(names)
    drawn = {"limit": limit, "seed": seed, "split": split, "threads": threads}
    command = "make compare, " + ", ".join(f"{key} {value}" for key, value in drawn.items())
    about = {"date": time.strftime("%Y-%m-%d"), "command": command, "machine": machine()}
    whole = {**about, "judge": trusted(judge, data), "questions": {}, "sets": {}}
    measured = partial(measure, environment=environment)
    interrupted = compare(sets, names, drawn, measured, judge, Results(whole, out))
    click.echo(document(whole))
    if interrupted:
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    try:
        main()
    except RagError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(error.exit_code)
