"""Fit weights and threshold of `rag.evaluate.judge.StrictJudge`, and say how far it agrees.

    python -m tests.bench.fit_judge SET ...

Each SET is a claim set. Fitted on the calibration halves, each set and label weighing the
same; the threshold is the one of best mean kappa there. The figures are from the other
halves, of the judge as it is shipped. Paste the upper-case lines into `rag/evaluate/judge.py`;
after new weights run it again, since MEASURED_* are of the weights that are there.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

from rag.assemble import make_embedder
from rag.evaluate.datasets import Claimed, half, read_claims
from rag.evaluate.judge import FEATURES, StrictJudge
from rag.evaluate.metrics import kappa
from rag.settings import Settings


def evened(labels: np.ndarray) -> np.ndarray:
    return np.where(labels, 0.5 / labels.sum(), 0.5 / (~labels).sum())


def best_threshold(sets: list[tuple[np.ndarray, np.ndarray]], model: LogisticRegression) -> float:
    """Return the threshold with the best mean kappa, every set weighing the same."""
    tried = np.linspace(0.3, 0.8, 51)
    place = FEATURES.index("numbers_absent")
    given = [(x[:, place] > 0, model.predict_proba(x)[:, 1], y.astype(float)) for x, y in sets]
    scores = [
        np.mean([kappa(y, ((c >= t) & ~absent).astype(float)) for absent, c, y in given])
        for t in tried
    ]
    return float(tried[int(np.argmax(scores))])


def main(paths: list[Path]) -> None:
    judge = StrictJudge(make_embedder(Settings.load()))
    sets = {path.name: read_claims(path) for path in paths}
    rows, labels, weights = [], [], []
    for items in sets.values():
        kept = [item for item in items if half(item.id) == "calibrate"]
        rows.append(judge.features(["\n".join(i.evidence) for i in kept], [i.claim for i in kept]))
        labels.append(np.array([i.supported for i in kept]))
        weights.append(evened(labels[-1]))
    x, y, w = np.vstack(rows), np.concatenate(labels), np.concatenate(weights)
    model = LogisticRegression(max_iter=5000, C=1.0).fit(x, y, sample_weight=w / w.mean())
    print(f"WEIGHTS = {tuple(round(float(v), 2) for v in model.coef_[0])}")
    print(f"INTERCEPT = {model.intercept_[0]:.2f}")
    print(f"THRESHOLD = {best_threshold(list(zip(rows, labels, strict=True)), model):.2f}")
    print_measured(judge, sets)


def print_measured(judge: StrictJudge, sets: Mapping[str, Sequence[Claimed]]) -> None:
    """Print the judge's agreement with people on the report halves, together and by set."""
    truth, said = [], []
    for name, items in sets.items():
        kept = [item for item in items if half(item.id) == "report"]
        given = judge.supports(["\n".join(i.evidence) for i in kept], [i.claim for i in kept])
        truth.append(np.array([float(i.supported) for i in kept]))
        said.append(np.array(given, dtype=float))
        print(f"# {name}: n {len(kept)}, {agreed(truth[-1], said[-1])}", flush=True)
    whole = np.concatenate(truth), np.concatenate(said)
    print(f'MEASURED_WITH = "{judge.embedder.name}"')
    print(f"MEASURED_CLAIMS = {len(whole[0])}")
    print(f"MEASURED_ACCURACY = {(whole[0] == whole[1]).mean():.3f}")
    print(f"MEASURED_KAPPA = {kappa(*whole):.3f}")


def agreed(truth: np.ndarray, said: np.ndarray) -> str:
    return f"accuracy {(truth == said).mean():.3f}, kappa {kappa(truth, said):.3f}"


if __name__ == "__main__":
    main([Path(argument) for argument in sys.argv[1:]])
