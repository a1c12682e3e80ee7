"""Questions that one look does not answer: `python -m tests.bench.several [INDEX] [--verbose]`.

Hand-written over the sample corpus (`several.jsonl`): two steps, comparisons, members, several
questions in one, parts nothing says, lists, and false and true premises. A quote counts when it
holds the gold words; evidence recall is the share of them quoted, once with one look
(`search.look_again` off) and once with as many as are needed.
"""

import json
import statistics
import sys
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path

from rag.assemble import Rag
from rag.pipeline import Pipeline
from rag.types import Answer, Outcome, Reason

SET = Path(__file__).with_suffix(".jsonl")


@dataclass(frozen=True)
class Row:
    """What became of one question."""

    kind: str
    recall: float | None
    answered: bool
    right_missing: bool
    corrected: bool
    words: int
    ms: float


def quotes_of(answer: Answer) -> str:
    shown = [citation.quote for citation in answer.citations]
    if answer.correction:
        shown.append(answer.correction.citation.quote)
    return " ".join("\n".join(shown).split())


def row_of(question: dict, answer: Answer) -> Row:
    gold, text = question["gold"], quotes_of(answer)
    return Row(
        question["kind"],
        sum(words in text for words in gold) / len(gold) if gold else None,
        answer.outcome is not Outcome.ABSTAINED,
        len(answer.missing) == question.get("missing", 0),
        answer.reason is Reason.FALSE_PREMISE,
        len(answer.text.split()),
        answer.timings_ms["total"],
    )


def measure(rag: Pipeline, questions: list[dict], *, verbose: bool) -> list[Row]:
    rows = []
    for question in questions:
        answer = rag.ask(question["text"])
        rows.append(row_of(question, answer))
        if verbose:
            print(f"{rows[-1]}\n    {question['text']}\n    {answer.text} | {answer.missing}")
    return rows


def table(rows: list[Row]) -> None:
    kinds = defaultdict(list)
    for row in rows:
        kinds[row.kind].append(row)
    print(f"{'kind':14} {'n':>3} recall answered missing corrected words   ms")
    for kind, of in kinds.items():
        recalls = [row.recall for row in of if row.recall is not None]
        print(
            f"{kind:14} {len(of):3} {statistics.mean(recalls):6.2f} "
            f"{statistics.mean(row.answered for row in of):8.2f} "
            f"{statistics.mean(row.right_missing for row in of):7.2f} "
            f"{statistics.mean(row.corrected for row in of):9.2f} "
            f"{statistics.mean(row.words for row in of):5.0f} "
            f"{statistics.median(row.ms for row in of):4.0f}"
        )


def main(index: str, *, verbose: bool) -> None:
    questions = [json.loads(line) for line in SET.read_text(encoding="utf-8").splitlines()]
    with Rag.open(index) as rag:
        rag.ask(questions[0]["text"])
        for again in (False, True):
            print(f"look_again = {again}")
            policy = replace(rag.policy, look_again=again)
            table(measure(replace(rag, policy=policy), questions, verbose=verbose and again))


if __name__ == "__main__":
    names = [argument for argument in sys.argv[1:] if not argument.startswith("-")]
    main(names[0] if names else "sample", verbose="--verbose" in sys.argv)
