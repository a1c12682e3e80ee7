"""Fit the judgement of `rag.models.verifier.SimilarityVerifier` and report what it is worth.

    python -m tests.bench.fit_verifier CLAIMSET ... [--train FOLDER] [--rows FILE.npz] [--write]

A claim set is a `claims.jsonl` or its folder. `--train` names a folder of `support-*.jsonl.gz`
with lines of `claim`, `evidence` and `label`; some hundred of each are drawn, both labels evenly.

Each claim set is left out in turn: fitted on the training sets of other families (a family is
what stands before the first "-" of a name: `wice-dev` leaves out every `wice`) and on the
calibration halves of the other claim sets, and measured on all of it. Then everything but the
report halves is fitted; `--write` ships that. `--rows` keeps the computed numbers between runs.
"""

import argparse
import gzip
import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from rag.evaluate.datasets import half, read_claims
from rag.models import support
from rag.models.embedder import open_embedder
from rag.models.overlap import FEATURES
from rag.models.support import Judgement, Layer, rarity_of
from rag.models.verifier import SimilarityVerifier
from rag.settings import Settings
from rag.text import content_stems

STRENGTH = 0.1  # inverse penalty on large weights of the logistic
HIDDEN = 8  # units of the small network
DECAY = 0.003  # penalty on its weights
COMMON = 1500  # stems whose rarity is told apart
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


def common_stems(texts: Sequence[Text]) -> list[str]:
    """Return the stems that most texts hold, the commonest first."""
    counted = Counter(s for t in texts for s in set(content_stems(f"{t.claim} {t.premise}")))
    return [stem for stem, _ in counted.most_common(COMMON)]


def rows_of(name: str, texts: Sequence[Text], verifier: SimilarityVerifier, *, all_: bool) -> Rows:
    """Return the numbers of a set; of a claim set only the calibration half may be fitted."""
    taken = verifier.overlaps([t.premise for t in texts], [t.claim for t in texts])
    return Rows(
        name,
        np.array([numbers for _, numbers in taken]),
        np.array([t.supported for t in texts]),
        np.array([all_ or half(t.id) == "calibrate" for t in texts]),
    )


def logistic(sets: Sequence[Rows], rarity: dict[str, float]) -> Judgement:
    """Return a logistic, each set and label weighing the same."""
    x, y, w, mean, scale = _stacked(sets)
    model = LogisticRegression(max_iter=5000, C=STRENGTH).fit((x - mean) / scale, y, w)
    layer = Layer(model.coef_.T.astype(np.float32), model.intercept_.astype(np.float32))
    return Judgement(mean, scale, (layer,), rarity)


def network(sets: Sequence[Rows], rarity: dict[str, float], seed: int = 0) -> Judgement:
    """Return a network of one small hidden layer, each set and label weighing the same."""
    x, y, w, mean, scale = _stacked(sets)
    x = (x - mean) / scale
    w = w / w.sum()
    shape = (len(FEATURES), HIDDEN)
    ends = np.cumsum([shape[0] * HIDDEN, HIDDEN, HIDDEN])

    def parts(flat: np.ndarray) -> tuple[np.ndarray, ...]:
        first, bias, second, last = np.split(flat, ends)
        return first.reshape(shape), bias, second[:, None], last

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        first, bias, second, last = parts(flat)
        hidden = np.tanh(x @ first + bias)
        odds = (hidden @ second)[:, 0] + last[0]
        error = w * (1 / (1 + np.exp(-odds)) - y)
        back = error[:, None] * second.T * (1 - hidden**2)
        slopes = [x.T @ back, back.sum(0), hidden.T @ error, [error.sum()]]
        slope = np.concatenate([np.ravel(s) for s in slopes]) + 2 * DECAY * flat
        entropy = float((w * (np.logaddexp(0, odds) - y * odds)).sum())
        return entropy + DECAY * float(flat @ flat), slope

    start = np.random.default_rng(seed).normal(0, 0.3, ends[-1] + 1)
    best = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 500}).x
    first, bias, second, last = (p.astype(np.float32) for p in parts(best))
    return Judgement(mean, scale, (Layer(first, bias), Layer(second, last)), rarity)


def _stacked(sets: Sequence[Rows]) -> tuple[np.ndarray, ...]:
    x = np.vstack([s.x[s.fitted] for s in sets])
    y = np.concatenate([s.supported[s.fitted] for s in sets]).astype(float)
    w = np.concatenate([_evened(s.supported[s.fitted]) for s in sets])
    scale = np.maximum(x.std(0), 1e-3)
    return x, y, w / w.mean(), x.mean(0).astype(np.float32), scale.astype(np.float32)


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


