"""What the steps before an answer worked on: the passages read and the sentences scored.

The pipeline hands on no more than an answer needs, so the sentences are scored a second time
after it; vectors that it computed are remembered, which makes that cheap.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

from rag.answer.evidence.extract import find_evidence
from rag.answer.evidence.remember import Remembering
from rag.evaluate.datasets import Question
from rag.evaluate.gold import Gold
from rag.evaluate.metrics import contains
from rag.evaluate.record import Seen, Trace
from rag.pipeline import Pipeline
from rag.protocols import Reader, Reading
from rag.types import Document, DocumentId, Evidence, Passage, Span

SENTENCES = 3
LONGEST = 240
"""Characters that are kept of a passage or sentence."""


@dataclass
class RememberingReader:
    """Passes a reader through, and gives back what it read last when it is asked the same."""

    reader: Reader
    readings: dict[tuple[str, str], Reading] = field(default_factory=dict[tuple[str, str], Reading])
    recalls: bool = False
    """Off while the pipeline is timed."""

    @property
    def name(self) -> str:
        """Return what the reader is called."""
        return self.reader.name

    def read(self, question: str, texts: Sequence[str]) -> list[Reading]:
        """Return one reading per text."""
        asked = [(question, text) for text in texts]
        if not (self.recalls and all(pair in self.readings for pair in asked)):
            read = self.reader.read(question, texts)
            self.readings = dict(zip(asked, read, strict=True))
        return [self.readings[pair] for pair in asked]


def traced(
    question: Question, passages: Sequence[Passage], pipeline: Pipeline, gold: Gold, floor: float
) -> Trace:
    """Return what `pipeline` had before it when it answered `question`.

    What its embedder and reader remember is used again.
    """
    remembering = [
        part
        for part in (pipeline.embedder, pipeline.reader)
        if isinstance(part, Remembering | RememberingReader)
    ]
    for part in remembering:
        part.recalls = True
    evidence = find_evidence(question.text, passages, pipeline.embedder, pipeline.reader)
    for part in remembering:
        part.recalls = False
    is_gold = _Judge(question, gold, [passage.document for passage in passages])
    seen = [_seen(one, gold=is_gold(one.passage.document.id, one.span)) for one in evidence]
    rank = next((place for place, one in enumerate(seen, 1) if one.gold), None)
    return Trace(
        tuple(_read(passage, gold.in_document(question, passage.document)) for passage in passages),
        tuple(seen[:SENTENCES]),
        floor,
        rank,
        seen[rank - 1] if rank else None,
    )


class _Judge:
    """Says whether a sentence is a gold one: by its place, else by the gold answers it holds."""

    def __init__(self, question: Question, gold: Gold, documents: Sequence[Document]) -> None:
        self._question = question
        self._documents = {document.id: document for document in documents}
        self._spans = cache(lambda id_: gold.spans(question, self._documents[id_]))
        self._inside = cache(lambda id_: gold.in_document(question, self._documents[id_]))

    def __call__(self, id_: DocumentId, span: Span) -> bool | None:
        if not self._question.answerable or self._inside(id_) is None:
            return None
        if not self._inside(id_):
            return False
        if (spans := self._spans(id_)) is not None:
            return any(one.overlaps(span) for one in spans)
        if not self._question.answers:
            return None
        return contains(span.of(self._documents[id_].text), self._question.answers)


def _seen(evidence: Evidence, *, gold: bool | None) -> Seen:
    title = evidence.passage.document.title
    return Seen(shortened(evidence.quote), title, round(evidence.relevance, 4), gold)


def _read(passage: Passage, gold: bool | None) -> Seen:
    text, title = shortened(passage.chunk.text), passage.document.title
    return Seen(text, title, round(passage.relevance, 4), gold)


def shortened(text: str) -> str:
    """Return the beginning of `text` on one line."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"
