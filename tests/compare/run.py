"""One system on one set: started, given the corpus, ranked, asked."""

import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from rag.evaluate.datasets import Question, QuestionSet
from tests.compare.environments import HERE, PLACE, ROOT, python_of
from tests.compare.material import plain, write_corpus
from tests.compare.scoring import Run, reply_of
from tests.compare.talk import Talk, talking

LIBRARIES = ("langchain", "llamaindex", "txtai")
SYSTEMS = ("quotewell", "quotewell generative", *LIBRARIES)
RANKED = 10


def measure(
    system: str, questions: QuestionSet, chosen: Sequence[Question], environment: Mapping[str, str]
) -> Run:
    """Return what a system did with a set.

    Raises:
        LibraryMissing: If its library cannot be installed.
        SystemFailed: If its process ends, is late, or cannot read the corpus.
    """
    texts = plain(questions)
    with tempfile.TemporaryDirectory(prefix="compare-") as folder:
        place = Path(folder)
        write_corpus(texts, place / "corpus.jsonl")
        (place / "home").mkdir()
        (place / "home" / "models").symlink_to(environment["COMPARE_MODELS"])
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
