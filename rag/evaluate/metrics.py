"""Score rankings, answers and probabilities against gold. Pure functions, nothing of ours in."""

import re
import string
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from rag.errors import ExtraMissing
from rag.evaluate.bootstrap import Values

RANKING = ("ndcg@10", "recall@5", "recall@20", "mrr@10")
BINS = 10
"""Into how many equal parts [0, 1] is cut to see whether scores can be taken as chances."""
_ARTICLES = re.compile(r"\b(a|an|the)\b")


def ranking_scores(
    qrels: Mapping[str, Mapping[str, int]], runs: Mapping[str, Mapping[str, float]]
) -> dict[str, dict[str, float]]:
    """Return measure to question id to score, in [0, 1], higher is better.

    Args:
        qrels: Question id to document id to grade.
        runs: Question id to document id to score, higher is better.

    Raises:
        ExtraMissing: If ir-measures is not installed.
    """
    try:
        from ir_measures import RR, R, iter_calc, nDCG  # noqa: PLC0415  (an extra)
    except ImportError as error:
        raise ExtraMissing("scoring rankings", "eval") from error
    names = dict(zip((nDCG @ 10, R @ 5, R @ 20, RR @ 10), RANKING, strict=True))
    scores: dict[str, dict[str, float]] = {name: dict.fromkeys(qrels, 0.0) for name in RANKING}
    found = {id_: dict(run) for id_, run in runs.items() if run and id_ in qrels}
    wanted = {id_: dict(grades) for id_, grades in qrels.items()}
    for metric in iter_calc(list(names), wanted, found) if found else ():
        scores[names[metric.measure]][metric.query_id] = float(metric.value)
    return scores


def normalised(text: str) -> list[str]:
    """Return the words of `text` as SQuAD compares them: no case, punctuation or articles."""
    plain = "".join(c for c in text.lower() if c not in string.punctuation)
    return _ARTICLES.sub(" ", plain).split()


def token_f1(answer: str, golds: Sequence[str]) -> float:
    """Return the best token F1 of `answer` against `golds`, in [0, 1]."""
    return max((_f1(normalised(answer), normalised(gold)) for gold in golds), default=0.0)


def contains(answer: str, golds: Sequence[str]) -> bool:
    """Return whether `answer` contains a gold text, word for word."""
    said = f" {' '.join(normalised(answer))} "
    return any(f" {' '.join(normalised(gold))} " in said for gold in golds if normalised(gold))


def risk_at(confidence: Values, wrong: Values, coverage: float) -> float:
    """Return the share of wrong answers among the most confident ones, in [0, 1].

    Args:
        confidence: Shape (n,), higher is surer; ties count as the mean of their order.
        wrong: 1 where the answer is wrong, shape (n,).
        coverage: Share of the answers that is kept, in (0, 1]; at least one is.
    """
    if not len(wrong):
        return float("nan")
    kept = max(1, int(np.floor(coverage * len(wrong) + 1e-9)))
    return float(_selective_risk(confidence, wrong)[kept - 1])


def aurc(confidence: Values, wrong: Values) -> float:
    """Return the area under the risk-coverage curve (Geifman and others, 2019), lower is better.

    The mean of the selective risk over the coverages 1/n, 2/n, ... 1. Shapes (n,).
    """
    return float(_selective_risk(confidence, wrong).mean()) if len(wrong) else float("nan")


def risk_curve(confidence: Values, wrong: Values) -> list[tuple[float, float]]:
    """Return (coverage, risk) at every number of answers kept, most confident first."""
    n = len(wrong)
    risks = _selective_risk(confidence, wrong) if n else ()
    return [(kept / n, float(risk)) for kept, risk in enumerate(risks, 1)]


def _selective_risk(confidence: Values, wrong: Values) -> Values:
    """Return the risk of the k most confident, k from 1 to n, shape (n,)."""
    _, tied, counts = np.unique(-confidence, return_inverse=True, return_counts=True)
    fair = np.bincount(tied, weights=wrong) / counts  # tied answers come in no order
    expected = fair[np.sort(tied)]
    return np.asarray(np.cumsum(expected) / np.arange(1, len(wrong) + 1), np.float64)


def balanced_accuracy(truth: Values, said: Values) -> float:
    """Return the mean of the recalls of both labels; nan when one does not occur."""
    yes, no = truth > 0, truth <= 0
    if not yes.any() or not no.any():
        return float("nan")
    return float(((said[yes] > 0).mean() + (said[no] <= 0).mean()) / 2)


def auc(truth: Values, scores: Values) -> float:
    """Return the chance that a true item scores above a false one, ties half; nan for one label."""
    positive = int((truth > 0).sum())
    negative = len(truth) - positive
    if not positive or not negative:
        return float("nan")
    _, tied, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[tied]  # mean rank of ties, from 1
    return float((ranks[truth > 0].sum() - positive * (positive + 1) / 2) / (positive * negative))


def calibration_error(truth: Values, scores: Values, bins: int = BINS) -> float:
    """Return the expected calibration error over equal bins of [0, 1], lower is better.

    The mean distance, over all items, between the mean score of an item's bin and the share
    of true items in it (Naeini and others, 2015).
    """
    if not len(truth):
        return float("nan")
    gaps = np.bincount(_bins(scores, bins), weights=scores - truth, minlength=bins)
    return float(np.abs(gaps).sum() / len(truth))


def reliability(truth: Values, scores: Values, bins: int = BINS) -> list[dict[str, float]]:
    """Return of each bin of [0, 1] that has items its ends, `n`, mean score and share of true."""
    places = _bins(scores, bins)
    return [
        {
            "low": place / bins,
            "high": (place + 1) / bins,
            "n": int((places == place).sum()),
            "score": float(scores[places == place].mean()),
            "true": float(truth[places == place].mean()),
        }
        for place in sorted(set(places.tolist()))
    ]


def _bins(scores: Values, bins: int) -> npt.NDArray[np.int64]:
    return np.clip((scores * bins).astype(np.int64), 0, bins - 1)


def kappa(truth: Values, said: Values) -> float:
    """Return Cohen's kappa of two judges with two labels; nan when chance alone explains all."""
    if not len(truth):
        return float("nan")
    agreed = float((truth == said).mean())
    yes, no = truth.mean() * said.mean(), (1 - truth.mean()) * (1 - said.mean())
    by_chance = float(yes + no)
    return (agreed - by_chance) / (1 - by_chance) if by_chance < 1 else float("nan")


def _f1(said: Sequence[str], gold: Sequence[str]) -> float:
    shared = (Counter(said) & Counter(gold)).total()
    if not shared:
        return 0.0
    precision, recall = shared / len(said), shared / len(gold)
    return 2 * precision * recall / (precision + recall)
