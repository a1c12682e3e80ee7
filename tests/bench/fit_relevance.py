"""Fit the weights of `relevance` and of the gate in `confidence`, in `rag.answer.evidence`.

    python -m tests.bench.fit_relevance SET ...

Fitted on the calibration half of every set, each set, question and side weighing the same;
reported on the other half. A sentence is a positive when it holds a gold text, or, where golds
are whole sentences, shares a good part of its words with one. Needs the reader of the settings.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import StandardScaler

from rag.answer.evidence.confidence import GATE, gate_features
from rag.answer.evidence.extract import cosines, sentences_of
from rag.answer.evidence.marking import Mark, marks_of
from rag.answer.evidence.relevance import FEATURES, READ, by_name, features, named
from rag.evaluate.datasets import half
from rag.evaluate.metrics import contains, normalised, token_f1
from rag.types import Evidence, Passage, Span
from tests.bench.sets import opened, scope_of

LONG_GOLD = 6
ALIKE = 0.35
STRENGTH = 0.3


@dataclass
class Asked:
    """One question with its candidate sentences."""

    half: str
    answerable: bool
    rows: np.ndarray
    """Shape (n, len(FEATURES) + len(READ))."""
    steps: np.ndarray
    labels: np.ndarray
    """Shape (n,): 1 where the sentence answers."""
    places: Sequence[tuple[Passage, Span]]


def asked_of(folder: Path) -> list[Asked]:
    """Return every question of a set that has candidates."""
    questions, rag = opened(folder)
    if rag.reader is None:
        sys.exit("set reader.model: the weights are fitted with a reader")
    found = []
    for question in questions.questions:
        passages, _ = rag.search(question.text, filter_=scope_of(questions, question))
        pairs = [(p, span, c) for p in passages for span, c in sentences_of(p)]
        if not pairs:
            continue
        candidates, places = [c for _, _, c in pairs], [(p, span) for p, span, _ in pairs]
        marks: list[Mark] = marks_of(question.text, places, rag.reader)
        near = cosines(question.text, candidates, rag.embedder)
        labels = [question.answerable and answers(c.sentence, question.answers) for c in candidates]
        found.append(
            Asked(
                half(question.id),
                question.answerable,
                features(question.text, candidates, near, marks),
                named(question.text, candidates),
                np.asarray(labels, int),
                places,
            )
        )
    return found


def answers(sentence: str, golds: Sequence[str]) -> bool:
    """Return whether `sentence` is an answer, by the golds."""
    if all(len(normalised(gold)) <= LONG_GOLD for gold in golds):
        return contains(sentence, golds)
    return token_f1(sentence, golds) >= ALIKE


def fit_sentences(sets: dict[str, list[Asked]], columns: int) -> tuple[np.ndarray, float]:
    """Return (weights, intercept) over the first `columns` features."""
    xs, ys, ws = [], [], []
    for asked in sets.values():
        known = [a for a in asked if a.half == "calibrate"]
        for a in known:
            xs.append(a.rows[:, :columns])
            ys.append(a.labels)
            ws.append(np.full(len(a.labels), 1 / len(a.labels) / len(known)))
    weights = np.concatenate(ws)
    model = LogisticRegression(max_iter=3000)
    model.fit(
        np.vstack(xs), np.concatenate(ys), sample_weight=weights * len(weights) / weights.sum()
    )
    return model.coef_[0], float(model.intercept_[0])


def scores_of(asked: Asked, weights: np.ndarray, intercept: float) -> np.ndarray:
    """Return the relevance of each sentence."""
    odds = asked.rows[:, : len(weights)] @ weights + intercept + asked.steps
    return 1 / (1 + np.exp(-odds))


def gate_rows(asked: Sequence[Asked], weights: np.ndarray, intercept: float) -> np.ndarray:
    """Return one row of gate features per question."""
    rows = []
    for a in asked:
        scores = scores_of(a, weights, intercept)
        evidence = [
            Evidence(passage, span, float(scores[row]), None, by_name(a.rows[row]))
            for row, (passage, span) in enumerate(a.places)
        ]
        numbers = gate_features(sorted(evidence, key=lambda e: -e.relevance))
        rows.append([numbers[name] for name in GATE])
    return np.asarray(rows)


def fit_gate(sets: dict[str, list[Asked]], weights: np.ndarray, intercept: float):
    """Return (weights, intercept) over `GATE`: each set and side weighs the same."""
    xs, ys, ws = [], [], []
    for asked in sets.values():
        for side in (True, False):
            known = [a for a in asked if a.half == "calibrate" and a.answerable is side]
            if known and len({a.answerable for a in asked}) == 2:
                xs.append(gate_rows(known, weights, intercept))
                ys.append(np.full(len(known), side))
                ws.append(np.full(len(known), 1 / len(known)))
    x, y, w = np.vstack(xs), np.concatenate(ys), np.concatenate(ws)
    scaler = StandardScaler().fit(x)
    model = LogisticRegression(C=STRENGTH, max_iter=3000)
    model.fit(scaler.transform(x), y, sample_weight=w * len(w) / w.sum())
    slopes = model.coef_[0] / scaler.scale_
    return slopes, float(model.intercept_[0] - slopes @ scaler.mean_)


def youden(answerable: np.ndarray, scores: np.ndarray, floor: float) -> float:
    """Return abstentions on unanswerable questions less those on answerable ones."""
    return float((scores[~answerable] < floor).mean() - (scores[answerable] < floor).mean())


def show(name: str, answerable: np.ndarray, scores: np.ndarray, floor: float) -> None:
    """Print how well `scores` tell answerable questions from others."""
    if answerable.all():
        print(f"  {name}: answers {(scores >= floor).mean():.2f} of {len(scores)}")
        return
    no, yes = (scores[~answerable] < floor).mean(), (scores[answerable] < floor).mean()
    print(
        f"  {name}: n {len(scores)}  AUC {roc_auc_score(answerable, scores):.3f}  "
        f"abstains on unanswerable {no:.2f}, on answerable {yes:.2f}, Youden {no - yes:.2f}"
    )


def main(folders: Sequence[Path]) -> None:
    """Fit and report."""
    sets = {folder.name: asked_of(folder) for folder in folders}
    floors = np.arange(0.02, 0.9, 0.01)
    for columns, where in ((len(FEATURES), "_WEIGHTS"), (len(FEATURES + READ), "_READ_WEIGHTS")):
        weights, intercept = fit_sentences(sets, columns)
        print(
            where, "=", tuple(round(float(w), 2) for w in weights), "intercept", round(intercept, 2)
        )
        sides = {
            (name, which): [a for a in asked if a.half == which]
            for name, asked in sets.items()
            for which in ("calibrate", "report")
        }
        tops = {
            key: (
                np.asarray([a.answerable for a in asked]),
                np.asarray([scores_of(a, weights, intercept).max() for a in asked]),
            )
            for key, asked in sides.items()
        }
        known = [tops[key] for key in tops if key[1] == "calibrate" and not tops[key][0].all()]
        means = [np.mean([youden(ok, s, floor) for ok, s in known]) for floor in floors]
        floor = float(floors[int(np.argmax(means))])
        print(f"best floor of the relevance alone {floor:.2f}, report halves:")
        for name in sets:
            show(name, *tops[name, "report"], floor)
    slopes, intercept_ = fit_gate(sets, weights, intercept)
    print("GATE =", {n: round(float(w), 3) for n, w in zip(GATE, slopes, strict=True)})
    print("_GATE_INTERCEPT =", round(intercept_, 3))
    print("answerability at 0.5, report halves:")
    for name in sets:
        asked = sides[name, "report"]
        odds = gate_rows(asked, weights, intercept) @ slopes + intercept_
        show(name, np.asarray([a.answerable for a in asked]), 1 / (1 + np.exp(-odds)), 0.5)


if __name__ == "__main__":
    main([Path(argument) for argument in sys.argv[1:]])
