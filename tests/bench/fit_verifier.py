"""Fit the judgement of `rag.models.verifier.SimilarityVerifier` and report what it is worth.

    python -m tests.bench.fit_verifier CLAIMSET ... [--train FOLDER] [--rows FILE.npz]

A claim set is a `claims.jsonl` or its folder. `--train` names a folder of `support-*.jsonl.gz`
with lines of `claim`, `evidence` and `label`; some hundred of each are drawn, both labels evenly.

Each claim set is left out in turn: fitted on the training sets of other families (a family is
what stands before the first "-" of a name: `wice-dev` leaves out every `wice`) and on the
calibration halves of the other claim sets, and measured on all of it. Then everything but the
report halves is fitted; those are the weights to ship. `--rows` keeps the computed numbers.
"""

import argparse
import gzip
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from rag.evaluate.datasets import half, read_claims
from rag.models.embedder import open_embedder
from rag.models.overlap import FEATURES
from rag.models.verifier import SimilarityVerifier
from rag.settings import Settings

STRENGTH = 0.1  # the penalty on large weights, chosen once; 0.03, 0.1, 1 and 10 are alike
DRAWN = 150  # of each label and training set
LONGEST = 6000  # characters of a training premise; the few longer ones cost more than they teach


@dataclass(frozen=True)
class Rows:
    """One set: features (n, f), labels, and which may be fitted on; each of shape (n,)."""

    name: str
    x: np.ndarray
    supported: np.ndarray
    fitted: np.ndarray

    @property
    def family(self) -> str:
        """Return what sets of one origin share."""
        return self.name.split("/")[-1].split("-")[0]


@dataclass(frozen=True)
class Text:
    """One labelled pair."""

    id: str
    claim: str
    premise: str
    supported: bool


def training_texts(path: Path, rng: np.random.Generator) -> list[Text]:
    """Return as many of each label, at most `DRAWN`, whose premise is not too long."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    found: list[Text] = []
    for wanted in (True, False):
        mine = [r for r in rows if (r["label"] == "supported") is wanted]
        mine = [r for r in mine if len(r["evidence"]) <= LONGEST]
        for place in rng.permutation(len(mine))[:DRAWN]:
            row = mine[place]
            found.append(Text(str(row["_id"]), row["claim"], row["evidence"], wanted))
    return found


def claim_texts(path: Path) -> list[Text]:
    """Return a claim set."""
    return [
        Text(item.id, item.claim, "\n".join(item.evidence), item.supported)
        for item in read_claims(path)
    ]


def rows_of(name: str, texts: Sequence[Text], verifier: SimilarityVerifier, *, all_: bool) -> Rows:
    """Return the numbers of a set; of a claim set only the calibration half may be fitted."""
    taken = verifier.overlaps([t.premise for t in texts], [t.claim for t in texts])
    return Rows(
        name,
        np.array([numbers for _, numbers in taken]),
        np.array([t.supported for t in texts]),
        np.array([all_ or half(t.id) == "calibrate" for t in texts]),
    )


def fit(sets: Sequence[Rows]) -> LogisticRegression:
    """Return a logistic, each set and label weighing the same."""
    x = np.vstack([s.x[s.fitted] for s in sets])
    y = np.concatenate([s.supported[s.fitted] for s in sets])
    w = np.concatenate([_evened(s.supported[s.fitted]) for s in sets])
    return LogisticRegression(max_iter=5000, C=STRENGTH).fit(x, y, sample_weight=w / w.mean())


def chance(model: LogisticRegression, x: np.ndarray) -> np.ndarray:
    """Return the chance of support of each row, shape (n,)."""
    return np.asarray(model.predict_proba(x)[:, 1])


def _evened(labels: np.ndarray) -> np.ndarray:
    return np.where(labels, 0.5 / max(1, labels.sum()), 0.5 / max(1, (~labels).sum()))


def report(title: str, supported: np.ndarray, scores: np.ndarray) -> str:
    """Return one line of figures at the threshold .5."""
    return (
        f"{title:44} n {len(scores):4}  AUC {roc_auc_score(supported, scores):.3f}"
        f"  balanced accuracy {balanced(supported, scores):.3f}"
        f"  ECE {calibration_error(supported, scores):.3f}"
    )


def balanced(supported: np.ndarray, scores: np.ndarray) -> float:
    """Return the mean of both labels' accuracy at .5."""
    yes, no = (scores >= 0.5)[supported].mean(), (scores < 0.5)[~supported].mean()
    return float((yes + no) / 2)


