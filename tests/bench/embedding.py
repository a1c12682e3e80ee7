"""Compare our embedder with sentence-transformers' default `encode`, in one run.

    python -m tests.bench.embedding [THREADS]

Both read the same texts of about 182 tokens, in turns, after a warm-up; figures are medians of
the rounds. The texts are sentences of our own modules' documentation, shuffled, so that the
bench needs nothing but the default model.
"""

import random
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from rag.models.embedder import OpenVinoEmbedder
from rag.models.registry import Registry
from rag.settings import Settings

NAME, TEXTS, TOKENS, ROUNDS, QUESTIONS = "all-MiniLM-L6-v2", 128, 182, 5, 200
COLD = """
import sys, time
start = time.perf_counter()
from rag.models.embedder import open_embedder
from rag.settings import Settings
embedder = open_embedder(sys.argv[1], Settings.load().models)
embedder.embed_queries(["Who holds the key?"])
print(time.perf_counter() - start)
"""


def texts(embedder: OpenVinoEmbedder) -> list[str]:
    """Return texts of at most TOKENS tokens, and hardly fewer."""
    chooser = random.Random(1)
    words = [
        word
        for path in sorted(Path("rag").rglob("*.py"))
        for word in re.findall(r"[A-Za-z][a-z]+[,.]?", path.read_text(encoding="utf-8"))
    ]
    made = []
    for _ in range(TEXTS):
        start = chooser.randrange(len(words) - TOKENS)
        take = TOKENS
        while embedder.count_tokens([text := " ".join(words[start : start + take])])[0] > TOKENS:
            take -= 1
        made.append(text)
    return made


def rate(encode, chosen: list[str]) -> tuple[float, np.ndarray]:
    """Return texts a second and the vectors."""
    start = time.perf_counter()
    vectors = encode(chosen)
    return len(chosen) / (time.perf_counter() - start), vectors


def latency_ms(embedder: OpenVinoEmbedder) -> list[float]:
    spent = []
    for number in range(QUESTIONS):
        start = time.perf_counter()
        embedder.embed_queries([f"When does lease number {number} end, and who may renew it?"])
        spent.append(1000 * (time.perf_counter() - start))
    return sorted(spent)


def cold_start() -> float:
    """Return seconds from a fresh interpreter's first line to its first vector."""
    done = subprocess.run(
        [sys.executable, "-c", COLD, NAME], capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def main(threads: int) -> None:
    folder = Registry.load(Settings.load().models).verify(NAME)
    ours = OpenVinoEmbedder(folder, threads=threads)
    asked = latency_ms(ours)
    chosen = texts(ours)

    import torch  # noqa: PLC0415  (after the latency of a process without it)
    from sentence_transformers import SentenceTransformer  # noqa: PLC0415

    if threads:
        torch.set_num_threads(threads)
    default = SentenceTransformer(str(folder), device="cpu")
    encoders = {"ours": ours.embed_texts, "default": default.encode}
    rates: dict[str, list[float]] = {name: [] for name in encoders}
    vectors: dict[str, np.ndarray] = {}
    for encode in encoders.values():
        encode(chosen[:16])
    for _ in range(ROUNDS):
        for name, encode in encoders.items():
            speed, vectors[name] = rate(encode, chosen)
            rates[name].append(speed)

    cosines = np.sum(vectors["ours"] * vectors["default"], axis=1)
    mean_tokens = np.mean(ours.count_tokens(chosen))
    print(f"{TEXTS} texts of {mean_tokens:.0f} tokens, medians of {ROUNDS} alternating rounds")
    for name, seen in rates.items():
        print(
            f"{name:8} {statistics.median(seen):6.1f} texts/s  (from {min(seen):.1f}"
            f" to {max(seen):.1f})"
        )
    ratios = [a / b for a, b in zip(rates["ours"], rates["default"], strict=True)]
    print(f"ratio    {statistics.median(ratios):6.2f}  (target: at least 3)")
    print(f"cosine   min {cosines.min():.5f}, mean {cosines.mean():.5f}  (target: at least 0.995)")
    print(
        f"question p50 {statistics.median(asked):.1f} ms, p95 {asked[int(0.95 * QUESTIONS)]:.1f} ms"
    )
    cold = statistics.median(cold_start() for _ in range(3))
    print(f"cold     {cold:.2f} s from import to the first vector")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
