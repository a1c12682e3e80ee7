"""Fit the weights of `rag.models.verifier.SimilarityVerifier` and report what they are worth.

    python -m tests.bench.fit_verifier CLAIMS.jsonl ...

A line is `{"_id", "claim", "evidence": [text, ...], "label": "supported" | "unsupported"}`.
Fitted on the calibration half of every set, each set and label weighing the same; every figure
is from the other half, once for the fit of this run and once for the verifier as it is shipped.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from rag.evaluate.datasets import half, json_lines
from rag.models.embedder import open_embedder
from rag.models.overlap import FEATURES, is_sentence_of
from rag.models.verifier import SimilarityVerifier
from rag.settings import Settings

STRENGTH = 0.1  # the penalty on large weights, chosen once; 0.1, 1 and 10 differ by < .01 AUC


@dataclass(frozen=True)
class ClaimSet:
    """One claim set: features (n, f), labels, which half, and the shipped entailment."""

    name: str
    x: np.ndarray
    supported: np.ndarray
    calibrate: np.ndarray
    shipped: np.ndarray
    verbatim: int


def read(path: Path, verifier: SimilarityVerifier) -> ClaimSet:
    rows = list(json_lines(path))
    premises = ["\n".join(row["evidence"]) for row in rows]
    claims = [row["claim"] for row in rows]
    taken = list(verifier.overlaps(premises, claims))
    return ClaimSet(
        path.parent.name,
        np.array([numbers for _, numbers in taken]),
        np.array([row["label"] == "supported" for row in rows]),
        np.array([half(str(row["_id"])) == "calibrate" for row in rows]),
        verifier.infer(premises, claims)[:, 0],
        sum(is_sentence_of(c, p) for (p, _), c in zip(taken, claims, strict=True)),
    )


def fit(sets: list[ClaimSet]) -> LogisticRegression:
    weights = [_evened(s.supported[s.calibrate]) for s in sets]
    x = np.vstack([s.x[s.calibrate] for s in sets])
    y = np.concatenate([s.supported[s.calibrate] for s in sets])
    w = np.concatenate(weights)
    return LogisticRegression(max_iter=5000, C=STRENGTH).fit(x, y, sample_weight=w / w.mean())


def _evened(labels: np.ndarray) -> np.ndarray:
    return np.where(labels, 0.5 / labels.sum(), 0.5 / (~labels).sum())


def report(title: str, supported: np.ndarray, scores: np.ndarray) -> str:
    yes, no = (scores >= 0.5)[supported].mean(), (scores < 0.5)[~supported].mean()
    return (
        f"{title:34} n {len(scores):4}  AUC {roc_auc_score(supported, scores):.3f}"
        f"  balanced accuracy {(yes + no) / 2:.3f} (supported {yes:.2f}, unsupported {no:.2f})"
        f"  ECE {calibration_error(supported, scores):.3f}"
    )


def calibration_error(supported: np.ndarray, scores: np.ndarray, bins: int = 10) -> float:
    """Return the expected calibration error, both labels weighing the same."""
    weight = _evened(supported)
    place = np.minimum((scores * bins).astype(int), bins - 1)
    errors = (abs((weight * (scores - supported))[place == row].sum()) for row in range(bins))
    return float(sum(errors))


def main(paths: list[Path]) -> None:
    verifier = SimilarityVerifier(open_embedder("all-MiniLM-L6-v2", Settings.load().models))
    sets = [read(path, verifier) for path in paths]
    model = fit(sets)
    weights = dict(zip(FEATURES, (round(float(w), 2) for w in model.coef_[0]), strict=True))
    print(f"_WEIGHTS = {weights}\n_INTERCEPT = {model.intercept_[0]:.2f}\n")
    for one in sets:
        kept = ~one.calibrate
        fitted = model.predict_proba(one.x[kept])[:, 1]
        print(report(f"{one.name}, this fit", one.supported[kept], fitted))
        print(report(f"{one.name}, shipped", one.supported[kept], one.shipped[kept]))
        print(f"{'':34} verbatim claims: {one.verbatim} of {len(one.supported)}")
    kept = [~one.calibrate for one in sets]
    supported = np.concatenate([s.supported[k] for s, k in zip(sets, kept, strict=True)])
    shipped = np.concatenate([s.shipped[k] for s, k in zip(sets, kept, strict=True)])
    print(report("all, shipped", supported, shipped))


if __name__ == "__main__":
    main([Path(argument) for argument in sys.argv[1:]])
