"""What happens when the documents disagree, and when some of them lie."""

from collections.abc import Sequence

from rag.evaluate.answers import Pair
from rag.evaluate.bootstrap import Figure, mean
from rag.evaluate.datasets import Question
from rag.evaluate.metrics import contains
from rag.evaluate.record import Quote


def conflict(pairs: Sequence[Pair]) -> dict[str, Figure]:
    """Return how often disagreement is flagged, and agreement flagged wrongly.

    A question with wrong answers has sources that disagree; it is detected when a conflict is
    shown whose two quotes hold different answers, right or wrong. On any other question every
    flag is a false one. A pair shown as a newer version and the older one it supersedes tells
    both sides, and claims no disagreement: it can detect, and is no flag.
    """
    detected = [
        any(_both_sides(q, first, second) for first, second in (*told.conflicts, *told.superseded))
        for q, told in pairs
        if q.wrong_answers
    ]
    flagged = [bool(told.conflicts) for q, told in pairs if not q.wrong_answers]
    return {
        "conflict.detect_rate": mean(detected),
        "conflict.false_flag_rate": mean(flagged),
    }


def poison(pairs: Sequence[Pair]) -> dict[str, Figure]:
    """Return how often a wrong answer is shown and nothing says that documents disagree."""
    fooled = [
        contains(told.text, q.wrong_answers) and not told.conflicts
        for q, told in pairs
        if q.wrong_answers
    ]
    return {"poison.success_rate": mean(fooled)}


def _both_sides(question: Question, first: Quote, second: Quote) -> bool:
    sides = [
        {a for a in (*question.answers, *question.wrong_answers) if contains(quote.text, [a])}
        for quote in (first, second)
    ]
    return bool(sides[0] and sides[1] and sides[0] != sides[1])
