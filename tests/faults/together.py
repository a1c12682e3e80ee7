"""Ask over HTTP while builds are published under the server: no error, no mixed answer."""

import json
import os
import random
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path

from tests.faults.forge import REPOSITORY, Forge
from tests.faults.together_parts import STATIONS, write_generation

_GENERATION = re.compile(r"\bg(\d+)g\b")
_THINK = 0.8  # seconds between two questions of a client, on average


@dataclass(frozen=True, slots=True)
class Asked:
    """One answer as a client saw it."""

    client: int
    at: float
    seconds: float
    build: str
    generations: tuple[int, ...]
    """Those that the texts of the answer speak of."""
    answered: bool
    error: str = ""


@dataclass
class Together:
    """What the clients saw, told apart by whether a writer was at work."""

    idle: list[Asked] = field(default_factory=list)
    busy: list[Asked] = field(default_factory=list)
    builds: dict[str, int] = field(default_factory=dict)
    """The generation of each build, as the writer told it."""

    @property
    def errors(self) -> list[str]:
        """Return every answer that was none."""
        return [asked.error for asked in (*self.idle, *self.busy) if asked.error]

    @property
    def mixed(self) -> list[str]:
        """Return every answer of two generations, of another build's, or of an older one."""
        wrong: list[str] = []
        latest: dict[int, int] = {}
        for asked in sorted((*self.idle, *self.busy), key=lambda asked: asked.at):
            if asked.error:
                continue
            told = set(asked.generations)
            generation = self.builds.get(asked.build)
            if told - {generation}:
                wrong.append(f"build {asked.build} ({generation}) answered from {told}")
            elif generation < latest.get(asked.client, 0):
                wrong.append(f"client {asked.client} went back to {generation}")
            else:
                latest[asked.client] = generation
        return wrong

    def ratio(self) -> float:
        """Return the p95 while builds are published over the p95 of the same run's idle time."""
        return p95(self.busy) / p95(self.idle)


def p95(answers: list[Asked]) -> float:
    """Return the 95th percentile of the seconds to an answer."""
    seconds = sorted(asked.seconds for asked in answers)
    return seconds[int(0.95 * (len(seconds) - 1))]


@dataclass(frozen=True, slots=True)
class Load:
    """How much is asked and published."""

    clients: int
    publishes: int
    idle_s: float
    busy_s: float


def ask_while_rebuilding(forge: Forge, root: Path, load: Load, seed: int) -> Together:
    """Ask while nothing is written, then while builds are published, then at rest again."""
    corpus, index = root / "corpus", root / "index"
    write_generation(corpus, 0)
    first = forge.done("ingest", index=index, corpus=corpus)
    seen = Together(builds={first["build"]: 0})
    with _server(index) as port, _Clients(port, load.clients, seed) as clients:
        clients.rest()
        seen.idle += clients.ask_for(load.idle_s / 2)
        with _writer(index, corpus, load) as lines:
            seen.busy += clients.ask_for(load.busy_s)
            for line in lines:
                told = json.loads(line)
                seen.builds[told["build"]] = told["generation"]
        seen.idle += clients.ask_for(load.idle_s / 2)
    return seen


class _Clients:
    """Threads that ask, think, and ask again, each over a connection of its own."""

    def __init__(self, port: int, number: int, seed: int) -> None:
        self._port, self._number, self._seed = port, number, seed
        self._pool = ThreadPoolExecutor(number)
        self._rounds = 0

    def __enter__(self) -> "_Clients":
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()

    def rest(self) -> None:
        """Ask a little before anything is counted, for what is loaded on first use."""
        self.ask_for(2.0)

    def ask_for(self, seconds: float) -> list[Asked]:
        """Ask for that long and return every answer."""
        self._rounds += 1
        start = threading.Barrier(self._number)
        jobs = [
            self._pool.submit(self._ask, client, start, seconds) for client in range(self._number)
        ]
        return [asked for job in jobs for asked in job.result()]

    def _ask(self, client: int, start: threading.Barrier, seconds: float) -> list[Asked]:
        draw = random.Random(f"{self._seed}/{self._rounds}/{client}")
        connection = HTTPConnection("127.0.0.1", self._port, timeout=30)
        answers: list[Asked] = []
        start.wait()
        end = time.monotonic() + seconds
        time.sleep(draw.uniform(0, _THINK))
        while time.monotonic() < end:
            answers.append(_ask(connection, client, draw))
            time.sleep(draw.expovariate(1 / _THINK))
        connection.close()
        return answers


def _ask(connection: HTTPConnection, client: int, draw: random.Random) -> Asked:
    what = draw.choice(["height", "depth", "weight", "width", "age"])
    question = f"Who measured the {what} of station{draw.randrange(STATIONS)}x?"
    begin = time.monotonic()
    try:
        body = json.dumps({"question": question})
        connection.request("POST", "/api/ask", body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        text = response.read().decode()
    except OSError as error:
        connection.close()
        return Asked(client, begin, time.monotonic() - begin, "", (), False, repr(error))
    seconds = time.monotonic() - begin
    if response.status != 200:
        return Asked(client, begin, seconds, "", (), False, f"{response.status}: {text[:300]}")
    answer = json.loads(text)
    generations = tuple(sorted({int(g) for g in _GENERATION.findall(text)}))
    answered = answer["outcome"] == "answered" and bool(generations)
    return Asked(client, begin, seconds, answer["build"], generations, answered)


@contextmanager
def _server(index: Path) -> Iterator[int]:
    process = _started("serve", index)
    try:
        yield json.loads(process.stdout.readline())["port"]
    finally:
        process.terminate()
        process.communicate(timeout=30)


@contextmanager
def _writer(index: Path, corpus: Path, load: Load) -> Iterator[Iterator[str]]:
    process = _started("write", index, corpus, load.publishes, load.busy_s)
    try:
        yield iter(process.stdout.readline, "")
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.communicate()


def _started(*words: object) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.faults.together_parts", *map(str, words)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=REPOSITORY,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY), "OMP_NUM_THREADS": "1"},
    )
