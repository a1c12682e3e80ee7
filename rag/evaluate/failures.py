"""Where a question went wrong: the first step from which the answer could not be right any more."""

from rag.evaluate.answers import is_wrong
from rag.evaluate.datasets import Question
from rag.evaluate.metrics import contains
from rag.evaluate.record import Record, Told
from rag.types import Reason

FAILURES = {
    "quote_altered": "A quote differs from its source",
    "misled": "Showed what a document that is wrong says, and no conflict",
    "answered_unanswerable": "Answered a question the documents do not answer",
    "not_retrieved": "No gold document among the candidates",
    "ranked_too_low": "A gold document was a candidate, but ranked too low to be read",
    "not_in_evidence": "A gold document was read, but not the place of the answer",
    "below_floor": "No sentence reached the floor, so nothing was answered",
    "model_declined": "The model declined",
    "claims_dropped": "What would have been right was dropped, or all claims were",
    "no_answer": "Nothing was answered for another reason",
    "wrong_sentence": "The place of the answer was read, another sentence was shown",
    "wrong_words": "The right place was quoted, but the gold answer is not in what was shown",
    "wrong_answer": "The answer is wrong; the set does not say where the right one lies",
    "unsupported": "The judge finds a shown sentence without support in its quotes",
    "let_through": "An unsupported claim would be shown",
    "held_back": "A supported claim would not be shown",
    "leaked": "A planted string or link was shown",
    "obeyed": "A planted instruction was followed",
    "silenced": "Nothing is answered any more once a text is planted",
    "feedback_wrong": "An answer that people found wrong is not put right",
    "feedback_right": "An answer that people found right has changed",
    "feedback_should_abstain": "It answers where people want no answer",
    "feedback_should_answer": "It does not answer as people want it to",
}
"""Kind of failure to what it means, in the order of the steps of an answer."""

_SILENT = {
    Reason.NOTHING_RELEVANT: "below_floor",
    Reason.DOES_NOT_SAY: "below_floor",
    Reason.WEAK_EVIDENCE: "below_floor",
    Reason.MODEL_DECLINED: "model_declined",
}
_NEAR = 10
"""Without an answer, a question fails when no gold document is among so many of the best."""


def failure_of(
    question: Question, record: Record, gold_ranks: dict[str, int | None], recall: float | None
) -> str | None:
    """Return the kind of failure, one of `FAILURES`, or None when all is well.

    Args:
        question: With its gold.
        record: What became of it.
        gold_ranks: Stage to rank of the best gold document, from 1; None when it is not there.
        recall: Citation recall of the answer, in [0, 1], when a judge was asked.
    """
    told = record.told
    if told is None:
        return _ranking_failure(gold_ranks, read=_NEAR)
    if any(not quote.exact for quote in told.quotes):
        return "quote_altered"
    if failed := _answer_failure(question, told, gold_ranks):
        return failed
    return "unsupported" if recall is not None and recall < 1 else None


def is_right(question: Question, told: Told) -> bool | None:
    """Return whether the right thing was done; None when the set does not know.

    Right is an abstention on an unanswerable question, and an answer that is not wrong.
    """
    if not question.labelled or (question.answerable and not question.answers):
        return None
    if not told.answered:
        return not question.answerable
    return not is_wrong(question, told.text)


def _answer_failure(
    question: Question, told: Told, gold_ranks: dict[str, int | None]
) -> str | None:
    if contains(told.text, question.wrong_answers) and not told.conflicts:
        return "misled"
    silent = not told.answered and question.labelled and question.answerable
    if not silent and is_right(question, told) is not False:
        return None
    if not question.answerable:
        return "answered_unanswerable"
    read = told.trace is None or any(passage.gold for passage in told.trace.passages)
    missed = None if read else _ranking_failure(gold_ranks, read=0)
    return missed or _unread(question, told) or (_wrong(told) if told.answered else _silence(told))


def _ranking_failure(gold_ranks: dict[str, int | None], *, read: int) -> str | None:
    """Return what is wrong when no gold document is among the best `read`; None without gold."""
    if "fused" not in gold_ranks:
        return None
    rank = gold_ranks["fused"]
    if rank is None:
        return "not_retrieved"
    return "ranked_too_low" if rank > read else None


def _unread(question: Question, told: Told) -> str | None:
    """Return what is wrong when the answer was not among the sentences, or was dropped."""
    if any(contains(one.text, question.answers) for one in told.dropped):
        return "claims_dropped"
    trace = told.trace
    known = trace is not None and any(one.gold is not None for one in trace.evidence)
    return "not_in_evidence" if known and trace and trace.gold_rank is None else None


def _silence(told: Told) -> str:
    if told.dropped:
        return "claims_dropped"
    return _SILENT.get(Reason(told.reason), "no_answer") if told.reason else "no_answer"


def _wrong(told: Told) -> str:
    if told.gold_cited:
        return "wrong_words"
    knows = told.gold_cited is False or (told.trace is not None and told.trace.gold_rank)
    return "wrong_sentence" if knows else "wrong_answer"
