"""Which engine should hold the words: quality, speed, memory and disk of each candidate.

    python -m tests.bench.lexical_choice <BEIR folder> [--chunks 100000] [--engine ours ...]

A BEIR folder holds corpus.jsonl, queries.jsonl and qrels/test.tsv. Quality is nDCG@10 over
its corpus. The rest is measured over `--chunks` chunks of about 120 words made of the same
corpus's sentences in random order, each engine in a process of its own.

Engines: ours (rag.index.lexical), bm25s, tantivy and fts5 (Porter stems, SQLite). All but
fts5 read the same terms, so that they differ in the engine alone. Missing ones are skipped.
"""

# ruff: noqa: PLC0415  (the engines that were not chosen may not be installed)

import argparse
import importlib.util
import json
import math
import random
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from rag.index.disk import Disk
from rag.index.lexical import Bm25Builder, Bm25Index
from rag.index.terms import terms
from rag.protocols import Ids


class Engine(Protocol):
    """A candidate: built in a folder, opened from it, searched."""

    def build(self, folder: Path, ids: Ids, texts: Sequence[str]) -> None: ...

    def open(self, folder: Path) -> None: ...

    def search(self, query: str, k: int, allowed: Ids | None = None) -> list[int]: ...


class Ours:
    """Scores computed at build time, kept in three numpy arrays."""

    def build(self, folder: Path, ids: Ids, texts: Sequence[str]) -> None:
        builder = Bm25Builder()
        for start in range(0, len(ids), 2048):
            builder.add(ids[start : start + 2048], texts[start : start + 2048])
        builder.finish().save(folder, Disk())

    def open(self, folder: Path) -> None:
        self._index = Bm25Index.open(folder)

    def search(self, query: str, k: int, allowed: Ids | None = None) -> list[int]:
        return [hit.chunk_id for hit in self._index.search(query, k, allowed)]


class Bm25s:
    """The library bm25s: the same idea, with numpy arrays on disk."""

    def build(self, folder: Path, ids: Ids, texts: Sequence[str]) -> None:
        import bm25s

        index = bm25s.BM25(k1=1.2, b=0.75, method="lucene")
        index.index([terms(text) for text in texts], show_progress=False)
        index.save(folder)
        np.save(folder / "chunk_ids.npy", ids)

    def open(self, folder: Path) -> None:
        import bm25s

        self._index = bm25s.BM25.load(folder)
        self._ids = np.load(folder / "chunk_ids.npy")

    def search(self, query: str, k: int, allowed: Ids | None = None) -> list[int]:
        tokens = self._index.get_tokens_ids(terms(query))
        if not tokens:
            return []
        scores = self._index.get_scores_from_ids(tokens)
        if allowed is not None:
            mask = np.zeros(len(self._ids), dtype=np.float32)
            mask[np.searchsorted(self._ids, allowed)] = 1
            scores *= mask
        top = np.argpartition(-scores, min(k, len(scores) - 1))[:k]
        return [int(self._ids[i]) for i in top[np.argsort(-scores[top])] if scores[i] > 0]


