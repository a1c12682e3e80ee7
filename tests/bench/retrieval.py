"""How fast a large index answers: the real ledger, build and snapshot over made-up text.

    python -m tests.bench.retrieval [--chunks 100000]

Documents of ten chunks of about 120 words (a vocabulary of 50,000 with Zipf's frequencies,
and one identifier each), random unit vectors of dimension 384, all from one seed. Prints
seconds of each offline step, then, from a fresh process that only opens and searches, the
time to open, p50 and p95 in milliseconds, and the peak of its memory.
"""

import argparse
import hashlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from rag.index.build import make_build, publish
from rag.index.layout import IndexFolder
from rag.index.ledger import Ledger
from rag.index.pruning import prune
from rag.index.snapshot import FolderSnapshot, open_snapshot
from rag.protocols import Floats
from rag.reports import FileReport, FileStatus
from rag.types import Chunk, ChunkId, Document, DocumentId, Filter, Span, chunk_id, revision_of

DIM = 384
CHUNKS_PER_DOCUMENT = 10
WORDS = 120
EMBEDDER = "random unit vectors"


def vocabulary(rng: np.random.Generator, size: int = 50_000) -> list[str]:
    """Return made-up words of two to five syllables."""
    syllables = [a + b for a in "bcdfghklmnprstvz" for b in "aeiou"]
    return ["".join(rng.choice(syllables, int(length))) for length in rng.integers(2, 6, size=size)]


def documents(n: int) -> Iterator[tuple[Document, list[Chunk]]]:
    """Yield `n` documents, each with its chunks."""
    rng = np.random.default_rng(11)
    words = np.array(vocabulary(rng))
    share = 1 / np.arange(1, len(words) + 1)
    share /= share.sum()
    for number in range(n):
        picked = words[rng.choice(len(words), CHUNKS_PER_DOCUMENT * WORDS, p=share)]
        parts = picked.reshape(CHUNKS_PER_DOCUMENT, WORDS)
        paragraphs = [
            f"Part {i} of ERR-{number:06}: {' '.join(part)}." for i, part in enumerate(parts)
        ]
        yield _document(number, paragraphs)


def _document(number: int, paragraphs: Sequence[str]) -> tuple[Document, list[Chunk]]:
    text = "\n".join(paragraphs)
    source = f"area{number % 7}/report-{number:06}.txt"
    metadata = {"date": f"{2015 + number % 10}-{1 + number % 12:02}-15"}
    revision = revision_of(source, text, metadata)
    document = Document(DocumentId(source), revision, text, source, source, metadata)
    chunks: list[Chunk] = []
    start = 0
    for paragraph in paragraphs:
        span = Span(start, start + len(paragraph))
        id_ = chunk_id(revision, span)
        chunks.append(Chunk(id_, document.id, revision, span, paragraph, (source,)))
        start = span.end + 1
    return document, chunks


