"""Ask again what people judged, and say which judgements the live build meets."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rag.errors import LoadError, QuestionError
from rag.evaluate.bootstrap import Figure, mean
from rag.evaluate.feedback import Cited, Feedback, Judgement, read, shown
from rag.evaluate.lab import Lab, Result
from rag.evaluate.metrics import contains, normalised
from rag.evaluate.plan import Plan
from rag.evaluate.rows import Row
from rag.index.layout import IndexFolder
from rag.index.reading import check_exists
from rag.ingest import Progress
from rag.pipeline import Pipeline
from rag.text import sentences
from rag.types import Answer, Mode, Outcome, Span


@dataclass(frozen=True, slots=True)
class Replayed:
    """One judgement and what is answered now; `why` says what is amiss, None when nothing is."""

    feedback: Feedback
    now: str
    why: str | None

    def to_dict(self) -> dict[str, object]:
        """Return plain values."""
        one = self.feedback
        return {
            "id": one.id,
            "question": one.question,
            "verdict": one.verdict.value,
            "reason": one.reason,
            "expected": one.expected,
            "then": one.text,
            "now": self.now,
            "passed": self.why is None,
            "why": self.why,
        }

    def to_row(self) -> Row:
        """Return the row of this judgement, ready for JSON."""
        failure = None if self.why is None else f"feedback_{self.feedback.verdict.value}"
        metrics = {"feedback.passed": float(self.why is None)}
        return {"kind": "feedback", **self.to_dict(), "failure": failure, "metrics": metrics}


def replayed(feedback: Feedback, pipeline: Pipeline, mode: Mode) -> Replayed:
    """Return what `pipeline` makes of a judged question now.

    A filter that admits nothing any more is an answer that cannot be given, and fails.
    """
    try:
        answer = pipeline.ask(feedback.question, mode=mode, filter_=feedback.filter)
    except QuestionError as error:
        return Replayed(feedback, "", f"it can no longer be asked: {error}")
    return Replayed(feedback, shown(answer), amiss(feedback, answer))


def amiss(feedback: Feedback, answer: Answer) -> str | None:
    """Return in words why `answer` does not meet the judgement; None when it does.

    - right: as before; an answer cites one of the places it cited, or holds the expected text.
    - wrong: another answer or none, which holds the expected text if one was given.
    - should_abstain: no answer.
    - should_answer: an answer, which holds the expected text if one was given.
    """
    abstains = answer.outcome is Outcome.ABSTAINED
    match feedback.verdict:
        case Judgement.SHOULD_ABSTAIN:
            return None if abstains else "it still answers"
        case Judgement.SHOULD_ANSWER:
            return "it still does not answer" if abstains else _lacks(feedback, answer)
        case Judgement.WRONG:
            same = _says_no_other(feedback.text, answer)
            return "it still says the same" if same else _lacks(feedback, answer)
        case Judgement.RIGHT:
            return _changed(feedback, answer, abstains=abstains)


def feedback_figures(done: Sequence[Replayed]) -> dict[str, Figure]:
    """Return the share of judgements that the live build meets."""
    return {"feedback.passed": mean([one.why is None for one in done])}


def failing_first(done: Sequence[Replayed]) -> list[dict[str, object]]:
    """Return the results as plain values, those that fail before the others."""
    return [one.to_dict() for one in sorted(done, key=lambda one: one.why is None)]


def failing_lines(rows: Sequence[Mapping[str, object]]) -> Iterator[str]:
    """Yield a line for every judgement that is not met."""
    for row in rows:
        if not row["passed"]:
            yield f"FAIL {row['id']} ({row['verdict']}) {row['question']}: {row['why']}"


def _says_no_other(then: str, answer: Answer) -> bool:
    """Return whether each sentence of one answer is in the other; silence equals only silence."""
    now = shown(answer)
    if not (normalised(now) and normalised(then)):
        return normalised(now) == normalised(then)
    new = [verdict.claim.text for verdict in answer.verdicts]
    old = [then[span.start : span.end] for span in sentences(then, Span(0, len(then)))]
    return _all_in(new, then) or _all_in(old, now)


def _all_in(texts: Sequence[str], whole: str) -> bool:
    return all(contains(whole, [text]) for text in texts if normalised(text))


def _lacks(feedback: Feedback, answer: Answer) -> str | None:
    if not feedback.expected or contains(shown(answer), [feedback.expected]):
        return None
    return f"it does not say {feedback.expected!r}"


def _changed(feedback: Feedback, answer: Answer, *, abstains: bool) -> str | None:
    silent = feedback.outcome == Outcome.ABSTAINED
    if silent or abstains:
        then, now = ("no answer" if quiet else "an answer" for quiet in (silent, abstains))
        return None if then == now else f"there was {then}, and now there is {now}"
    if feedback.expected and contains(shown(answer), [feedback.expected]):
        return None
    cited = [Cited.of(citation) for citation in answer.citations]
    if any(_same_place(then, now) for then in feedback.cited for now in cited):
        return None
    return "it no longer cites any of the places it cited"


def _same_place(then: Cited, now: Cited) -> bool:
    """Return whether both quote the same characters, or the same text in a changed document."""
    if then.document_id != now.document_id:
        return False
    overlap = then.start < now.end and now.start < then.end
    same = normalised(then.quote) == normalised(now.quote)
    return same or (overlap and bool(set(normalised(then.quote)) & set(normalised(now.quote))))


def replay_feedback(plan: Plan, lab: Lab, progress: Progress) -> Result:
    """Return how much of the feedback of an index its live build meets.

    Raises:
        LoadError: If nothing is kept, or a line of the file is not what it should be.
    """
    folder = IndexFolder(plan.folder)
    check_exists(folder)
    kept = read(folder)
    if not kept:
        raise LoadError(
            f"nothing is kept in {folder.feedback}; add what you think of an answer: "
            f'rag feedback add -i {folder.name} "question" --verdict right'
        )
    sha256 = hashlib.sha256(folder.feedback.read_bytes()).hexdigest()
    result = Result(plan, folder.name, sha256, ("feedback",), index=folder.name)
    done: list[Replayed] = []
    pipeline = lab.open(folder.name)
    try:
        for one in kept:
            mode = Mode(one.mode) if plan.as_judged else plan.mode
            done.append(replayed(one, pipeline, mode))
            progress("ask", len(done), len(kept), one.question)
    except KeyboardInterrupt:
        result.partial = True
    finally:
        pipeline.snapshot.close()
    result.questions = len(done)
    result.figures |= feedback_figures(done)
    result.items["feedback"] = failing_first(done)
    result.rows += [one.to_row() for one in done]
    return result