class Tantivy:
    """The library tantivy: segments on disk, mapped into memory."""

    def _schema(self):
        import tantivy

        schema = tantivy.SchemaBuilder()
        schema.add_unsigned_field("chunk", stored=True, indexed=True, fast=True)
        schema.add_text_field("text", tokenizer_name="blanks", index_option="freq")
        return schema.build()

    def _register(self, index) -> None:
        import tantivy

        index.register_tokenizer(
            "blanks", tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()
        )

    def build(self, folder: Path, ids: Ids, texts: Sequence[str]) -> None:
        import tantivy

        index = tantivy.Index(self._schema(), path=str(folder))
        self._register(index)
        writer = index.writer(heap_size=128_000_000, num_threads=1)
        for id_, text in zip(ids.tolist(), texts, strict=True):
            document = tantivy.Document()
            document.add_unsigned("chunk", id_)
            document.add_text("text", " ".join(terms(text)))
            writer.add_document(document)
        writer.commit()
        writer.wait_merging_threads()

    def open(self, folder: Path) -> None:
        import tantivy

        self._index = tantivy.Index.open(str(folder))
        self._register(self._index)
        self._searcher = self._index.searcher()
        self._tantivy = tantivy

    def search(self, query: str, k: int, allowed: Ids | None = None) -> list[int]:
        schema, lib = self._index.schema, self._tantivy
        should = [
            (lib.Occur.Should, lib.Query.term_query(schema, "text", term, "freq"))
            for term in terms(query)
        ]
        wanted = lib.Query.boolean_query(should)
        if allowed is not None:
            among = lib.Query.term_set_query(schema, "chunk", allowed.tolist())
            wanted = lib.Query.boolean_query(
                [
                    (lib.Occur.Must, wanted),
                    (lib.Occur.Must, lib.Query.const_score_query(among, 0.0)),
                ]
            )
        hits = self._searcher.search(wanted, k).hits
        return [self._searcher.doc(address)["chunk"][0] for _, address in hits]


class Fts5:
    """SQLite's full-text index, with its own tokenizer and stemmer."""

    def build(self, folder: Path, ids: Ids, texts: Sequence[str]) -> None:
        db = sqlite3.connect(folder / "words.sqlite")
        db.execute(
            "CREATE VIRTUAL TABLE words USING fts5(text, content='', "
            "tokenize='porter unicode61 remove_diacritics 2')"
        )
        db.executemany(
            "INSERT INTO words (rowid, text) VALUES (?, ?)", zip(ids.tolist(), texts, strict=True)
        )
        db.execute("INSERT INTO words (words) VALUES ('optimize')")
        db.commit()
        db.close()

    def open(self, folder: Path) -> None:
        self._db = sqlite3.connect(folder / "words.sqlite")

    def search(self, query: str, k: int, allowed: Ids | None = None) -> list[int]:
        match = " OR ".join(f'"{term}"' for term in terms(query))
        among, values = "", [match]
        if allowed is not None:
            among = "AND rowid IN (SELECT value FROM json_each(?))"
            values.append(json.dumps(allowed.tolist()))
        rows = self._db.execute(
            f"SELECT rowid FROM words WHERE words MATCH ? {among} ORDER BY rank LIMIT {k}", values
        )
        return [row[0] for row in rows]


ENGINES: dict[str, Callable[[], Engine]] = {
    "ours": Ours,
    "bm25s": Bm25s,
    "tantivy": Tantivy,
    "fts5": Fts5,
}