def vectors_of(keys: Sequence[bytes]) -> Floats:
    """Return one random unit vector per key, the same for the same key, shape (n, DIM)."""
    seed = int.from_bytes(hashlib.blake2b(b"".join(keys), digest_size=8).digest(), "big")
    rows = np.random.default_rng(seed).standard_normal((len(keys), DIM), dtype=np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def fill(folder: IndexFolder, n: int) -> None:
    """Make an index of `n` chunks and print how long each step took."""
    clock = Clock()
    with Ledger.open(folder, create=True) as ledger, ledger.writing():
        for document, chunks in documents(n // CHUNKS_PER_DOCUMENT):
            report = FileReport(document.source, FileStatus.ACCEPTED)
            path = f"/made-up/{document.source}"
            ledger.put_file(path, document.revision, [(document, chunks)], report)
        clock.lap("ledger, one transaction a file")
        for batch in ledger.missing_vectors(EMBEDDER):
            keys = [key for key, _ in batch]
            ledger.put_vectors(EMBEDDER, keys, vectors_of(keys))
        clock.lap("vectors into the ledger")
        manifest = make_build(
            folder,
            ledger,
            embedder_name=EMBEDDER,
            fingerprint=EMBEDDER,
            dim=DIM,
            splitter="paragraphs",
        )
        clock.lap("build")
        publish(folder, manifest.build)
        prune(folder)
        clock.lap("publish and prune")
    size = sum(total.bytes for total in manifest.files.values()) / 1e6
    ledger_size = folder.ledger.stat().st_size / 1e6
    print(
        f"  {manifest.counts['chunks']} chunks; ledger {ledger_size:.0f} MB, "
        f"build {size:.0f} MB; peak memory {peak_mb():.0f} MB"
    )


class Clock:
    """Prints the seconds since the last lap."""

    def __init__(self) -> None:
        self._last = time.perf_counter()

    def lap(self, step: str) -> None:
        now = time.perf_counter()
        print(f"  {step}: {now - self._last:.1f} s", flush=True)
        self._last = now


def search(folder: IndexFolder, questions: int = 200) -> None:
    """Open the index, search it, and print times and peak memory of this process."""
    start = time.perf_counter()
    snapshot = open_snapshot(folder, fingerprint=EMBEDDER, dim=DIM, embedder_name=EMBEDDER)
    print(f"  open: {time.perf_counter() - start:.2f} s, {len(snapshot)} chunks")
    print(f"  memory after opening: {peak_mb():.0f} MB")
    rng = np.random.default_rng(5)
    words = np.array(vocabulary(np.random.default_rng(11)))
    asked = [
        f"ERR-{int(rng.integers(len(snapshot) // 10)):06} "
        + " ".join(words[np.minimum(rng.zipf(1.3, 12), len(words)) - 1])
        for _ in range(questions)
    ]
    vectors = vectors_of([question.encode() for question in asked])
    filters = {
        "no filter": Filter(),
        "one document": Filter(documents=("area3/report-000003.txt",)),
        "a seventh of the sources": Filter(sources=("area2/*",)),
        "half of the dates": Filter(since="2020"),
    }
    for name, filter_ in filters.items():
        print(f"  {name}")
        for step, run in _steps(snapshot, asked, vectors, filter_).items():
            print(f"    {step:28} {spread(run, questions)}")
    print(f"  peak memory: {peak_mb():.0f} MB")
    snapshot.close()


def _steps(
    snapshot: FolderSnapshot, asked: Sequence[str], vectors: Floats, filter_: Filter
) -> dict[str, Callable[[int], object]]:
    allowed = snapshot.allowed(filter_)

    def both(i: int) -> list[Chunk]:
        among = snapshot.allowed(filter_)
        hits = [*snapshot.dense(vectors[i], 50, among), *snapshot.lexical(asked[i], 50, among)]
        ids: list[ChunkId] = list(dict.fromkeys(hit.chunk_id for hit in hits))
        return snapshot.chunks(ids[:50])

    return {
        "dense, k=50": lambda i: snapshot.dense(vectors[i], 50, allowed),
        "lexical, k=50": lambda i: snapshot.lexical(asked[i], 50, allowed),
        "filter, both, read 50 chunks": both,
    }


def spread(run: Callable[[int], object], n: int) -> str:
    """Return p50 and p95 of `n` runs in milliseconds."""
    times = []
    for i in range(n):
        start = time.perf_counter()
        run(i)
        times.append(1000 * (time.perf_counter() - start))
    return f"p50 {np.percentile(times, 50):6.2f} ms   p95 {np.percentile(times, 95):6.2f} ms"


def peak_mb() -> float:
    """Return the most memory this process ever held (VmHWM), in MB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("/proc/self/status has no VmHWM; this bench needs Linux")


def main() -> None:
    """Make the index, then search it from a fresh process."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--chunks", type=int, default=100_000)
    parser.add_argument("--search", type=Path, help="only search the index in this folder")
    args = parser.parse_args()
    if args.search:
        search(IndexFolder(args.search))
        return
    with tempfile.TemporaryDirectory() as home:
        folder = IndexFolder.named(Path(home), "bench")
        print("making the index")
        fill(folder, args.chunks)
        print("searching it", flush=True)
        command = [sys.executable, "-m", "tests.bench.retrieval", "--search", str(folder.root)]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
