"""What a rebuild costs when little changed, and what memory a large index takes.

    python -m tests.faults.scale FOLDER [--documents N] [--stand-in]

Each rebuild is a process of its own, so that its peak memory is its own. Figures are ratios of
one run: a busy machine slows both sides. With weights in RAG_HOME the real embedder is used.
"""

import argparse
import hashlib
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from indexes.making.rebuild import Parts, rebuild
from indexes.recipe import read_recipe
from rag.assemble import make_ingester
from rag.corpus.load import FileLoader
from rag.errors import WeightsMissing
from rag.index.layout import IndexFolder
from rag.index.snapshot import open_snapshot
from rag.ingest import Ingester
from rag.pipeline import Pipeline
from rag.protocols import Embedder
from rag.settings import Settings
from rag.testing import SubstringVerifier
from tests.faults.forge import REPOSITORY
from tests.faults.oracle import Tally
from tests.index.material import Lines

_WORDS = (
    "harbour ferry timber charter lantern orchard granite weaver copper tunnel meadow signal "
    "archive barrel canvas district engine furnace gallery hollow island journal kitchen ledger"
).split()
_LINES = 4  # a document of about 250 tokens: one chunk, or two


class SeededEmbedder:
    """One pseudo-random direction per text, as long as a small model's; costs almost nothing."""

    name = "seeded"
    fingerprint = "seeded-384"
    dim = 384
    max_tokens = 256

    def count_tokens(self, texts):
        """Return the number of words, plus two as a tokenizer would add."""
        return [len(text.split()) + 2 for text in texts]

    def embed_queries(self, queries):
        """Return unit rows, shape (n, 384)."""
        return self.embed_texts(queries)

    def embed_texts(self, texts):
        """Return unit rows, shape (n, 384)."""
        digests = [hashlib.blake2b(text.encode(), digest_size=8).digest() for text in texts]
        seeds = [int.from_bytes(digest, "big") for digest in digests]
        rows = np.array([np.random.default_rng(s).standard_normal(self.dim) for s in seeds])
        rows = rows.reshape(-1, self.dim).astype(np.float32)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def write_document(corpus: Path, number: int, edition: int, lines: int) -> None:
    """Write one document of `lines` lines of about 60 tokens; another edition says otherwise."""
    folder = corpus / f"{number // 500:03d}"
    folder.mkdir(parents=True, exist_ok=True)
    draw = np.random.default_rng([number, edition])
    body = "".join(
        f"Record {number}-{edition}-{line}: {' '.join(draw.choice(_WORDS, 40))}.\n"
        for line in range(lines)
    )
    (folder / f"{number:06d}.txt").write_text(body, encoding="utf-8")


