"""Judges of support that are not the pipeline's verifier, and how far each can be trusted.

`StrictJudge` runs offline. It shares no code with `rag.answer.checked.verify` or the built-in
verifier: own words, own numbers, own weights, fitted by `python -m tests.bench.fit_judge`.
`EntailmentJudge` asks any natural-language-inference model; `asked.py` has judges that write.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import numpy as np

from rag.evaluate.bootstrap import Values
from rag.evaluate.datasets import Claimed
from rag.evaluate.metrics import kappa
from rag.protocols import Embedder, Verifier

FEATURES = (
    "words",
    "words_near",
    "letters_near",
    "pairs",
    "numbers_absent",
    "names_absent",
    "negation_differs",
    "similar",
)
# Fitted by `python -m tests.bench.fit_judge` on the calibration halves of three claim sets.
WEIGHTS = (0.21, 1.61, 0.57, 0.44, -1.93, -1.06, -0.08, 3.94)
INTERCEPT = -3.70
THRESHOLD = 0.63
# Agreement with people on the report halves of these, by the same command.
MEASURED_WITH = "all-MiniLM-L6-v2"
MEASURED_CLAIMS = 2276
MEASURED_ACCURACY = 0.787
MEASURED_KAPPA = 0.458
MEASURED_BY = "python -m tests.bench.fit_judge"
LEAST_KAPPA = 0.5
"""Below this agreement with people a judge's numbers are marked unreliable."""

