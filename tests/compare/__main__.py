"""Quotewell beside what users would build instead: same questions, weights and machine.

    python -m tests.compare [--data FOLDER] [SET ...] [--limit 60] [--out FILE]

Sets are the project's own sample corpus, those of `--data` that are known here, and any named.
Every library is installed once into its own environment below `.compare/` (2 GB each).
"""

import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import click

from rag.assemble import make_embedder
from rag.errors import RagError
from rag.evaluate.datasets import QuestionSet, half, read_claims, sampled
from rag.evaluate.judge import Judge, StrictJudge, agreement
from rag.measure.parts import machine
from rag.models.registry import Registry
from rag.settings import Settings
from tests.compare.environments import PLACE, ROOT, LibraryMissing, python_of
from tests.compare.material import sample
from tests.compare.run import LIBRARIES, SYSTEMS, measure
from tests.compare.scoring import Run, figures
from tests.compare.table import document, markdown

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

    about: dict[str, object]
    out: Path | None
    sets: dict[str, dict[str, object]] = field(default_factory=dict)
    asked: dict[str, int] = field(default_factory=dict)

    def add(self, questions: QuestionSet, system: str, column: object) -> None:
        """Keep the figures of a system, or what kept it from giving any."""
        self.sets.setdefault(questions.name, {})[system] = column
        if self.out is not None:
            whole = {**self.about, "questions": self.asked, "sets": self.sets}
            self.out.write_text(json.dumps(whole, ensure_ascii=False, indent=1) + "\n", "utf-8")

    def markdown(self) -> str:
        """Return every table, with the notes."""
        tables = []
        for name, systems in self.sets.items():
            bare = {s: c if isinstance(c, str) else c["figures"] for s, c in systems.items()}
            tables.append(markdown(f"{name}, {self.asked[name]} questions", bare))
        first = f"{self.about['date']}, {self.about['command']}\n{self.about['machine']}"
        return document(first, tables, self.about["judge"])


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
        "COMPARE_EMBEDDER": str(registry.verify(settings.embedder.model)),
        "COMPARE_GENERATOR": str(registry.verify(settings.generator.model)),
        "COMPARE_THREADS": str(threads),
    }


def trusted(judge: Judge, data: Path | None) -> dict[str, object]:
    """Return how far the judge agrees with people on the claim sets of `data`."""
    paths = [data / name for name in CLAIMS if (data / name).exists()] if data else []
    items = [item for path in paths for item in read_claims(path) if half(item.id) == "report"]
    return agreement(judge, items).to_dict()


@click.command()
@click.argument("folders", nargs=-1, metavar="[SET]...", type=click.Path(path_type=Path))
@click.option(
    "--data",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder with the sets and claim sets known here; what is not there is skipped.",
)
@click.option("--no-sample", is_flag=True, help="Leave the project's own corpus out.")
@click.option("--limit", type=click.IntRange(1), default=60, show_default=True)
@click.option("--seed", type=int, default=0, show_default=True, help="Of the draw of questions.")
@click.option("--split", type=click.Choice(["calibrate", "report"]), default="report")
@click.option("--systems", default=",".join(SYSTEMS), show_default=True)
@click.option("--threads", type=click.IntRange(0), default=0, help="Of every generator; 0: all.")
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
    out: Path | None,
) -> None:
    """Ask every system the same questions and print one table a set."""
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
    results = Results({**about, "judge": trusted(judge, data)}, out)
    try:
        for questions in sets:
            chosen = sampled(questions.questions, split=split, limit=limit, seed=seed)
            results.asked[questions.name] = len(chosen)
            for system in names:
                try:
                    run = measure(system, questions, chosen, environment)
                except RagError as error:
                    click.echo(f"\n{system} failed: {error}", err=True)
                    results.add(questions, system, str(error))
                else:
                    results.add(questions, system, column_of(run, questions, judge))
    except KeyboardInterrupt:
        click.echo("\ninterrupted; what is done follows", err=True)
        click.echo(results.markdown())
        sys.exit(INTERRUPTED)
    click.echo(results.markdown())


if __name__ == "__main__":
    try:
        main()
    except RagError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(error.exit_code)
