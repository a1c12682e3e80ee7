"""How well a reader reads: answers, and telling questions a passage answers from others.

The passage that was written beside the question is given, to answerable and unanswerable
questions alike, so that nothing but reading is measured.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rag.errors import LoadError

Floats = npt.NDArray[np.float64]
_ARTICLES = frozenset({"a", "an", "the"})
_MARKS = re.compile(r"[^\w\s]|_")


@dataclass(frozen=True, slots=True)
class Item:
    """A question, the passage written beside it, and its accepted answers, if it has any."""

    question: str
    passage: str
    answers: tuple[str, ...]
    answerable: bool


def read_items(folder: Path, *, half: str | None = None, limit: int | None = None) -> list[Item]:
    """Return the items of a question set whose `scope` or qrels name the passage.

    Args:
        folder: Holds `corpus.jsonl` and `queries.jsonl`.
        half: `calibrate` or `report`, by the first byte of the SHA-256 of the question's id (even
            or odd), as the evaluation halves its sets; None for both.
        limit: At most so many, always the same.

    Raises:
        LoadError: If a file is missing or not what the format says.
    """
    try:
        passages = {row["_id"]: str(row["text"]) for row in _rows(folder / "corpus.jsonl")}
        rows = [r for r in _rows(folder / "queries.jsonl") if half in {None, half_of(r["_id"])}]
        rows = rows[:limit]
        return [_item(row["text"], passages, row["metadata"]) for row in rows]
    except (OSError, KeyError, IndexError, ValueError) as error:
        raise LoadError(f"{folder} is not a question set with a scope: {error!r}") from error


def half_of(id_: str) -> str:
    """Return the half of its set an id belongs to."""
    return ("calibrate", "report")[hashlib.sha256(id_.encode()).digest()[0] % 2]


def token_f1(answer: str, golds: Sequence[str]) -> float:
    """Return the best F1 of words against any gold, from 0 to 1 (Rajpurkar et al., 2016)."""
    return max((_f1(_words(answer), _words(gold)) for gold in golds), default=0.0)


def auc(truth: Sequence[bool], scores: Floats) -> float:
    """Return how often a true row scores above a false one, from 0 to 1; ties count half."""
    positive, negative = _sides(truth, scores)
    above = (positive[:, None] > negative[None, :]).mean()
    return float(above + 0.5 * (positive[:, None] == negative[None, :]).mean())


def youden(truth: Sequence[bool], scores: Floats) -> tuple[float, float]:
    """Return the best Youden index, from 0 to 1, and the threshold that reaches it.

    The index is the share of true rows at or above the threshold less that of false ones.
    """
    positive, negative = _sides(truth, scores)
    gain = [
        (float((positive >= t).mean() - (negative >= t).mean()), float(t))
        for t in np.unique(scores)
    ]
    return max(gain)


def youden_at(truth: Sequence[bool], scores: Floats, threshold: float) -> float:
    """Return the Youden index at a threshold fixed beforehand, from -1 to 1."""
    positive, negative = _sides(truth, scores)
    return float((positive >= threshold).mean() - (negative >= threshold).mean())


def _sides(truth: Sequence[bool], scores: Floats) -> tuple[Floats, Floats]:
    true = np.asarray(truth, bool)
    if true.all() or not true.any():
        raise LoadError("answerable and unanswerable questions are both needed to tell them apart")
    return scores[true], scores[~true]


def _rows(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def _item(question: str, passages: dict[str, str], about: dict[str, Any]) -> Item:
    answers = tuple(answer for answer in about.get("answers", ()) if answer)
    return Item(question, passages[about["scope"][0]], answers, bool(about["answerable"]))


def _words(text: str) -> list[str]:
    return [word for word in _MARKS.sub("", text.lower()).split() if word not in _ARTICLES]


def _f1(said: list[str], gold: list[str]) -> float:
    same = sum((Counter(said) & Counter(gold)).values())
    return 2 * same / (len(said) + len(gold)) if same else 0.0
