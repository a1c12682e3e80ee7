"""How long a person waits: `python -m tests.bench.latency [INDEX]`.

Import of the library, a cold `rag ask` as a process of its own, and warm answers in one
process; over the sample index unless another is named.
"""

import statistics
import subprocess
import sys
import time

from indexes.sample import folder
from rag.assemble import Rag
from rag.evaluate.datasets import QuestionSet

RUNS = 5


def timed(*command: str) -> float:
    """Return the median seconds of `RUNS` runs of a process."""
    seconds = []
    for _ in range(RUNS):
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def main(index: str) -> None:
    questions = [question.text for question in QuestionSet.read(folder()).questions]
    bare = timed(sys.executable, "-c", "pass")
    print(f"import rag: {timed(sys.executable, '-c', 'import rag') - bare:.3f} s")
    cold = timed(sys.executable, "-m", "rag", "ask", questions[0], "--index", index, "--json")
    print(f"rag ask, cold: {cold:.2f} s")
    with Rag.open(index) as rag:
        rag.ask(questions[0])
        totals = sorted(rag.ask(question).timings_ms["total"] for question in questions)
    p95 = totals[int(0.95 * (len(totals) - 1))]
    print(
        f"warm extractive answer over {len(rag.snapshot)} chunks: "
        f"p50 {statistics.median(totals):.0f} ms, p95 {p95:.0f} ms"
    )


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "sample")
