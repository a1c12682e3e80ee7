"""The command `rag calibrate`: parse, ask the index, find the gate, write it down, print."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rag.errors import ModelError, QuestionError, SettingsError
from rag.settings import Settings
from rag.types import Mode

if TYPE_CHECKING:  # `rag --help` loads this module and must stay quick
    from rag.assemble import Rag
    from rag.calibrate.outcomes import Asked
    from rag.calibrate.run import Calibrated, Questions, Terms
    from rag.index.layout import IndexFolder
    from rag.ingest import Progress
    from rag.protocols import Generator

_CHANCE = click.FloatRange(0, 1, min_open=True, max_open=True)


@click.command("calibrate")
@click.option("--index", "-i", help="Name of the index.")
@click.option(
    "--questions",
    "path",
    type=click.Path(path_type=Path),
    help="A question set or queries.jsonl with the answers; without, questions are made.",
)
@click.option("--split", type=click.Choice(["calibrate", "report"]), help="Only this half of them.")
@click.option("--risk", type=_CHANCE, default=0.1, show_default=True, help="Largest share wrong.")
@click.option("--delta", type=_CHANCE, default=0.05, show_default=True, help="Chance of failure.")
@click.option(
    "--bound",
    type=click.Choice(["batch", "risk"]),
    default="batch",
    show_default=True,
    help="Promise the next batch of answers, or the true risk.",
)
@click.option("--mode", type=click.Choice([m.value for m in Mode]), help="Default: answer.mode.")
@click.option("--count", type=click.IntRange(40), default=400, show_default=True, help="To make.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of what is made or drawn.")
@click.option("--remove", is_flag=True, help="Forget the calibration of this index.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--config", type=click.Path(path_type=Path), help="Settings file (TOML).")
def command(  # noqa: PLR0913  (one argument an option)
    *,
    index: str | None,
    path: Path | None,
    split: str | None,
    risk: float,
    delta: float,
    bound: str,
    mode: str | None,
    count: int,
    seed: int,
    remove: bool,
    as_json: bool,
    config: Path | None,
) -> None:
    """Find out how often the answers of an index are right, and gate them by a promise."""
    from rag.calibrate.bounds import Bound
    from rag.calibrate.run import Terms
    from rag.index.layout import IndexFolder
    from rag.terminal import bar

    settings = Settings.load(config, overrides={"index": index})
    folder = IndexFolder.named(settings.indexes, settings.index)
    if remove:
        _remove(folder, as_json=as_json)
        return
    chosen = Mode(mode or settings.answer.mode)
    terms = Terms(risk, delta, Bound(bound))
    with opened(settings) as rag, bar(quiet=as_json) as progress:
        asked, questions = _questions(rag, folder, path, split=split, count=count, seed=seed)
        found = measured(rag, folder, asked, questions, (chosen, terms), progress)
    if as_json:
        click.echo(json.dumps(_told(found), ensure_ascii=False, indent=2))
        return
    from rag.calibrate.summary import lines

    for line in lines(found):
        click.echo(line)
    if questions.source == "made" and len(asked) < count:
        click.echo(
            f"{count} questions were wanted, and these documents yielded {len(asked)}: a promise "
            "of a smaller risk takes more, which people have to write."
        )
    click.echo(f"Questions: {questions.path}. Kept in {folder.calibration}.")


def opened(settings: Settings) -> "Rag":
    """Return the index without any calibration it may have, even a damaged one."""
    from rag.assemble import Rag

    bare = replace(settings, answer=replace(settings.answer, calibrated=False))
    return Rag.open(settings=bare)


def measured(
    rag: "Rag",
    folder: "IndexFolder",
    asked: Sequence["Asked"],
    questions: "Questions",
    terms: tuple[Mode, "Terms"],
    progress: "Progress",
) -> "Calibrated":
    """Ask, calibrate, and keep what was found beside the index."""
    from rag.answer.evidence.confidence import Curve
    from rag.calibrate.chances import LEAST
    from rag.calibrate.file import read, write
    from rag.calibrate.outcomes import ask_all
    from rag.calibrate.run import calibrate
    from rag.errors import IndexDamaged
    from rag.index.lock import turn

    mode, wanted = terms
    found = calibrate(ask_all(rag, asked, mode, progress), rag, mode, wanted, questions)
    if found.entry.calibration.curve is Curve.RAW:
        shown, wrong = len(found.answers.scores), int(found.answers.wrong.sum())
        raise QuestionError(
            f"{shown} of {len(asked)} questions got an answer, {shown - wrong} right and {wrong} "
            f"wrong; a chance takes {LEAST} answers, of both sorts: bring more questions about "
            "these documents, some of them unanswerable. Nothing was changed"
        )
    with turn(folder.calibration_lock):
        try:
            kept = read(folder.calibration)
        except IndexDamaged:  # what cannot be read is what this replaces
            kept = {}
        write(folder.calibration, {**kept, mode: found.entry})
    return found


def _questions(
    rag: "Rag",
    folder: "IndexFolder",
    path: Path | None,
    *,
    split: str | None,
    count: int,
    seed: int,
) -> tuple[Sequence["Asked"], "Questions"]:
    from rag.calibrate.questions.given import given
    from rag.calibrate.run import Questions
    from rag.evaluate.asking import check_covers
    from rag.evaluate.datasets import QuestionSet

    documents = _document_ids(folder)
    if path is not None:
        if (path / "queries.jsonl").exists():
            check_covers(rag, QuestionSet.read(path), folder.name)
        asked, sha256 = given(path, documents, split=split)
        if not asked:
            raise QuestionError(f"the {split} half of {path} is empty; leave --split out")
        return asked, Questions("given", sha256, str(path))
    if split is not None:
        raise SettingsError("--split halves the questions of --questions; name those, or drop it")
    from rag.calibrate.questions.make import make

    made = make(rag, documents, count=count, seed=seed, generator=_writer(rag))
    asked, sha256 = made.write(folder.made_questions, documents)
    return asked, Questions("made", sha256, str(folder.made_questions))


def _writer(rag: "Rag") -> "Generator | None":
    """Return the generator if it can write here; questions are made by rules without it."""
    try:
        if rag.generator is not None:
            rag.generator.count_tokens("ready")  # the weights load on first use
    except ModelError:
        return None
    return rag.generator


def _document_ids(folder: "IndexFolder") -> list[str]:
    from rag.index.ledger import Ledger

    with Ledger.open(folder) as ledger:
        return [row.document_id for row in ledger.sources() if row.document_id]


def _remove(folder: "IndexFolder", *, as_json: bool) -> None:
    from rag.index.reading import check_exists

    check_exists(folder)
    was_there = folder.calibration.exists()
    folder.calibration.unlink(missing_ok=True)
    if as_json:
        click.echo(json.dumps({"index": folder.name, "removed": was_there}))
        return
    said = "forgotten" if was_there else "not there, nothing to forget"
    click.echo(f"the calibration of {folder.name}: {said}")


def _told(found: "Calibrated") -> dict[str, object]:
    entry = found.entry
    numbers = entry.calibration
    return {
        "mode": entry.mode.value,
        "source": numbers.source,
        "build": entry.build,
        "created": entry.created,
        "fingerprint": entry.fingerprint,
        "curve_kind": numbers.curve.value,
        "numbers": list(numbers.numbers),
        **entry.report,
    }
