"""Ask every question of a set, in both modes, and count what came back.

    python -m tests.bench.answers [--modes extractive,generative] [--half report] SET ...

Prints per set and mode: quotes that equal their slices (must be all), share answered,
abstentions on unanswerable and answerable questions and their difference (Youden), answers
that contain a gold text, mean token F1, words per answer, median milliseconds.
"""

import argparse
import statistics
from pathlib import Path

from rag.evaluate.datasets import half
from rag.evaluate.metrics import contains, token_f1
from rag.types import Outcome
from tests.bench.sets import opened, scope_of


def measure(folder: Path, mode: str, wanted: str | None) -> dict[str, float]:
    questions, rag = opened(folder)
    asked = [q for q in questions.questions if wanted in (None, half(q.id))]
    answers = [rag.ask(q.text, mode=mode, filter_=scope_of(questions, q)) for q in asked]
    pairs = list(zip(asked, answers, strict=True))
    quotes = [c for a in answers for c in a.citations]
    whole = sum(c.span.of(rag.snapshot.document(c.document_id).text) == c.quote for c in quotes)
    silent = [a.outcome is Outcome.ABSTAINED for a in answers]
    yes = [s for (q, _), s in zip(pairs, silent, strict=True) if q.answerable]
    no = [s for (q, _), s in zip(pairs, silent, strict=True) if not q.answerable]
    spoken = [(q, _words(a)) for q, a in pairs if a.outcome is not Outcome.ABSTAINED]
    good = [(q, text) for q, text in spoken if q.answerable and q.answers]
    return {
        "questions": len(asked),
        "quotes": len(quotes),
        "quotes_equal_slices": whole,
        "answered": 1 - _mean(silent),
        "abstained_no": _mean(no),
        "abstained_yes": _mean(yes),
        "youden": _mean(no) - _mean(yes),
        "contains": _mean([contains(text, q.answers) for q, text in good]),
        "f1": _mean([token_f1(text, q.answers) for q, text in good]),
        "words": _mean([len(text.split()) for _, text in spoken]),
        "dropped": _mean([len(a.dropped) for a in answers]),
        "p50_ms": statistics.median(a.timings_ms["total"] for a in answers),
    }


def _words(answer):
    return " ".join(verdict.claim.text for verdict in answer.verdicts)


def _mean(values):
    return sum(values) / len(values) if values else float("nan")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("sets", nargs="+", type=Path)
    parser.add_argument("--modes", default="extractive")
    parser.add_argument("--half", choices=["calibrate", "report"])
    options = parser.parse_args()
    for folder in options.sets:
        for mode in options.modes.split(","):
            found = measure(folder, mode, options.half)
            cells = "  ".join(
                f"{k} {v:.3g}" if isinstance(v, float) else f"{k} {v}" for k, v in found.items()
            )
            print(f"{folder.name} {mode} {options.half or 'all'}: {cells}", flush=True)
            if found["quotes"] != found["quotes_equal_slices"]:
                raise SystemExit("a quote differs from its slice")


if __name__ == "__main__":
    main()
