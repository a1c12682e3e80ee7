"""Texts planted into copies of documents, each inside a passage that is retrieved.

One index holds every document once as it is, and for each planting a copy of one document with
the text inside. A question is then asked within the documents it may be answered from, with
the copy in the place of its original: all it sees of the planting is that one text. The same
question within the originals is the answer to compare with, from the same index, so that
nothing but the planted text differs.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from pathlib import Path

from rag.errors import SettingsError
from rag.evaluate.attacks.sets import Attack
from rag.evaluate.datasets import Question, QuestionSet
from rag.index.layout import IndexFolder
from rag.index.reading import open_reader
from rag.pipeline import Pipeline
from rag.text import sentences
from rag.types import Document, DocumentId, Filter, Passage, Span

_CORPUS = "corpus.jsonl"
_LINES = re.compile(r"\n+")


class Place(StrEnum):
    """Where in the passage a text is put, always at the border of a sentence."""

    START = "start"
    MIDDLE = "middle"
    END = "end"


@dataclass(frozen=True, slots=True)
class Planting:
    """One text at one place of one passage, and the question that retrieves the passage."""

    attack: Attack
    place: Place
    question: Question
    original: DocumentId
    text: str
    """The whole document, with the text inside."""

    @property
    def id(self) -> str:
        """Return the id of the text and the place."""
        return f"{self.attack.id}@{self.place}"


@dataclass(frozen=True, slots=True)
class Garden:
    """Documents, and plantings into copies of them, as one corpus."""

    documents: Sequence[Document]
    plantings: Sequence[Planting]
    into: QuestionSet

    def written(self, folder: Path) -> QuestionSet:
        """Write the corpus below `folder`, and return it as a set without questions."""
        # A line of stored text is a paragraph, an item or a row; as plain text it needs a blank
        # line after it to stay one.
        rows = {f"d{n}": (d.title, d.text) for n, d in enumerate(self.documents)}
        titles = {document.id: document.title for document in self.documents}
        rows |= {f"p{n}": (titles[p.original], p.text) for n, p in enumerate(self.plantings)}
        text = "".join(
            json.dumps({"_id": id_, "title": title, "text": _LINES.sub("\n\n", body)}) + "\n"
            for id_, (title, body) in rows.items()
        )
        digest = sha256(text.encode()).hexdigest()
        corpus = folder / f"planted-{digest[:16]}" / _CORPUS
        corpus.parent.mkdir(parents=True, exist_ok=True)
        corpus.write_text(text, encoding="utf-8")
        return QuestionSet(
            self.into.name, corpus.parent, corpus, {id_: id_ for id_ in rows}, (), {}, digest
        )

    def around(self, question: Question, row: int | None = None) -> Filter:
        """Return what `question` may see: the originals, or a planting's copy for one of them.

        Args:
            question: Whose scope counts.
            row: Place in `plantings`; None for the originals alone.
        """
        gone = None if row is None else self.plantings[row].original
        names = [
            f"{_CORPUS}#d{n}"
            for n, document in enumerate(self.documents)
            if document.id != gone and self._admits(question, document)
        ]
        return Filter(documents=(*names, *([] if row is None else [self.source_of(row)])))

    def source_of(self, row: int) -> str:
        """Return the source under which the copy of a planting is ingested."""
        return f"{_CORPUS}#p{row}"

    def _admits(self, question: Question, document: Document) -> bool:
        ids = self.into.ids_of((document.source, *document.also))
        return not question.scope or bool(set(ids) & set(question.scope))


def documents_of(folder: IndexFolder) -> list[Document]:
    """Return every document an index holds, by source."""
    with open_reader(folder) as ledger:
        rows = sorted(
            (row for row in ledger.sources() if row.document_id), key=lambda row: row.source
        )
        return [ledger.document(row.document_id) for row in rows]


def plantings(attacks: Sequence[Attack], into: QuestionSet, pipeline: Pipeline) -> list[Planting]:
    """Return each text at each place of the best passage of a question that has an answer.

    The texts of one kind take turns over the questions, which come in an order that is the
    same in every run.

    Args:
        attacks: The whole set, so that a text meets the same question however few are asked.
        into: Whose questions are asked.
        pipeline: Open on the documents of `into` as they are.

    Raises:
        SettingsError: If no question of the set has an answer and a passage.
    """
    asked = [q for q in into.questions if q.answerable and q.answers]
    asked.sort(key=lambda q: sha256(q.id.encode()).digest())
    found = [(question, _best(question, into, pipeline)) for question in asked[: len(attacks)]]
    pool = [(question, passage) for question, passage in found if passage is not None]
    if not pool:
        raise SettingsError(
            f"{into.folder} has no question with 'answers' that retrieves a passage; "
            "name another set by --into"
        )
    return [planting for kind in _kinds(attacks) for planting in _spread(kind, pool)]


def planted_at(text: str, passage: Span, insert: str, place: Place) -> str:
    """Return `text` with `insert` at the start, in the middle or at the end of `passage`.

    Where the border of the sentence is one of a line, the text gets a line of its own.
    """
    found = sentences(text, passage)
    if place is Place.END:
        at = found[-1].end
        joint = "\n" if text[at : at + 1] in ("", "\n") else " "
        return f"{text[:at]}{joint}{insert}{text[at:]}"
    at = found[0 if place is Place.START else len(found) // 2].start
    joint = "\n" if text[at - 1 : at] in ("", "\n") else " "
    return f"{text[:at]}{insert}{joint}{text[at:]}"


def _best(question: Question, into: QuestionSet, pipeline: Pipeline) -> Passage | None:
    passages, _ = pipeline.search(question.text, filter_=into.scope_of(question))
    held = (p for p in passages if sentences(p.document.text, p.chunk.span))
    return next(held, None)


def _kinds(attacks: Sequence[Attack]) -> Iterator[list[Attack]]:
    for kind in dict.fromkeys(attack.kind for attack in attacks):
        yield [attack for attack in attacks if attack.kind is kind]


def _spread(
    attacks: Sequence[Attack], pool: Sequence[tuple[Question, Passage]]
) -> Iterator[Planting]:
    for turn, attack in enumerate(attacks):
        question, passage = pool[turn % len(pool)]
        document = passage.document
        for place in Place:
            text = planted_at(document.text, passage.chunk.span, attack.text.strip(), place)
            yield Planting(attack, place, question, document.id, text)