def left_out(sets: Sequence[Rows], claim_sets: Sequence[Rows], rarity: dict[str, float]) -> None:
    """Print what each kind of fit is worth on a set of whose family it saw nothing."""
    for fit in (logistic, network):
        reached = []
        for one in claim_sets:
            others = [s for s in sets if not s.family.startswith(one.family)]
            scores = fit(others, rarity).chance(one.x)
            reached.append(balanced(one.supported, scores))
            print(report(f"{one.name} left out, {fit.__name__}", one.supported, scores))
        print(f"{'mean balanced accuracy':44} {np.mean(reached):.3f}\n", flush=True)


def write(judgement: Judgement, common: Sequence[str], path: Path) -> None:
    """Write the file that is shipped."""
    saved = {
        "features": FEATURES,
        "mean": _short(judgement.mean),
        "scale": _short(judgement.scale),
        "layers": [
            {"weights": _short(one.weights), "bias": _short(one.bias)} for one in judgement.layers
        ],
        "common": common,
    }
    path.write_text(json.dumps(saved, ensure_ascii=False) + "\n", encoding="utf-8")


def _short(values: np.ndarray) -> object:
    return np.round(values.astype(float), 4).tolist()


def computed(claims: Sequence[Path], train: Path | None) -> tuple[list[Rows], list[str]]:
    """Return the numbers of every set, claim sets first, and the common stems."""
    rng = np.random.default_rng(0)
    files = sorted(train.glob("support-*.jsonl.gz")) if train else []
    training = {f"train/{f.name[8:-9]}": training_texts(f, rng) for f in files}
    known = list(support.shipped().rarity) if support_exists() else []
    common = common_stems([t for texts in training.values() for t in texts]) or known
    embedder = open_embedder("all-MiniLM-L6-v2", Settings.load().models)
    blank = Judgement(np.zeros(1), np.ones(1), (), rarity_of(common))
    verifier = SimilarityVerifier(embedder, blank)
    sets = []
    for path in claims:
        sets.append(rows_of(path.resolve().name, claim_texts(path), verifier, all_=False))
        print(f"{sets[-1].name}: {len(sets[-1].x)}", file=sys.stderr, flush=True)
    for name, texts in training.items():
        sets.append(rows_of(name, texts, verifier, all_=True))
        print(f"{name}: {len(texts)}", file=sys.stderr, flush=True)
    return sets, common


def support_exists() -> bool:
    """Return whether a judgement has been shipped already."""
    return (Path(support.__file__).parent / support.FILE).exists()


def main(arguments: Sequence[str]) -> None:
    """Compute or read the numbers, report, and write what is shipped."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.fit_verifier")
    parser.add_argument("claims", nargs="+", type=Path)
    parser.add_argument("--train", type=Path)
    parser.add_argument("--rows", type=Path)
    parser.add_argument("--write", action="store_true")
    chosen = parser.parse_args(arguments)
    if chosen.rows and chosen.rows.exists():
        sets, common = load_rows(chosen.rows)
    else:
        sets, common = computed(chosen.claims, chosen.train)
        if chosen.rows:
            keep_rows(chosen.rows, sets, common)
    claim_sets = [s for s in sets if not s.name.startswith("train/")]
    rarity = rarity_of(common)
    left_out(sets, claim_sets, rarity)
    final = network(sets, rarity)
    for one in claim_sets:
        kept = replace(one, x=one.x[~one.fitted], supported=one.supported[~one.fitted])
        print(report(f"{one.name}, this fit, report half", kept.supported, final.chance(kept.x)))
    if chosen.write:
        write(final, common, Path(support.__file__).parent / support.FILE)


def keep_rows(path: Path, sets: Sequence[Rows], common: Sequence[str]) -> None:
    """Keep the numbers for the next run."""
    arrays = {f"{s.name}|{k}": getattr(s, k) for s in sets for k in ("x", "supported", "fitted")}
    np.savez(path, **arrays, common=np.array(common))


def load_rows(path: Path) -> tuple[list[Rows], list[str]]:
    """Return what `keep_rows` kept."""
    with np.load(path, allow_pickle=False) as kept:
        names = dict.fromkeys(key.split("|")[0] for key in kept.files if "|" in key)
        sets = [Rows(n, *(kept[f"{n}|{k}"] for k in ("x", "supported", "fitted"))) for n in names]
        return sets, kept["common"].tolist()


if __name__ == "__main__":
    main(sys.argv[1:])
