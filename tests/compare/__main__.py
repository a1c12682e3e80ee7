"""Quotewell beside what users would build instead, on the same questions, weights and machine.

    python -m tests.compare SET ... [--limit 60] [--out FILE]

Each SET is a question set with a `corpus.jsonl`. Every library is installed once into its own
environment below `.compare/` (gigabytes). All systems share one embedder and one generator:
the weights that `rag models fetch` keeps, the generator served from this process to all.
"""

import argparse
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import xllamacpp

from rag.assemble import make_embedder
from rag.evaluate.datasets import Question, QuestionSet, sampled
from rag.evaluate.judge import Judge, StrictJudge
from rag.evaluate.record import Quote, Said
from rag.models.registry import Registry
from rag.settings import Settings
from tests.compare.scoring import Reply, Run, said_by, scores
from tests.compare.table import markdown

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PLACE = ROOT / ".compare"
LIBRARIES = ("langchain", "llamaindex", "txtai")
SYSTEMS = ("quotewell", "quotewell generative", *LIBRARIES)
K = 10


def install(library: str) -> Path:
    """Return the Python of a library's environment, made when it is missing.

    Raises:
        CalledProcessError: If pip fails.
    """
    folder, wanted = PLACE / library, HERE / f"{library}.txt"
    python, ready = folder / "bin" / "python", folder / "ready.txt"
    if not ready.exists() or ready.read_text("utf-8") != wanted.read_text("utf-8"):
        print(f"installing {library} into {folder} ...", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        pip = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        limits = ["-c", str(ROOT / "constraints.txt"), "-r", str(wanted)]
        subprocess.run([*pip, *limits], check=True)
        ready.write_text(wanted.read_text("utf-8"), "utf-8")
    return python


@contextmanager
def generator(settings: Settings, environment: dict[str, str]) -> Iterator[None]:
    """Serve the default generator on a loopback port and say where in `environment`."""
    params = xllamacpp.CommonParams()
    params.model.path = str(Registry.load(settings.models).verify(settings.generator.model))
    params.n_ctx, params.n_parallel, params.verbosity = 4096, 1, -1
    params.fit_params, params.ui = False, False
    key = secrets.token_urlsafe(16)
    params.api_keys = [key]
    server = xllamacpp.Server(params)
    environment |= {"COMPARE_LLM": server.listening_address, "COMPARE_KEY": key}
    yield
    del server


@contextmanager
def started(system: str, environment: Mapping[str, str]) -> Iterator[subprocess.Popen[str]]:
    """Start the process of a system and end it, whatever happens."""
    if system in LIBRARIES:
        words = [str(install(system)), str(HERE / f"with_{system}.py")]
    else:
        words = [sys.executable, "-m", "tests.compare.with_quotewell"]
    log = (PLACE / f"{system.replace(' ', '-')}.log").open("w", encoding="utf-8")
    process = subprocess.Popen(
        words, env=environment, cwd=ROOT, text=True, stderr=log,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        log.close()


def told(process: subprocess.Popen[str], **request: object) -> dict[str, object]:
    """Send one request and return its reply; a process that died is an error like another."""
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(json.dumps(request) + "\n")
        process.stdin.flush()
        line = process.stdout.readline()
    except BrokenPipeError:
        line = ""
    return json.loads(line) if line else {"error": "the process ended", "ms": 0.0, "peak_mb": 0.0}


def measure(
    system: str, questions: QuestionSet, chosen: list[Question], environment: Mapping[str, str]
) -> Run | str:
    """Return what a system did with a set, or why it could not even read it."""
    with tempfile.TemporaryDirectory() as place:
        corpus = Path(place) / "corpus.jsonl"
        rows = (json.dumps(row, ensure_ascii=False) for row in questions.readable())
        corpus.write_text("\n".join(rows) + "\n", encoding="utf-8")
        home = Path(place) / "home"
        home.mkdir()
        (home / "models").symlink_to(Settings.load().models)
        mode = "generative" if system.endswith("generative") else "extractive"
        own = {"COMPARE_CORPUS": str(corpus), "COMPARE_MODE": mode, "RAG_HOME": str(home)}
        with started(system, {**environment, **own}) as process:
            done = told(process, do="ingest", documents=str(corpus))
            if "error" in done:
                return str(done["error"])
            run = Run(float(done["ms"]) / 1000, int(done["chunks"]), 0.0)  # type: ignore[arg-type]
            for number, question in enumerate(chosen):
                print(f"\r{system}: {number}/{len(chosen)} ", end="", file=sys.stderr, flush=True)
                run.replies.append(asked(process, question, run))
            print(file=sys.stderr)
    return run


def asked(process: subprocess.Popen[str], question: Question, run: Run) -> Reply:
    """Return the reply of a system to one question."""
    common = {"question": question.text, "scope": list(question.scope)}
    found = told(process, do="search", k=K, **common)
    reply = Reply(question, list(dict.fromkeys(found.get("ids", [])))[:K], float(found["ms"]))  # type: ignore[arg-type, call-overload]
    answer = told(process, do="ask", **common)
    run.peak_mb = max(run.peak_mb, float(answer["peak_mb"]))  # type: ignore[arg-type]
    reply.ask_ms = float(answer["ms"])  # type: ignore[arg-type]
    reply.error = str(answer.get("error") or found.get("error") or "")
    if not reply.error:
        reply.text = str(answer["text"])
        reply.said = _said(reply.text, answer["sources"])
    return reply


def _said(text: str, sources: list[list]) -> list[Said]:
    if sources and isinstance(sources[0][1], list):  # sentences, each with its own quotes
        return [
            Said(sentence, tuple(Quote(quote, title, exact) for title, quote, exact in quotes))
            for sentence, quotes in sources
        ]
    return said_by(text, sources)


def warm(environment: Mapping[str, str]) -> None:
    """Check that every library's environment is there before anything is timed."""
    for library in LIBRARIES:
        try:
            install(library)
        except subprocess.CalledProcessError as error:
            print(f"{library} cannot be installed: {error}", file=sys.stderr)


def compare(
    paths: list[Path], limit: int, judge: Judge, environment: dict[str, str]
) -> dict[str, dict[str, dict[str, float | None] | str]]:
    """Return set to system to figures, or to what kept the system from giving any."""
    table: dict[str, dict[str, dict[str, float | None] | str]] = {}
    for path in paths:
        questions = QuestionSet.read(path)
        chosen = sampled(questions.questions, split="report", limit=limit, seed=0)
        for system in SYSTEMS:
            try:
                run = measure(system, questions, chosen, environment)
            except (subprocess.CalledProcessError, OSError) as error:
                run = str(error)
            figures = run if isinstance(run, str) else scores(run, questions.qrels, judge)
            table.setdefault(questions.name, {})[system] = figures
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", nargs="+", type=Path)
    parser.add_argument("--limit", type=int, default=60)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    settings = Settings.load()
    embedder = make_embedder(settings)
    offline = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "ANONYMIZED_TELEMETRY": "0"}
    folder = Registry.load(settings.models).verify(settings.embedder.model)
    environment = {**os.environ, **offline, "COMPARE_EMBEDDER": str(folder)}
    PLACE.mkdir(exist_ok=True)
    warm(environment)
    began = time.strftime("%Y-%m-%d")
    with generator(settings, environment):
        table = compare(given.sets, given.limit, StrictJudge(embedder), environment)
    if given.out:
        given.out.write_text(json.dumps({"date": began, "sets": table}, indent=1) + "\n", "utf-8")
    print(markdown(table))


if __name__ == "__main__":
    main()
