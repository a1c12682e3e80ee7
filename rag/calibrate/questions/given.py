"""Questions that people wrote or corrected: a question set, or a queries.jsonl alone."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from rag.calibrate.outcomes import Asked
from rag.errors import LoadError
from rag.evaluate.datasets import Question, QuestionSet, half, unique
from rag.evaluate.lines import Line, read_lines
from rag.types import Filter


def given(
    path: Path, documents: Sequence[str], *, split: str | None = None
) -> tuple[list[Asked], str]:
    """Return the questions at `path` whose right answer is known, and the hash of their file.

    A set's `scope` holds, since it names documents of the set. A line of a file may name under
    `without` documents that are to be left out, as some made questions do.

    Args:
        path: A folder with `queries.jsonl`, or such a file.
        documents: Ids of the documents of the index.
        split: Only this half, "calibrate" or "report", by a hash of the id.

    Raises:
        LoadError: If there is no such file, a line is not what the format says, or no line
            says what the answer is.
    """
    asked = _of_set(path) if (path / "queries.jsonl").exists() else _of_file(path, documents)
    known = [one for one in asked if one.question.labelled]
    if not known:
        raise LoadError(
            f"no question in {path} says in its metadata what the answer is: give 'answers', "
            'or "answerable": false'
        )
    file = path / "queries.jsonl" if path.is_dir() else path
    kept = [one for one in known if split in (None, half(one.question.id))]
    return kept, hashlib.sha256(file.read_bytes()).hexdigest()


def _of_set(folder: Path) -> list[Asked]:
    questions = QuestionSet.read(folder)
    return [
        Asked(question, _kind(question), questions.scope_of(question))
        for question in questions.questions
        if question.answers or not question.answerable
    ]


def _of_file(path: Path, documents: Sequence[str]) -> list[Asked]:
    if path.is_dir():
        raise LoadError(f"no queries.jsonl in {path}; name a question set or a queries.jsonl")
    return [_asked(line, documents) for line in unique(read_lines(path))]


def _asked(line: Line, documents: Sequence[str]) -> Asked:
    about = line.about()
    answerable = about.switch("answerable", default=True)
    answers, sentences = about.texts("answers"), about.texts("gold_sentences")
    question = Question(
        line.text("_id"),
        line.text("text"),
        answerable,
        answers,
        gold_sentences=sentences,
        labelled=bool(answers) or not answerable,
    )
    kind = str(about.row.get("kind") or _kind(question))
    within = left_out(about.texts("without"), documents)
    return Asked(question, kind, within, by_place=bool(sentences) and "source" in about.row)


def left_out(without: Sequence[str], documents: Sequence[str]) -> Filter:
    """Return the filter that leaves the documents `without` out of `documents`; both are ids."""
    gone = set(without)
    return Filter(documents=tuple(d for d in documents if d not in gone)) if gone else Filter()


def _kind(question: Question) -> str:
    return "answerable" if question.answerable else "unanswerable"
