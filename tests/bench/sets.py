"""Ingest a question set through the front door, once, and hand out what asks it."""

import sys
from pathlib import Path

from rag.assemble import Rag
from rag.errors import IndexNotFound
from rag.evaluate.datasets import Question, QuestionSet
from rag.settings import Settings
from rag.types import Filter


def opened(folder: Path) -> tuple[QuestionSet, Rag]:
    """Return the set in `folder` and a `Rag` over its corpus, ingesting it if that is new."""
    questions = QuestionSet.read(folder)
    settings = Settings.load()
    name = f"bench-{questions.name}"
    try:
        return questions, Rag.open(name, settings=settings)
    except IndexNotFound:
        print(f"ingesting {questions.corpus} ...", file=sys.stderr)
        Rag.ingest([questions.corpus], name, settings=settings)
        return questions, Rag.open(name, settings=settings)


def scope_of(questions: QuestionSet, question: Question) -> Filter:
    """Return the filter that keeps `question` within its scope."""
    return questions.scope_of(question)
