"""Quotewell beside what users would build instead: same questions, weights and machine.

    python -m tests.compare [--data FOLDER] [SET ...] [--limit 60] [--out FILE]

Sets are question sets, those of `--data` that are known here, and the project's own sample
corpus. Every library is installed once into its own environment below `.compare/` (2 GB each).
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from rag.assemble import make_embedder
from rag.errors import RagError
from rag.evaluate.datasets import Question, QuestionSet, half, read_claims, sampled
from rag.evaluate.judge import Judge, StrictJudge, agreement
from rag.measure.parts import machine
from rag.models.registry import Registry
from rag.settings import Settings
from tests.compare.environments import HERE, PLACE, ROOT, LibraryMissing, python_of
from tests.compare.material import plain, sample, write_corpus
from tests.compare.scoring import Run, figures, reply_of
from tests.compare.table import document, markdown
from tests.compare.talk import Talk, talking

LIBRARIES = ("langchain", "llamaindex", "txtai")
SYSTEMS = ("quotewell", "quotewell generative", *LIBRARIES)
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
    "TOKENIZERS_PARALLELISM": "false",
}
RANKED = 10
INTERRUPTED = 130


def measure(
    system: str, questions: QuestionSet, chosen: Sequence[Question], environment: Mapping[str, str]
) -> Run:
    """Return what a system did with a set.

    Raises:
        RagError: If its library cannot be installed, or its process fails.
    """
    texts = plain(questions)
    with tempfile.TemporaryDirectory(prefix="compare-") as folder:
        place = Path(folder)
        write_corpus(texts, place / "corpus.jsonl")
        (place / "home").mkdir()
        (place / "home" / "models").symlink_to(Settings.load().models.absolute())
        own = {
            **environment,
            "COMPARE_CORPUS": str(place / "corpus.jsonl"),
            "COMPARE_HOME": str(place / "home"),
            "COMPARE_MODE": "generative" if system.endswith("generative") else "extractive",
        }
        log = PLACE / f"{system.replace(' ', '-')}.log"
        with talking(_command(system), environment=own, cwd=ROOT, log=log) as talk:
            run = _ingested(talk, place, len(texts))
            _ask_all(talk, system, run, chosen, texts)
    return run


def _command(system: str) -> list[str]:
    if system in LIBRARIES:
        return [str(python_of(system)), str(HERE / f"with_{system}.py")]
    return [sys.executable, "-m", "tests.compare.with_quotewell"]


def _ingested(talk: Talk, place: Path, documents: int) -> Run:
    run = Run(documents=documents)
    started = time.perf_counter()
    run.versions = talk.must(do="start")["versions"]  # type: ignore[assignment]
    run.start_s = time.perf_counter() - started
    index = place / "index"
    done = talk.must(do="ingest", corpus=str(place / "corpus.jsonl"), folder=str(index))
    run.ingest_s, run.chunks = float(str(done["ms"])) / 1000, int(str(done["chunks"]))
    run.index_mb = sum(f.stat().st_size for f in index.resolve().rglob("*") if f.is_file()) / 1e6
    return run


def _ask_all(
    talk: Talk,
    system: str,
    run: Run,
    chosen: Sequence[Question],
    texts: Mapping[str, tuple[str, str]],
) -> None:
    talk.say(do="ask", question="What is this about?", scope=[])  # loads what loads at first use
    for number, question in enumerate(chosen, 1):
        print(f"\r{system}: {number}/{len(chosen)} ", end="", file=sys.stderr, flush=True)
        found = talk.must(do="search", question=question.text, k=RANKED)
        run.search_ms.append(float(str(found["ms"])))
        run.ranked[question.id] = list(dict.fromkeys(found["ids"]))[:RANKED]  # type: ignore[call-overload]
        answer = talk.say(do="ask", question=question.text, scope=list(question.scope))
        run.replies.append(reply_of(question, answer, texts))
        run.peak_mb = float(str(answer["peak_mb"]))
    print(file=sys.stderr)


def compared(
    questions: QuestionSet,
    chosen: Sequence[Question],
    systems: Sequence[str],
    environment: Mapping[str, str],
    judge: Judge,
) -> dict[str, object]:
    """Return system to figures, versions and replies, or to what kept it from giving any."""
    table: dict[str, object] = {}
    for system in systems:
        try:
            run = measure(system, questions, chosen, environment)
        except RagError as error:
            print(f"\n{system} failed: {error}", file=sys.stderr)
            table[system] = str(error)
            continue
        found = figures(run, questions.qrels, judge)
        table[system] = {
            "versions": dict(run.versions),
            "figures": {key: figure.to_dict() for key, figure in found.items()},
            "replies": [
                {"id": r.question.id, "text": r.text, "answered": r.answered, "error": r.error}
                for r in run.replies
            ],
        }
    return table


def make_ready(systems: Sequence[str]) -> None:
    """Install every library before anything is timed; what cannot be is told again in its row."""
    PLACE.mkdir(exist_ok=True)
    for library in set(systems) & set(LIBRARIES):
        try:
            python_of(library)
        except LibraryMissing as error:
            print(error, file=sys.stderr)


def environment_of(settings: Settings, threads: int) -> dict[str, str]:
    """Return the environment of every system: offline, silent, and where the weights are."""
    registry = Registry.load(settings.models)
    return {
        **os.environ,
        **OFFLINE,
        "PYTHONPATH": str(ROOT),
        "COMPARE_EMBEDDER": str(registry.verify(settings.embedder.model)),
        "COMPARE_GENERATOR": str(registry.verify(settings.generator.model)),
        "COMPARE_THREADS": str(threads),
    }


@click.command()
@click.argument("folders", nargs=-1, metavar="[SET]...", type=click.Path(path_type=Path))
@click.option(
    "--data",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder with the sets and the claim sets known here; the rest is skipped.",
)
@click.option(
    "--limit",
    type=click.IntRange(1),
    default=60,
    show_default=True,
    help="Most questions of a set, drawn by --seed.",
)
@click.option("--seed", type=int, default=0, show_default=True)
@click.option(
    "--split", type=click.Choice(["calibrate", "report"]), default="report", show_default=True
)
@click.option("--systems", default=",".join(SYSTEMS), show_default=True)
@click.option(
    "--threads",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Threads of the generator, for every system; 0 takes all.",
)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="JSON goes there.")
def main(  # noqa: PLR0913  (one argument an option)
    *,
    folders: tuple[Path, ...],
    data: Path | None,
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
        raise click.UsageError(f"no system {sorted(unknown)[0]!r}; there are {', '.join(SYSTEMS)}")
    settings = Settings.load()
    environment, judge = environment_of(settings, threads), StrictJudge(make_embedder(settings))
    known = [data / name for name in SETS if (data / name).exists()] if data else []
    sets = [sample(), *map(QuestionSet.read, (*known, *folders))]
    make_ready(names)
    claims = [data / name for name in CLAIMS if (data / name).exists()] if data else []
    tried = [item for path in claims for item in read_claims(path) if half(item.id) == "report"]
    began, tables, whole = time.strftime("%Y-%m-%d"), [], {}
    trust = agreement(judge, tried).to_dict()
    try:
        for questions in sets:
            chosen = sampled(questions.questions, split=split, limit=limit, seed=seed)
            table = compared(questions, chosen, names, environment, judge)
            whole[questions.name] = table
            bare = {s: c if isinstance(c, str) else c["figures"] for s, c in table.items()}
            tables.append(markdown(f"{questions.name}, {len(chosen)} questions", bare))
            if out is not None:
                about = {"date": began, "machine": machine(), "limit": limit, "seed": seed}
                result = {
                    **about,
                    "split": split,
                    "threads": threads,
                    "judge": trust,
                    "sets": whole,
                }
                out.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", "utf-8")
    except KeyboardInterrupt:
        print("\ninterrupted: what is done follows", file=sys.stderr)
        print(document([], tables, trust))
        sys.exit(INTERRUPTED)
    print(document([f"{began}, {machine()['cpu']}, {machine()['cores']} cores"], tables, trust))


if __name__ == "__main__":
    try:
        main()
    except RagError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(error.exit_code)
