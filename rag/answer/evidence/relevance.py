"""How likely a sentence is to answer a question: a few plain features and a logistic.

Nothing here is a model in the sense of `rag.models`: the features are named, their weights
are below, and `python -m tests.bench.fit_relevance` fits them again.
"""

import re
from collections.abc import Sequence, Set
from dataclasses import dataclass

import numpy as np

from rag.answer.asked.question import Expected, expected, holds, names
from rag.answer.evidence.marking import Mark
from rag.protocols import Floats
from rag.text import content_stems, fold, identifiers, stems

_WORD = re.compile(r"[^\W\d_][\w'-]*")
_CELLS = " | "  # between the cells of a table's row

FEATURES = (
    "cosine_sentence",
    "cosine_passage",
    "coverage_sentence",
    "names_missing",
    "kind_missing",
    "new_words",
    "is_question",
)

READ = ("marked", "marked_lead", "answerable", "relevant")
"""What a reader adds: its score of the answer in the sentence, how far that is behind the best
of all sentences, and its verdicts on the passage."""

_WEIGHTS = (2.88, 2.87, 2.45, -1.45, -0.77, 2.06, -0.15)
_INTERCEPT = -7.49

_NAMED_HERE, _NAMED_NEAR, _NAMED_NOWHERE = 1.5, -1.0, -3.0  # log-odds
_OTHER_ROW = -3.0  # log-odds

_READ_WEIGHTS = (2.23, 2.55, 1.12, -0.56, -0.46, 1.88, 0.12, 0.35, 1.16, 1.21, -0.48)
_READ_INTERCEPT = -5.46

VERSION = repr(
    (
        FEATURES,
        READ,
        _WEIGHTS,
        _READ_WEIGHTS,
        _INTERCEPT,
        _READ_INTERCEPT,
        _NAMED_HERE,
        _NAMED_NEAR,
        _NAMED_NOWHERE,
        _OTHER_ROW,
    )
)
"""Equal exactly when the same features give the same relevance."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence with what stands around it; `window` adds neighbours, title and headings."""

    sentence: str
    window: str
    passage: str
    above: str = ""
    """Title and headings."""


def features(
    question: str,
    candidates: Sequence[Candidate],
    cosines: Floats,
    marks: Sequence[Mark] | None = None,
) -> Floats:
    """Return one row per candidate: `FEATURES`, then `READ` when marks are given.

    Args:
        question: The question.
        candidates: Sentences, n of them.
        cosines: Cosine of the question with sentence and passage, shape (n, 2).
        marks: What a reader found in each sentence.
    """
    plain = _plain(question, candidates, cosines)
    return plain if marks is None else np.hstack([plain, read_features(marks)])


def read_features(marks: Sequence[Mark]) -> Floats:
    """Return one row of `READ` per mark, shape (n, len(READ)), each about within -2 and 2."""
    rows = np.asarray([(m.score, m.answerable, m.relevant) for m in marks], np.float32)
    lead = rows[:, 0] - rows[:, 0].max()
    scaled = np.column_stack([rows[:, 0] / 10, lead / 10, rows[:, 1] / 5, rows[:, 2] / 5])
    return np.asarray(np.clip(scaled, -2, 2), np.float32)


def by_name(row: Floats) -> dict[str, float]:
    """Return the numbers of one row of `features` under their names."""
    names = (*FEATURES, *READ)[: len(row)]
    return {name: float(value) for name, value in zip(names, row, strict=True)}


def _plain(question: str, candidates: Sequence[Candidate], cosines: Floats) -> Floats:
    asked = set(content_stems(question)) or set(stems(question))
    wanted = names(question)
    kind = expected(question)
    rows = []
    for candidate, cosine in zip(candidates, cosines, strict=True):
        missing = wanted - names(candidate.passage) - names(candidate.window)
        held = kind is not Expected.ANYTHING and holds(kind, candidate.sentence, question)
        rows.append(
            [
                *cosine,
                _share(asked, set(stems(candidate.sentence))),
                min(len(missing), 3) / 3,
                float(kind is not Expected.ANYTHING and not held),
                min(len(set(content_stems(candidate.sentence)) - asked), 8) / 8,
                float(candidate.sentence.rstrip().endswith("?")),
            ]
        )
    return np.asarray(rows, dtype=np.float32).reshape(-1, len(FEATURES))


def _share(wanted: Set[object], found: Set[object]) -> float:
    return len(wanted & found) / len(wanted) if wanted else 0.0


def named(question: str, candidates: Sequence[Candidate]) -> Floats:
    """Return what exact identifiers add to the log-odds of each candidate, shape (n,).

    A person who types `E-417` means that one: its sentence or table row gains, a sentence with
    nothing of it around loses, and a passage without it almost surely answers something else.
    Embeddings cannot tell `E-417` from `E-427`, and the fitted sets hold no identifiers, so
    these steps are set by hand. So is the one for a row of a table that does not name what is
    asked about, nor its title, while some other sentence does: a row speaks of one thing alone.
    """
    wanted = [word.casefold() for word in identifiers(question)]
    places = (("sentence", _NAMED_HERE), ("window", 0.0), ("passage", _NAMED_NEAR))
    steps = []
    for candidate in candidates:
        steps.append(_NAMED_NOWHERE if wanted else 0.0)
        for place, step in places:
            text = getattr(candidate, place).casefold()
            if wanted and all(word in text for word in wanted):
                steps[-1] = step
                break
    return np.asarray(steps, dtype=np.float32) + _other_rows(question, candidates)


def _other_rows(question: str, candidates: Sequence[Candidate]) -> Floats:
    held = [set(_WORD.findall(fold(f"{c.above} {c.sentence}"))) for c in candidates]
    asked = names(question) & set().union(*held)
    wrong = [
        _CELLS in c.sentence and not asked <= words
        for c, words in zip(candidates, held, strict=True)
    ]
    return np.asarray(wrong, dtype=np.float32) * np.float32(_OTHER_ROW)


def relevance(rows: Floats, steps: Floats | None = None) -> Floats:
    """Return the estimated chance, in [0, 1], that each sentence answers, shape (n,).

    Args:
        rows: One row per sentence, as `features` returns them, read or not.
        steps: Added to the log-odds, shape (n,).
    """
    plain = rows.shape[1] == len(FEATURES)
    weights, intercept = (_WEIGHTS, _INTERCEPT) if plain else (_READ_WEIGHTS, _READ_INTERCEPT)
    odds = rows @ np.asarray(weights) + intercept + (0.0 if steps is None else steps)
    return np.asarray(1 / (1 + np.exp(-odds)), np.float32)
