"""What the reader learns from: which sets, how much of each, and what each may teach.

A set of unanswerable questions made by a rule teaches the rule as well. Where that is known
(every negated question made so is unanswerable) the items are left out, and sets of one
sentence, few questions or templates count for less than human questions about paragraphs.
"""

import gzip
import json
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag.errors import LoadError

UNKNOWN = -1
_SHORTCUTS = frozenset({"negation"})  # rules whose questions give their label away

READER_WEIGHTS: Mapping[str, float] = {
    "answerability-unansq-pairs": 1.5,
    "bioasq-factoid": 1.0,
    "covid-qa": 0.4,
    "drop-contrast": 1.0,
    "fairytaleqa": 0.3,
    "nomiracl-en-nonrelevant": 0.7,
    "nq-open-gold": 1.0,
    "policyqa": 0.15,
    "qadiscourse": 0.25,
    "qamr": 0.25,
    "qed-dev-nq": 1.0,
    "quoref-contrast": 0.7,
    "squad-1000ctx": 2.0,
    "squad-train-sentences": 1.0,
    "squad2-train-10articles": 2.0,
    "squadshifts-amazon": 0.6,
    "squadshifts-new-wiki": 1.0,
    "squadshifts-reddit": 0.6,
    "synthetic-unanswerable": 0.35,
    "tatqa-text": 0.7,
    "timeqa-human": 0.7,
    "unansq-squad2-dev": 2.0,
    "unansq-twins": 2.0,
}
"""How often an item of each reader set is seen in one pass, on average."""

RELEVANCE_WEIGHTS: Mapping[str, float] = {
    "nq-open-gold": 0.5,
    "selqa": 0.4,
    "squad-train-sentences": 0.35,
}
"""Likewise for the relevance sets whose positive passage answers its question."""


@dataclass(frozen=True, slots=True)
class Example:
    """A question, a passage, and what is known of the one in the other."""

    question: str
    passage: str
    answerable: bool
    relevant: int
    """1 if the passage is about the question, 0 if not, `UNKNOWN` if nobody said."""
    answer: tuple[int, int] | None
    """Characters of the answer in the passage; None if there is none or nobody marked it."""
    weight: float
    """How often it is seen in one pass, on average."""


def read_examples(folder: Path) -> Iterator[Example]:
    """Yield the examples of all sets named here that `folder` holds.

    Raises:
        LoadError: If the folder holds none of them, or naming the line that is wrong.
    """
    found = False
    for kind, weights, read in (
        ("reader", READER_WEIGHTS, _asked),
        ("relevance", RELEVANCE_WEIGHTS, _compared),
    ):
        for name, weight in weights.items():
            path = folder / f"{kind}-{name}.jsonl.gz"
            if not path.is_file():
                continue
            found = True
            for place, row in _rows(path):
                try:
                    yield from read(row, weight)
                except (KeyError, TypeError, IndexError, ValueError) as error:
                    raise LoadError(f"{place} is not a {kind} item ({error!r})") from error
    if not found:
        raise LoadError(
            f"{folder} holds no reader-NAME.jsonl.gz or relevance-NAME.jsonl.gz to read"
        )


def _rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    number = 0
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                yield f"{path}, line {number}", json.loads(line)
    except (OSError, EOFError, zlib.error, ValueError) as error:
        raise LoadError(f"{path} cannot be read after line {number}: {error}") from error


def _asked(row: dict[str, Any], weight: float) -> Iterator[Example]:
    if row.get("rule") in _SHORTCUTS:
        return
    question, passage, answerable = row["question"], row["context"], bool(row["answerable"])
    answer = _favourite(row["answers"], passage) if answerable else None
    if answerable and answer is None and not row.get("span_unknown"):
        raise ValueError("answerable, and no answer is where the item says")
    yield Example(question, passage, answerable, 1 if answerable else UNKNOWN, answer, weight)


def _compared(row: dict[str, Any], weight: float) -> Iterator[Example]:
    yield Example(row["question"], row["positive"][0], True, 1, None, weight)
    if row["negative"]:
        yield Example(row["question"], row["negative"][0], False, 0, None, weight)


def _favourite(answers: list[dict[str, Any]], passage: str) -> tuple[int, int] | None:
    """Return the range of the answer that most annotators gave, the first of several."""
    votes: Counter[tuple[int, int]] = Counter()
    for answer in answers:
        start, text = int(answer["start"]), str(answer["text"])
        if text and passage[start : start + len(text)] == text:
            votes[start, start + len(text)] += 1
    return votes.most_common(1)[0][0] if votes else None
