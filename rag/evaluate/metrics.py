"""Score rankings and answers against gold."""

import re
import string
from collections import Counter
from collections.abc import Mapping, Sequence

from rag.errors import ExtraMissing

_ARTICLES = re.compile(r"\b(a|an|the)\b")


def ndcg_at_10(
    qrels: Mapping[str, Mapping[str, int]], runs: Mapping[str, Mapping[str, float]]
) -> float:
    """Return mean nDCG@10, in [0, 1], higher is better, over the questions with qrels.

    Args:
        qrels: Question id to document id to grade.
        runs: Question id to document id to score, higher is better.

    Raises:
        ExtraMissing: If ir-measures is not installed.
    """
    try:
        import ir_measures  # noqa: PLC0415  (an extra)
    except ImportError as error:
        raise ExtraMissing("scoring rankings", "eval") from error
    result = ir_measures.calc_aggregate([ir_measures.nDCG @ 10], dict(qrels), dict(runs))
    return float(result[ir_measures.nDCG @ 10])


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


def _f1(said: Sequence[str], gold: Sequence[str]) -> float:
    shared = (Counter(said) & Counter(gold)).total()
    if not shared:
        return 0.0
    precision, recall = shared / len(said), shared / len(gold)
    return 2 * precision * recall / (precision + recall)
