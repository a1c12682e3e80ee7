"""Are the answers right, and does the pipeline know when it has none."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from rag.evaluate.bootstrap import Figure, Rows, Values, figure, mean
from rag.evaluate.datasets import Question
from rag.evaluate.metrics import (
    aurc,
    calibration_error,
    contains,
    reliability,
    risk_at,
    token_f1,
)
from rag.evaluate.record import Told

COVERAGES = (0.25, 0.5, 0.75, 1.0)
RIGHT_F1 = 0.5
"""From this token F1 on, an answer that holds no gold text word for word is right too."""

Pair = tuple[Question, Told]


def answers(pairs: Sequence[Pair]) -> dict[str, Figure]:
    """Return coverage, F1, gold strings held, gold cited and length.

    F1 and contains are over the answerable questions with a gold answer, an abstention
    counting 0; `*_when_answered` leaves abstentions out.
    """
    golden = [(q, told) for q, told in pairs if q.answerable and q.answers]
    f1 = [token_f1(told.text, q.answers) for q, told in golden]
    held = [contains(told.text, q.answers) for q, told in golden]
    spoken = [told.answered for _, told in golden]
    cited = [
        told.gold_cited
        for q, told in pairs
        if q.answerable and told.answered and told.gold_cited is not None
    ]
    return {
        "answers.coverage": mean([told.answered for _, told in pairs]),
        "answers.f1": mean(f1),
        "answers.contains": mean(held),
        "answers.f1_when_answered": mean(_where(f1, spoken)),
        "answers.contains_when_answered": mean(_where(held, spoken)),
        "answers.gold_evidence": mean(cited),
        "answers.mean_words": mean([len(told.text.split()) for _, told in pairs if told.answered]),
    }


def abstention(pairs: Sequence[Pair]) -> dict[str, Figure]:
    """Return how often it abstained rightly and wrongly, and the risk of what it answered.

    Risk and its curve are over the answered questions whose right answer is known, ranked by
    confidence; coverage is the share of them that is kept, and the figure itself is the risk
    of all. What is wrong says `is_wrong`. The calibration error holds the confidence of the
    same answers against their being right; it, like risk, is lower when better.
    """
    known = [(q, told) for q, told in pairs if q.labelled]
    silent = np.asarray([not told.answered for _, told in known], np.float64)
    answerable = np.asarray([q.answerable for q, _ in known], np.float64)
    spoken = [(q, told) for q, told in known if told.answered and (q.answers or not q.answerable)]
    confidence = np.asarray([told.confidence for _, told in spoken], np.float64)
    wrong = np.asarray([is_wrong(q, told.text) for q, told in spoken], np.float64)
    risks = {f"{c:g}": _risk(confidence, wrong, c).to_dict() for c in COVERAGES}
    return {
        "abstention.on_unanswerable": mean(silent[answerable == 0].tolist()),
        "abstention.on_answerable": mean(silent[answerable == 1].tolist()),
        "abstention.youden": figure(_youden(silent, answerable), len(known)),
        "abstention.aurc": figure(lambda rows: aurc(confidence[rows], wrong[rows]), len(spoken)),
        "abstention.ece": replace(
            figure(lambda rows: calibration_error(1 - wrong[rows], confidence[rows]), len(spoken)),
            notes={"bins": reliability(1 - wrong, confidence)} if spoken else {},
        ),
        "abstention.risk@coverage": replace(_risk(confidence, wrong, 1.0), notes={"at": risks}),
    }


def is_wrong(question: Question, text: str) -> bool:
    """Return whether a shown answer is wrong.

    Any answer to an unanswerable question is; any other when it neither contains a gold
    answer word for word nor reaches a token F1 of `RIGHT_F1` with one.
    """
    if not question.answerable:
        return True
    return not contains(text, question.answers) and token_f1(text, question.answers) < RIGHT_F1


def _youden(silent: Values, answerable: Values) -> Callable[[Rows], float]:
    def of(rows: Rows) -> float:
        quiet, yes = silent[rows], answerable[rows] > 0
        if yes.all() or not yes.any():
            return float("nan")
        return float(quiet[~yes].mean() - quiet[yes].mean())

    return of


def _risk(confidence: Values, wrong: Values, share: float) -> Figure:
    return figure(lambda rows: risk_at(confidence[rows], wrong[rows], share), len(wrong))


def _where(values: Sequence[float | bool], kept: Sequence[bool]) -> list[float | bool]:
    return [value for value, keep in zip(values, kept, strict=True) if keep]
