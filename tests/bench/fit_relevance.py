"""Fit the weights of `rag.answer.relevance` and choose the floor.

    python -m tests.bench.fit_relevance SET ...

Fitted on the calibration half of every set, each set weighing the same; reported on the
other half. A sentence is a positive when it holds a gold text, or, where golds are whole
sentences, shares at least half of its words with one.
"""

import sys
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from rag.answer.extract import cosines, sentences_of
from rag.answer.relevance import FEATURES, features
from rag.evaluate.datasets import half
from rag.evaluate.metrics import contains, normalised, token_f1
from tests.bench.sets import opened, scope_of

LONG_GOLD = 6
NEARLY = 0.02


def rows_of(folder: Path):
    """Return (half, answerable, feature rows, labels) of every question with candidates."""
    questions, rag = opened(folder)
    rows = []
    for question in questions.questions:
        passages, _ = rag.search(question.text, filter_=scope_of(questions, question))
        found = [c for passage in passages for _, c in sentences_of(passage)]
        if not found:
            continue
        x = features(question.text, found, cosines(question.text, found, rag.embedder))
        y = [question.answerable and _answers(c.sentence, question.answers) for c in found]
        rows.append((half(question.id), question.answerable, x, np.asarray(y, dtype=int)))
    return rows


def _answers(sentence: str, golds) -> bool:
    if all(len(normalised(gold)) <= LONG_GOLD for gold in golds):
        return contains(sentence, golds)
    return token_f1(sentence, golds) >= 0.35


def fit(sets):
    """Return (weights, intercept): every set, question and side weighs the same."""
    xs, ys, ws = [], [], []
    for rows in sets.values():
        known = [row for row in rows if row[0] == "calibrate"]
        for _, _, x, y in known:
            xs.append(x)
            ys.append(y)
            ws.append(np.full(len(y), 1 / len(y) / len(known)))
    weights = np.concatenate(ws)
    model = LogisticRegression(max_iter=2000)
    model.fit(
        np.vstack(xs), np.concatenate(ys), sample_weight=weights * len(weights) / weights.sum()
    )
    return model.coef_[0], model.intercept_[0]


def scores_of(rows, which, weights, intercept):
    kept = [
        (ok, 1 / (1 + np.exp(-(x @ weights + intercept)))) for h, ok, x, _ in rows if h == which
    ]
    return np.asarray([ok for ok, _ in kept]), np.asarray([p.max() for _, p in kept])


def youden(answerable, scores, floor) -> float:
    return float((scores[~answerable] < floor).mean() - (scores[answerable] < floor).mean())


def main(folders) -> None:
    sets = {folder.name: rows_of(folder) for folder in folders}
    weights, intercept = fit(sets)
    print("_WEIGHTS =", tuple(round(float(w), 2) for w in weights))
    print("_INTERCEPT =", round(float(intercept), 2))
    print({name: round(float(w), 2) for name, w in zip(FEATURES, weights, strict=True)})
    floors = np.arange(0.02, 0.9, 0.01)
    halves = [scores_of(rows, "calibrate", weights, intercept) for rows in sets.values()]
    means = [np.mean([youden(ok, s, f) for ok, s in halves if not ok.all()]) for f in floors]
    # Of floors that are as good, the lowest: declining what is answered there costs a reader.
    floor = floors[int(np.argmax(np.asarray(means) >= max(means) - NEARLY))]
    print(f"relevance_floor = {floor:.2f} (calibration Youden {max(means):.2f})")
    for name, rows in sets.items():
        ok, scores = scores_of(rows, "report", weights, intercept)
        if ok.all():
            continue
        no, yes = (scores[~ok] < floor).mean(), (scores[ok] < floor).mean()
        print(
            f"{name} report half: n {len(ok)}  AUC {roc_auc_score(ok, scores):.3f}  "
            f"abstains on unanswerable {no:.2f}, on answerable {yes:.2f}, Youden {no - yes:.2f}"
        )


if __name__ == "__main__":
    main([Path(argument) for argument in sys.argv[1:]])
