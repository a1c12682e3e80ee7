"""Question sets (BEIR files, gold in the query's metadata) and claim sets.

Gold is read for scoring alone. The metadata of a corpus document may say that it is poison,
and stays out of everything the pipeline sees: `readable` hands on id, title and text.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from glob import escape
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np

from rag.corpus.normalize import one_line
from rag.errors import LoadError
from rag.evaluate.lines import Line, json_lines, read_lines
from rag.types import Filter

__all__ = [
    "Claimed",
    "Question",
    "QuestionSet",
    "half",
    "json_lines",
    "read_claims",
    "sampled",
    "unique",
]

HALVES = ("calibrate", "report")
_HEADER = ["query-id", "corpus-id", "score"]


@dataclass(frozen=True, slots=True)
class Question:
    """One question and what is known about its answer."""

    id: str
    text: str
    answerable: bool = True
    answers: tuple[str, ...] = ()
    wrong_answers: tuple[str, ...] = ()
    """What misinformation in the corpus answers."""
    scope: tuple[str, ...] = ()
    """Ids of the corpus documents it may be answered from; empty for all."""
    gold_sentences: tuple[str, ...] = ()
    spans: tuple[tuple[int, int], ...] = ()
    """Gold ranges, in characters of the relevant document's text as the corpus file has it."""
    page: int | None = None
    labelled: bool = False
    """Whether the set says anything about the answer, or about there being one."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """One item of a claim set."""

    id: str
    claim: str
    evidence: tuple[str, ...]
    supported: bool
    source: str = ""


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """A corpus, questions about it, and which documents are relevant to each."""

    name: str
    folder: Path
    corpus: Path
    documents: Mapping[str, str]
    """Corpus ids by the name under which they are ingested: the id on one line."""
    questions: tuple[Question, ...]
    qrels: Mapping[str, Mapping[str, int]]
    sha256: str
    """Of corpus, questions and qrels."""

    @classmethod
    def read(cls, folder: Path) -> "QuestionSet":
        """Read `corpus.jsonl` (or `corpus/`), `queries.jsonl` and `qrels/test.tsv`.

        Raises:
            LoadError: Naming file and line, if a file is missing or empty, an id comes twice,
                a scope or qrel names what is not there, or a line is not what the format says.
        """
        corpus = folder / "corpus.jsonl"
        corpus = corpus if corpus.exists() else folder / "corpus"
        if not corpus.exists():
            raise LoadError(f"no corpus.jsonl and no corpus/ in {folder}; a question set has one")
        ids = frozenset(_ids(corpus))
        queries = list(unique(read_lines(folder / "queries.jsonl")))
        questions = tuple(_question(line, ids) for line in queries)
        qrels_file = folder / "qrels" / "test.tsv"
        qrels = _qrels(qrels_file, {q.id for q in questions}, ids)
        documents = {one_line(id_): id_ for id_ in ids}
        sha256 = _digest([*_files(corpus), folder / "queries.jsonl", qrels_file])
        return cls(folder.resolve().name, folder, corpus, documents, questions, qrels, sha256)

    def source_of(self, id_: str) -> str:
        """Return the source under which the corpus document `id_` is ingested."""
        joint = "#" if self.corpus.suffix == ".jsonl" else "/"
        return f"{self.corpus.name}{joint}{one_line(id_)}"

    def ids_of(self, sources: Iterable[str]) -> list[str]:
        """Return the corpus ids that were ingested under `sources`; unknown ones are left out.

        A file of a folder may become several documents (`table.json#3`); all bear its id.
        """
        known = self.documents
        root = self.source_of("")
        names = [source[len(root) :] for source in sources if source.startswith(root)]
        found = [known.get(name) or known.get(name.rsplit("#", 1)[0]) for name in names]
        return list(dict.fromkeys(id_ for id_ in found if id_ is not None))

    def scope_of(self, question: Question) -> Filter:
        """Return the filter that keeps `question` within its scope."""
        sources = [escape(self.source_of(id_)) for id_ in question.scope]
        if self.corpus.is_dir():  # a file may have become several documents
            sources += [f"{source}#*" for source in sources]
        return Filter(sources=tuple(sources))

    def readable(self) -> Iterator[dict[str, str]]:
        """Yield id, title and text of each line of `corpus.jsonl` that has a text or a title."""
        for line in read_lines(self.corpus):
            title, text = (str(line.row.get(key) or "") for key in ("title", "text"))
            if text.strip() or title.strip():
                yield {"_id": line.text("_id"), "title": title, "text": text or title}

    def texts_of(self, ids: Iterable[str]) -> dict[str, str]:
        """Return the text of corpus lines by id; files of a folder have none."""
        wanted = set(ids)
        if not wanted or self.corpus.suffix != ".jsonl":
            return {}
        return {row["_id"]: row["text"] for row in self.readable() if row["_id"] in wanted}


def read_claims(path: Path) -> list[Claimed]:
    """Return the items of a claim set: a `claims.jsonl`, or the folder that holds one.

    Raises:
        LoadError: Naming file and line, if it is not what the format says.
    """
    path = path / "claims.jsonl" if path.is_dir() else path
    return [_claimed(line) for line in unique(read_lines(path))]


def half(id_: str) -> str:
    """Return "calibrate" or "report" for an id, by a hash that never changes."""
    return HALVES[hashlib.sha256(id_.encode()).digest()[0] % 2]


class _Named(Protocol):
    @property
    def id(self) -> str: ...


_Item = TypeVar("_Item", bound=_Named)


def sampled(
    items: Sequence[_Item], *, split: str | None, limit: int | None, seed: int
) -> list[_Item]:
    """Return the items of one half, or of both, and at most `limit` of them drawn by `seed`."""
    kept = [item for item in items if split in (None, half(item.id))]
    if limit is None or limit >= len(kept):
        return kept
    rows = np.random.default_rng(seed).choice(len(kept), size=limit, replace=False)
    return [kept[row] for row in sorted(rows.tolist())]


def unique(lines: Iterable[Line]) -> Iterator[Line]:
    """Yield lines whose `_id` is new.

    Raises:
        LoadError: Naming both places, if an id comes twice.
    """
    """Yield lines, each with an id of its own.

    Raises:
        LoadError: Naming both lines, if an id comes twice.
    """
    places: dict[str, str] = {}
    for line in lines:
        id_ = line.text("_id")
        if id_ in places:
            raise LoadError(f"{line.place}: the id {id_!r} was used before ({places[id_]})")
        places[id_] = line.place
        yield line


def _ids(corpus: Path) -> list[str]:
    if corpus.suffix == ".jsonl":
        return [line.text("_id") for line in unique(read_lines(corpus))]
    ids = [path.relative_to(corpus).as_posix() for path in _files(corpus)]
    if not ids:
        raise LoadError(f"{corpus} holds no file; put the documents there")
    return ids


def _files(corpus: Path) -> list[Path]:
    return sorted(p for p in corpus.rglob("*") if p.is_file()) if corpus.is_dir() else [corpus]


def _digest(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        if path.exists():
            digest.update(hashlib.sha256(path.read_bytes()).digest())
            digest.update(path.name.encode("utf-8", "surrogateescape") + b"\0")
    return digest.hexdigest()


def corpus_digest(corpus: Path) -> str:
    """Return a hash of a corpus: the names and bytes of its files."""
    root = corpus if corpus.is_dir() else corpus.parent
    digest = hashlib.sha256()
    for path in _files(corpus):
        digest.update(hashlib.sha256(path.read_bytes()).digest())
        digest.update(str(path.relative_to(root)).encode("utf-8", "surrogateescape") + b"\0")
    return digest.hexdigest()


def _question(line: Line, documents: frozenset[str]) -> Question:
    gold = line.about()
    scope = gold.texts("scope")
    if unknown := [id_ for id_ in scope if id_ not in documents]:
        raise LoadError(f"{line.place}: 'scope' names {unknown[0]!r}, which is not in the corpus")
    page = gold.row.get("page")
    question = Question(
        line.text("_id"),
        line.text("text"),
        gold.switch("answerable", default=True),
        gold.texts("answers"),
        gold.texts("wrong_answers"),
        scope,
        gold.texts("gold_sentences"),
        gold.ranges("spans"),
        page if isinstance(page, int) else None,
    )
    labelled = "answerable" in gold.row or bool(question.answers)
    return replace(question, labelled=labelled)


def _claimed(line: Line) -> Claimed:
    label = line.text("label")
    if label not in {"supported", "unsupported"}:
        raise LoadError(f"{line.place}: 'label' is supported or unsupported, and is {label!r}")
    evidence = line.texts("evidence")
    if not evidence:
        raise LoadError(f"{line.place} has no 'evidence': it must be a list of texts")
    source = str(line.row.get("source") or "")
    return Claimed(line.text("_id"), line.text("claim"), evidence, label == "supported", source)


def _qrels(path: Path, questions: set[str], documents: frozenset[str]) -> dict[str, dict[str, int]]:
    if not path.exists():
        return {}
    lines = path.read_text(encoding="utf-8").split("\n")
    if lines[0].rstrip("\r").split("\t") != _HEADER:
        raise LoadError(f"{path}, line 1 must be {'<tab>'.join(_HEADER)}, and is {lines[0]!r}")
    qrels: dict[str, dict[str, int]] = {}
    for number, line in enumerate(lines[1:], 2):
        if line.strip():
            query, document, grade = _qrel(f"{path}, line {number}", line, questions, documents)
            qrels.setdefault(query, {})[document] = grade
    return qrels


def _qrel(
    place: str, line: str, questions: set[str], documents: frozenset[str]
) -> tuple[str, str, int]:
    cells = line.rstrip("\r").split("\t")
    if len(cells) != 3 or not cells[2].lstrip("-").isdigit():
        raise LoadError(f"{place} must be query, document and a whole number, and is {line!r}")
    if cells[0] not in questions:
        raise LoadError(f"{place} names the question {cells[0]!r}, which is not in queries.jsonl")
    if cells[1] not in documents:
        raise LoadError(f"{place} names the document {cells[1]!r}, which is not in the corpus")
    return cells[0], cells[1], int(cells[2])