def run(home: Path, *, stand_in: bool) -> dict[str, float]:
    """Rebuild in a process of its own; return its figures."""
    command = [sys.executable, "-m", "tests.faults.scale", str(home), "--rebuild"]
    env = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    begin = time.monotonic()
    done = subprocess.run(
        [*command, *(["--stand-in"] if stand_in else [])],
        cwd=REPOSITORY,
        env=env,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    figures = json.loads(done.stdout.splitlines()[-1])
    return figures | {"process_seconds": time.monotonic() - begin}


def rebuild_here(home: Path, *, stand_in: bool) -> dict[str, float]:
    """Rebuild in this process and measure it."""
    heard: list[float] = []
    stages: dict[str, float] = {}

    def progress(stage: str, done: int, total: int, note: str) -> None:
        now = time.monotonic()
        stages[stage] = stages.get(stage, 0.0) + now - (heard[-1] if heard else begin)
        heard.append(now)

    recipe = read_recipe(home / "corpus.toml")
    settings = Settings(home=Path(os.environ.get("RAG_HOME", home)))
    begin = time.monotonic()
    parts = _stand_in(home) if stand_in else _real(home)
    report = rebuild(recipe, settings, progress=progress, parts=parts)
    end = time.monotonic()
    gaps = np.diff([begin, *heard, end])
    return {
        "seconds": end - begin,
        "embedded": report.embedded,
        "chunks": report.chunks,
        "outcome": report.outcome,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "told": len(heard),
        "longest_silence": float(gaps.max()),
        "stages": {stage: round(seconds, 2) for stage, seconds in stages.items()},
        "after": end - heard[-1] if heard else 0.0,
    }


def _stand_in(home: Path) -> Parts:
    """Return a rebuild's parts that cost almost nothing."""

    def ingester(settings: Settings) -> Ingester:
        return Ingester(_index(home), FileLoader(workers=2), Lines(), SeededEmbedder())

    return Parts(ingester, lambda settings, build, like: _opened(home, SeededEmbedder(), build))


def _real(home: Path) -> Parts:
    """Return the library's own parts, over an index in `home` instead of RAG_HOME."""

    def ingester(settings: Settings) -> Ingester:
        parts = make_ingester(settings)
        return Ingester(
            _index(home), parts.loader, parts.splitter, parts.embedder, model=parts.model
        )

    def opened(settings: Settings, build: str | None, like: Pipeline | None) -> Pipeline:
        return _opened(home, make_ingester(settings).embedder, build)

    return Parts(ingester, opened)


def _index(home: Path) -> IndexFolder:
    return IndexFolder(home / "index")


def _opened(home: Path, embedder: Embedder, build: str | None) -> Pipeline:
    snapshot = open_snapshot(
        _index(home),
        fingerprint=embedder.fingerprint,
        dim=embedder.dim,
        embedder_name=embedder.name,
        build=build,
    )
    return Pipeline(snapshot, embedder, SubstringVerifier())


def prepare(home: Path, documents: int, lines: int) -> None:
    """Write the corpus and its recipe."""
    corpus = home / "corpus"
    for number in range(documents):
        write_document(corpus, number, 0, lines)
    (home / "corpus.toml").write_text(
        f'[[source]]\nkind = "folder"\nname = "corpus"\npaths = ["{corpus}"]\n', encoding="utf-8"
    )


def little_changed(home: Path, documents: int, *, stand_in: bool) -> Mapping[str, float]:
    """Build from nothing, change 1 % and rebuild, then rebuild with nothing changed."""
    prepare(home, documents, _LINES)
    nothing = run(home, stand_in=stand_in)
    changed = range(0, documents, 100)
    for number in changed:
        write_document(home / "corpus", number, 1, _LINES)
    some = run(home, stand_in=stand_in)
    time.sleep(2.5)  # a file is trusted by its looks once it has been at rest for two seconds
    run(home, stand_in=stand_in)
    none = run(home, stand_in=stand_in)
    return {
        "documents": documents,
        "changed": len(changed),
        "embedded": some["embedded"],
        "stages": some["stages"],
        "from_nothing": nothing["seconds"],
        "little": some["seconds"],
        "ratio": nothing["seconds"] / some["seconds"],
        "unchanged": none["seconds"],
        "unchanged_embedded": none["embedded"],
        "outcome": none["outcome"],
    }


def memory(home: Path, chunks: int) -> Mapping[str, float]:
    """Build an index of `chunks` chunks from nothing with stand-ins."""
    lines = 50
    prepare(home, chunks // lines, lines)
    return run(home, stand_in=True)


def has_weights() -> bool:
    """Return whether the real embedder can be opened here."""
    try:
        make_ingester(Settings.load())
    except WeightsMissing:
        return False
    return True


def measured(folder: Path, share: float) -> tuple[Tally, str]:
    """Measure all of it; return what was wrong and the figures in words."""
    real = has_weights()
    some = little_changed(folder / "little", round(20_000 * share), stand_in=not real)
    sizes = [round(size * share) for size in (10_000, 50_000, 100_000)]
    peaks = {size: memory(folder / f"memory-{size}", size) for size in sizes}
    largest = peaks[sizes[-1]]
    wrong: list[str] = []
    if not some["changed"] <= some["embedded"] <= _LINES * some["changed"]:
        wrong.append(f"{some['embedded']} texts embedded for {some['changed']} documents changed")
    if some["ratio"] < 30:
        wrong.append(f"1 % changed was only {some['ratio']:.1f} times faster")
    if some["unchanged"] > 2 or some["unchanged_embedded"]:
        wrong.append(f"nothing changed took {some['unchanged']:.2f} s")
    if largest["longest_silence"] > 10:
        wrong.append(f"nothing was told for {largest['longest_silence']:.0f} s")
    mb = ", ".join(f"{size:,}: {peak['peak_mb']:.0f}" for size, peak in peaks.items())
    seen = (
        f"{some['documents']:,} documents, {'the real embedder' if real else 'stand-ins'}: from "
        f"nothing {some['from_nothing']:.0f} s, 1 % changed {some['little']:.1f} s "
        f"({some['ratio']:.0f} times faster), nothing changed {some['unchanged']:.2f} s; peak MB "
        f"by chunks: {mb}; {largest['chunks']:,} chunks in {largest['seconds']:.0f} s with "
        f"{largest['told']:,} reports of progress, {largest['longest_silence']:.1f} s at most "
        "between two"
    )
    tally = Tally(runs=3 + len(peaks), acked=int(largest["chunks"]), wrong=wrong)
    return tally, seen


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m tests.faults.scale")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--documents", type=int, default=20_000)
    parser.add_argument("--stand-in", action="store_true")
    parser.add_argument("--rebuild", action="store_true", help="one rebuild, in this process")
    given = parser.parse_args()
    if given.rebuild:
        print(json.dumps(rebuild_here(given.folder, stand_in=given.stand_in)))
    else:
        print(little_changed(given.folder, given.documents, stand_in=given.stand_in))