_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)?")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_NAME = re.compile(r"(?<=[\w,;:] )[A-Z][\w'-]+")
_NEGATION = re.compile(
    r"\b(?:no|not|never|none|neither|nor|without|cannot|\w+n['\u2019]t)\b", re.IGNORECASE
)
_SENTENCE = re.compile(r"[^\n.!?]+(?:[.!?]+(?=\s|$)|\n|$|[.!?])")
_EMPTY = frozenset(
    "a about after all also an and are as at be been before being but by can could did do does "
    "for from had has have he her his how i if in into is it its may more most no not of on or "
    "our she should so some such than that the their them then there these they this those to "
    "was we were what when where which while who whom why will with would you your".split()
)
_BATCH = 128  # pairs whose vectors are held at once
_ROOT = 5  # letters two forms of a word share


class Judge(Protocol):
    """Says whether texts support statements."""

    @property
    def name(self) -> str:
        """What people call the judge."""
        ...

    def supports(self, evidence: Sequence[str], statements: Sequence[str]) -> Sequence[bool]:
        """Return one verdict per pair; partial support is none."""
        ...


@dataclass(frozen=True, slots=True)
class Agreement:
    """How often a judge says of claims what people said."""

    judge: str
    n: int = 0
    accuracy: float | None = None
    kappa: float | None = None
    measured_by: str = ""
    """The command that measured it, when this run did not."""

    def to_dict(self) -> dict[str, object]:
        """Return plain values; unreliable when kappa is unknown or below `LEAST_KAPPA`."""
        reliable = self.kappa is not None and self.kappa >= LEAST_KAPPA
        known = {"judge": self.judge, "accuracy": self.accuracy, "kappa": self.kappa}
        by = {"measured_by": self.measured_by} if self.measured_by else {}
        unsure = {} if reliable else {"unreliable": True}
        return {**known, "judged_claims": self.n, **by, **unsure}


def agreement(judge: Judge, items: Sequence[Claimed]) -> Agreement:
    """Return the accuracy and Cohen's kappa of `judge` on labelled claims.

    Without any, what was measured of it before: known of the judge that comes with us.
    """
    if not items:
        return judge.measured if isinstance(judge, StrictJudge) else Agreement(judge.name)
    said = judge.supports(["\n".join(i.evidence) for i in items], [i.claim for i in items])
    truth = np.asarray([item.supported for item in items], np.float64)
    given = np.asarray(said, np.float64)
    value = kappa(truth, given)
    accuracy = float((truth == given).mean())
    return Agreement(judge.name, len(items), accuracy, None if np.isnan(value) else value)


@dataclass(frozen=True)
class EntailmentJudge:
    """Any model of natural-language inference: supported when entailment is the likeliest."""

    model: Verifier

    @property
    def name(self) -> str:
        """What people call the model."""
        return self.model.name

    def supports(self, evidence: Sequence[str], statements: Sequence[str]) -> list[bool]:
        """Return whether entailment beats neutral and contradiction, each by itself."""
        rows = self.model.infer(evidence, statements)
        return [bool(row[0] > max(row[1], row[2])) for row in np.asarray(rows)]


@dataclass(frozen=True)
class StrictJudge:
    """Counts shared words, letters, numbers and names, and compares meanings by vectors.

    A statement that the evidence holds word for word is supported; a number that is nowhere
    in the evidence is never.
    """

    embedder: Embedder

    @property
    def name(self) -> str:
        """Return its name and the embedder's."""
        return f"strict lexical-semantic ({self.embedder.name})"

    @property
    def measured(self) -> Agreement:
        """Return its agreement as it was measured; unknown with another embedder."""
        if self.embedder.name != MEASURED_WITH:
            return Agreement(self.name)
        return Agreement(self.name, MEASURED_CLAIMS, MEASURED_ACCURACY, MEASURED_KAPPA, MEASURED_BY)

    def supports(self, evidence: Sequence[str], statements: Sequence[str]) -> list[bool]:
        """Return one verdict per pair."""
        rows = self.features(evidence, statements)
        chances = chance(rows)
        absent = rows[:, FEATURES.index("numbers_absent")] > 0
        verbatim = [_flat(s) in _flat(e) for e, s in zip(evidence, statements, strict=True)]
        return [
            bool(v or (c >= THRESHOLD and not a))
            for v, c, a in zip(verbatim, chances, absent, strict=True)
        ]

    def features(self, evidence: Sequence[str], statements: Sequence[str]) -> Values:
        """Return one row of `FEATURES` per pair, shape (n, len(FEATURES))."""
        rows = [
            row
            for start in range(0, len(statements), _BATCH)
            for row in self._rows(
                evidence[start : start + _BATCH], statements[start : start + _BATCH]
            )
        ]
        return np.asarray(rows, np.float64).reshape(-1, len(FEATURES))

    def _rows(self, evidence: Sequence[str], statements: Sequence[str]) -> Iterator[list[float]]:
        windows = [_windows(text) for text in evidence]
        texts = list(dict.fromkeys([*statements, *(w for row in windows for w in row)]))
        vectors = self.embedder.embed_queries(texts)
        places = {text: place for place, text in enumerate(texts)}
        for statement, text, near in zip(statements, evidence, windows, strict=True):
            held = vectors[[places[window] for window in near]]
            similar = float((held @ vectors[places[statement]]).max())
            yield [*compared(statement, text, near), similar]


def chance(rows: Values) -> Values:
    """Return the estimated chance of support for rows of `FEATURES`, shape (n,)."""
    return np.asarray(1 / (1 + np.exp(-(rows @ np.asarray(WEIGHTS) + INTERCEPT))), np.float64)


def compared(statement: str, evidence: str, windows: Sequence[str]) -> list[float]:
    """Return every one of `FEATURES` but the last, which needs vectors.

    Args:
        statement: What should be supported.
        evidence: What should support it.
        windows: The evidence in overlapping pieces of a few sentences, at least one.
    """
    wanted, letters = _roots(statement), _letters(statement)
    near = max(windows, key=lambda window: _share(wanted, _roots(window)))
    told = _roots(evidence)
    negations = [bool(_NEGATION.search(text)) for text in (statement, near)]
    return [
        _share(wanted, told),
        _share(wanted, _roots(near)),
        max(_share(letters, _letters(window)) for window in windows),
        _share(_pairs(statement), _pairs(evidence)),
        1 - _share(set(_NUMBER.findall(statement)), set(_NUMBER.findall(evidence))),
        1 - _share({_root(name) for name in _NAME.findall(statement)}, _all_roots(evidence)),
        float(negations[0] != negations[1]),
    ]


def _windows(text: str) -> list[str]:
    pieces = [piece.strip() for piece in _SENTENCE.findall(text) if piece.strip()] or [text]
    return pieces + [f"{a} {b}" for a, b in pairwise(pieces)]


def _share(wanted: set[str], held: set[str]) -> float:
    return len(wanted & held) / len(wanted) if wanted else 1.0


def _root(word: str) -> str:
    return word.lower()[:_ROOT]


def _all_roots(text: str) -> set[str]:
    return {_root(word) for word in _WORD.findall(text)}


def _roots(text: str) -> set[str]:
    return {_root(w) for w in _WORD.findall(text) if w.lower() not in _EMPTY}


def _pairs(text: str) -> set[str]:
    roots = [_root(w) for w in _WORD.findall(text) if w.lower() not in _EMPTY]
    return {f"{a} {b}" for a, b in pairwise(roots)}


def _letters(text: str) -> set[str]:
    flat = _flat(text)
    return {flat[i : i + 4] for i in range(max(1, len(flat) - 3))}


def _flat(text: str) -> str:
    return " ".join(_WORD.findall(text.lower()))
