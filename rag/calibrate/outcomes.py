"""Ask with the gate open, and note how sure each answer was and whether it is wrong."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from rag.answer.evidence.confidence import OPEN
from rag.calibrate.threshold import Answers
from rag.errors import GeneratorFailed
from rag.evaluate.answers import is_wrong
from rag.evaluate.datasets import Question
from rag.ingest import Progress
from rag.pipeline import Pipeline
from rag.types import Answer, Filter, Mode, Reason


@dataclass(frozen=True, slots=True)
class Asked:
    """A question and where its answer may come from."""

    question: Question
    kind: str
    within: Filter = field(default_factory=Filter)
    by_place: bool = False
    """Whether quoting the sentence the question was made from is right in itself."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one question with the gate open."""

    id: str
    kind: str
    score: float
    answered: bool
    wrong: bool


def ask_all(
    pipeline: Pipeline, questions: Sequence[Asked], mode: Mode, progress: Progress
) -> list[Outcome]:
    """Return what comes of each question when nothing is held back for being unsure.

    Raises:
        GeneratorFailed: If a question was answered with quotes because the generator failed:
            that says nothing about its answers.
    """
    opened = replace(pipeline, calibrations={mode: OPEN})
    opened.embedder.embed_queries(["warm"])
    found = []
    for number, asked in enumerate(questions, 1):
        answer = opened.ask(asked.question.text, mode=mode, filter_=asked.within)
        if answer.reason is Reason.GENERATOR_FAILED:
            raise GeneratorFailed(
                f"the generator failed at {asked.question.text!r}, and quotes in its place would "
                "calibrate something else; see `rag doctor`, or calibrate --mode extractive"
            )
        found.append(judged(asked, answer))
        progress("ask", number, len(questions), asked.question.text)
    return found


def judged(asked: Asked, answer: Answer) -> Outcome:
    """Return whether `answer` says anything, and whether that is wrong (`is_wrong`)."""
    text = " ".join(verdict.claim.text for verdict in answer.verdicts)
    wrong = is_wrong(asked.question, text)
    if wrong and asked.by_place and asked.question.answerable:
        wrong = not _quotes(answer, asked.question.gold_sentences)
    question = asked.question
    return Outcome(question.id, asked.kind, answer.confidence, bool(answer.verdicts), wrong)


def answers_of(outcomes: Iterable[Outcome]) -> Answers:
    """Return the scores of what was answered, and what of it is wrong."""
    every = list(outcomes)
    shown = [one for one in every if one.answered]
    scores = np.asarray([one.score for one in shown], np.float64)
    return Answers(scores, np.asarray([one.wrong for one in shown], np.bool_), len(every))


def _quotes(answer: Answer, sentences: Sequence[str]) -> bool:
    quotes = [" ".join(citation.quote.split()) for citation in answer.citations]
    return any(" ".join(one.split()) in quote for one in sentences for quote in quotes)
