"""The server that answers and the writer that rebuilds under it, each a process of its own.

python -m tests.faults.together_parts serve INDEX
python -m tests.faults.together_parts write INDEX CORPUS PUBLISHES SECONDS
"""

import json
import sys
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from waitress import create_server

from rag.index.layout import IndexFolder
from rag.index.snapshot import open_snapshot
from rag.live import Live
from rag.pipeline import Pipeline, Policy
from rag.testing import HashingEmbedder, SubstringVerifier
from tests.faults.jobs import MARK, ingest
from web import create_app

STATIONS = 40
THREADS = 4  # as many as `web.threads` says by default


def write_generation(corpus: Path, generation: int) -> None:
    """Make every text of the corpus say that it is of this generation."""
    corpus.mkdir(parents=True, exist_ok=True)
    for station in range(STATIONS):
        lines = (
            f"The {what} of station{station}x was measured by team g{generation}g.\n"
            for what in ("height", "depth", "weight", "width", "age")
        )
        (corpus / f"station{station}.txt").write_text("".join(lines), encoding="utf-8")


def serve(index: Path) -> None:
    """Answer over HTTP from whatever build is live; tell the port first."""
    folder = IndexFolder(index)
    first = open_snapshot(folder, **MARK)
    policy = Policy(relevance_floor=0.05)
    rag = Pipeline(first, HashingEmbedder(), SubstringVerifier(), None, policy=policy)

    def reopen(current: Pipeline) -> Pipeline:
        return replace(current, snapshot=open_snapshot(folder, **MARK))

    with Live(rag, reopen, folder.live) as live:
        app = create_app(live)
        with closing(create_server(app, host="127.0.0.1", port=0, threads=THREADS)) as server:
            say(port=server.effective_port)
            server.run()


def write(index: Path, corpus: Path, publishes: int, seconds: float) -> None:
    """Publish generations 1, 2, ... spread over `seconds`; tell the build of each."""
    begin = time.monotonic()
    for generation in range(1, publishes + 1):
        due = begin + seconds * generation / (publishes + 1)
        time.sleep(max(0.0, due - time.monotonic()))
        write_generation(corpus, generation)
        report = ingest(lambda *_: None, index, corpus)
        say(generation=generation, build=report["build"])


def say(**words: object) -> None:
    """Write one line for the parent."""
    print(json.dumps(words), flush=True)


if __name__ == "__main__":
    what, index, *rest = sys.argv[1:]
    if what == "serve":
        serve(Path(index))
    else:
        write(Path(index), Path(rest[0]), int(rest[1]), float(rest[2]))