def read_beir(folder: Path) -> tuple[dict[str, str], dict[str, str], dict[str, dict[str, int]]]:
    """Return documents (title and text), queries and graded relevances, by id."""
    corpus = {
        row["_id"]: f"{row.get('title', '')} {row['text']}".strip()
        for row in map(json.loads, (folder / "corpus.jsonl").open(encoding="utf-8"))
    }
    queries = {
        row["_id"]: row["text"]
        for row in map(json.loads, (folder / "queries.jsonl").open(encoding="utf-8"))
    }
    relevant: dict[str, dict[str, int]] = {}
    for line in (folder / "qrels" / "test.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        query, document, grade = line.split("\t")
        if int(grade) > 0 and query in queries:
            relevant.setdefault(query, {})[document] = int(grade)
    return corpus, queries, relevant


def ndcg_at_10(found: Sequence[str], relevant: dict[str, int]) -> float:
    """Return nDCG@10 in [0, 1] with linear gains, as BEIR reports it."""
    gain = sum(relevant.get(d, 0) / math.log2(i + 2) for i, d in enumerate(found[:10]))
    ideal = sorted(relevant.values(), reverse=True)[:10]
    return gain / sum(g / math.log2(i + 2) for i, g in enumerate(ideal))


def quality(engine: Engine, folder: Path, beir: Path) -> float:
    """Return mean nDCG@10 of `engine` over a BEIR folder."""
    corpus, queries, relevant = read_beir(beir)
    names = list(corpus)
    engine.build(folder, np.arange(len(names), dtype=np.int64), list(corpus.values()))
    engine.open(folder)
    return float(
        np.mean(
            [
                ndcg_at_10([names[i] for i in engine.search(queries[q], 10)], wanted)
                for q, wanted in relevant.items()
            ]
        )
    )


def shuffled_chunks(corpus: Sequence[str], n: int, words: int = 120) -> Iterator[str]:
    """Yield `n` texts of about `words` words, made of the corpus's sentences."""
    sentences = [s for text in corpus for s in text.split(". ") if len(s) > 20]
    rng = random.Random(7)
    for _ in range(n):
        chosen: list[str] = []
        length = 0
        while length < words:
            sentence = rng.choice(sentences)
            chosen.append(sentence)
            length += sentence.count(" ") + 1
        yield ". ".join(chosen)


def _spread(run: Callable[[str], object], queries: Sequence[str]) -> str:
    times = []
    for query in queries:
        start = time.perf_counter()
        run(query)
        times.append(1000 * (time.perf_counter() - start))
    return f"{np.percentile(times, 50):7.2f} /{np.percentile(times, 95):7.2f} ms"


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def build_step(name: str, folder: Path, beir: Path, n: int) -> None:
    """Build `n` chunks in this process and print seconds, memory and disk."""
    texts = list(shuffled_chunks(list(read_beir(beir)[0].values()), n))
    before = _peak_mb()
    start = time.perf_counter()
    ENGINES[name]().build(folder, np.arange(n, dtype=np.int64) * 7, texts)
    seconds = time.perf_counter() - start
    disk = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6
    print(f"  build {seconds:.1f} s, +{_peak_mb() - before:.0f} MB, disk {disk:.0f} MB")


def search_step(name: str, folder: Path, beir: Path, n: int) -> None:
    """Open and search in this process and print times and memory."""
    queries = list(read_beir(beir)[1].values())[:200]
    engine = ENGINES[name]()
    before = _peak_mb()
    start = time.perf_counter()
    engine.open(folder)
    engine.search("warm", 50)
    opened = time.perf_counter() - start
    everything = _spread(lambda q: engine.search(q, 50), queries)
    print(f"  open {opened:.2f} s; p50 / p95, k=50: all {everything}")
    rng = np.random.default_rng(3)
    for size in (10, 1_000, 50_000):
        allowed = np.sort(rng.choice(n, min(size, n), replace=False)).astype(np.int64) * 7
        print(
            f"  allowed {size:6}: {_spread(lambda q, a=allowed: engine.search(q, 50, a), queries)}"
        )
    print(f"  memory to open and search: +{_peak_mb() - before:.0f} MB")


def main() -> None:
    """Measure every engine asked for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("beir", type=Path)
    parser.add_argument("--chunks", type=int, default=100_000)
    parser.add_argument("--engine", nargs="*", choices=ENGINES, default=list(ENGINES))
    parser.add_argument("--step", choices=["build", "search"])
    parser.add_argument("--folder", type=Path)
    args = parser.parse_args()
    if args.step:
        step = build_step if args.step == "build" else search_step
        step(args.engine[0], args.folder, args.beir, args.chunks)
        return
    for name in args.engine:
        if name in {"bm25s", "tantivy"} and importlib.util.find_spec(name) is None:
            print(f"{name}: not installed, skipped")
            continue
        measure(name, args.beir, args.chunks)


def measure(name: str, beir: Path, n: int) -> None:
    """Print all figures of one engine."""
    with tempfile.TemporaryDirectory() as scratch:
        small, large = Path(scratch, "small"), Path(scratch, "large")
        small.mkdir()
        large.mkdir()
        print(f"{name}: nDCG@10 {quality(ENGINES[name](), small, beir):.4f}", flush=True)
        for step in ("build", "search"):
            command = [sys.executable, "-m", "tests.bench.lexical_choice", str(beir)]
            command += ["--chunks", str(n), "--engine", name, "--step", step]
            subprocess.run([*command, "--folder", str(large)], check=True)
        shutil.rmtree(large)


if __name__ == "__main__":
    main()
