"""Read question sets: BEIR files whose queries carry answers in their metadata."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from rag.errors import LoadError


@dataclass(frozen=True, slots=True)
class Question:
    """One question and what is known about its answer."""

    id: str
    text: str
    answerable: bool = True
    answers: tuple[str, ...] = ()
    scope: tuple[str, ...] = ()
    """Ids of the corpus documents it may be answered from; empty for all."""


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """A corpus, questions about it, and which documents are relevant to each."""

    name: str
    corpus: Path
    questions: tuple[Question, ...]
    qrels: Mapping[str, Mapping[str, int]]

    @classmethod
    def read(cls, folder: Path) -> "QuestionSet":
        """Read `corpus.jsonl` (or `corpus/`), `queries.jsonl` and `qrels/test.tsv`.

        Raises:
            LoadError: If a file is missing or a line is not what the format says.
        """
        corpus = folder / "corpus.jsonl"
        corpus = corpus if corpus.exists() else folder / "corpus"
        if not corpus.exists():
            raise LoadError(f"no corpus.jsonl and no corpus/ in {folder}")
        questions = tuple(map(_question, json_lines(folder / "queries.jsonl")))
        return cls(folder.name, corpus, questions, _qrels(folder / "qrels" / "test.tsv"))

    def source_of(self, id_: str) -> str:
        """Return the source under which the corpus document `id_` is ingested."""
        joint = "#" if self.corpus.suffix == ".jsonl" else "/"
        return f"{self.corpus.name}{joint}{id_}"

    def id_of(self, source: str) -> str:
        """Return the corpus id of an ingested `source`."""
        return source[len(self.source_of("")) :]


def half(id_: str) -> str:
    """Return "calibrate" or "report" for an id, by a hash that never changes."""
    odd = hashlib.sha256(id_.encode()).digest()[0] % 2
    return "report" if odd else "calibrate"


def json_lines(path: Path) -> Iterator[dict[str, object]]:
    """Yield the objects of a JSON Lines file.

    Raises:
        LoadError: If the file is missing or a line is not a JSON object.
    """
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except OSError as error:
        raise LoadError(f"cannot read {path}: {error.strerror}") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except json.JSONDecodeError as error:
            raise LoadError(f"{path}, line {number} is not JSON: {error}") from error
        if not isinstance(value, dict):
            raise LoadError(f"{path}, line {number} is not an object")
        yield value


def _question(row: Mapping[str, object]) -> Question:
    known = row.get("metadata")
    known = known if isinstance(known, dict) else {}
    return Question(
        str(row["_id"]),
        str(row["text"]),
        bool(known.get("answerable", True)),
        tuple(map(str, known.get("answers", ()))),
        tuple(map(str, known.get("scope", ()))),
    )


def _qrels(path: Path) -> dict[str, dict[str, int]]:
    if not path.exists():
        return {}
    qrels: dict[str, dict[str, int]] = {}
    for line in path.read_text(encoding="utf-8").splitlines()[1:]:
        query, document, score = line.split("\t")
        qrels.setdefault(query, {})[document] = int(score)
    return qrels