def calibration_error(supported: np.ndarray, scores: np.ndarray, bins: int = 10) -> float:
    """Return the expected calibration error, both labels weighing the same."""
    weight = _evened(supported)
    place = np.minimum((scores * bins).astype(int), bins - 1)
    errors = (abs((weight * (scores - supported))[place == row].sum()) for row in range(bins))
    return float(sum(errors))


def left_out(sets: Sequence[Rows], claim_sets: Sequence[Rows]) -> None:
    """Print what a fit is worth on each set of whose family it saw nothing."""
    reached = []
    for one in claim_sets:
        others = [s for s in sets if not s.family.startswith(one.family)]
        scores = chance(fit(others), one.x)
        reached.append(balanced(one.supported, scores))
        print(report(f"{one.name}, left out", one.supported, scores), flush=True)
    print(f"{'mean balanced accuracy, left out':44} {np.mean(reached):.3f}\n")


def computed(claims: Sequence[Path], train: Path | None) -> list[Rows]:
    """Return the numbers of every set, claim sets first."""
    rng = np.random.default_rng(0)
    verifier = SimilarityVerifier(open_embedder("all-MiniLM-L6-v2", Settings.load().models))
    sets = [rows_of(p.resolve().name, claim_texts(p), verifier, all_=False) for p in claims]
    for path in sorted(train.glob("support-*.jsonl.gz")) if train else ():
        texts = training_texts(path, rng)
        sets.append(rows_of(f"train/{path.name[8:-9]}", texts, verifier, all_=True))
        print(f"{path.name}: {len(texts)}", file=sys.stderr, flush=True)
    return sets


def main(arguments: Sequence[str]) -> None:
    """Compute or read the numbers, report, and write what is shipped."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.fit_verifier")
    parser.add_argument("claims", nargs="+", type=Path)
    parser.add_argument("--train", type=Path)
    parser.add_argument("--rows", type=Path)
    chosen = parser.parse_args(arguments)
    if chosen.rows and chosen.rows.exists():
        sets = load_rows(chosen.rows)
    else:
        sets = computed(chosen.claims, chosen.train)
        if chosen.rows:
            keep_rows(chosen.rows, sets)
    claim_sets = [s for s in sets if not s.name.startswith("train/")]
    left_out(sets, claim_sets)
    model = fit(sets)
    for one in claim_sets:
        kept = ~one.fitted
        scores = chance(model, one.x[kept])
        print(report(f"{one.name}, fitted, report half", one.supported[kept], scores))
    weights = dict(zip(FEATURES, (round(float(w), 2) for w in model.coef_[0]), strict=True))
    print(f"\n_WEIGHTS = {weights}\n_INTERCEPT = {model.intercept_[0]:.2f}")


def keep_rows(path: Path, sets: Sequence[Rows]) -> None:
    """Keep the numbers for the next run."""
    arrays = {f"{s.name}|{k}": getattr(s, k) for s in sets for k in ("x", "supported", "fitted")}
    np.savez(path, **arrays)


def load_rows(path: Path) -> list[Rows]:
    """Return what `keep_rows` kept."""
    with np.load(path, allow_pickle=False) as kept:
        names = dict.fromkeys(key.split("|")[0] for key in kept.files)
        return [Rows(n, *(kept[f"{n}|{k}"] for k in ("x", "supported", "fitted"))) for n in names]


if __name__ == "__main__":
    main(sys.argv[1:])
