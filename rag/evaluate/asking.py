"""Ask the pipeline one question of a set, and note everything the figures are made of."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from rag.answer.evidence.remember import Remembering
from rag.errors import QuestionError
from rag.evaluate.datasets import Question, QuestionSet
from rag.evaluate.gold import Gold
from rag.evaluate.record import Dropped, Quote, Record, Said, Told
from rag.evaluate.trace import RememberingReader, traced
from rag.pipeline import Pipeline
from rag.protocols import Generator, Message
from rag.search.retrieve import Candidates
from rag.types import Answer, Citation, Conflict, Hit, Mode, Passage


@dataclass
class Listener:
    """Passes a generator through, and keeps its last draft and the time of its first token."""

    generator: Generator
    draft: str | None = None
    first_token_ms: float | None = None
    name: str = field(init=False)

    def __post_init__(self) -> None:
        """Bear the generator's name."""
        self.name = self.generator.name

    def count_tokens(self, text: str) -> int:
        """Return what the generator counts."""
        return self.generator.count_tokens(text)

    def stream(
        self, messages: Sequence[Message], *, max_tokens: int, deadline: float
    ) -> Iterator[str]:
        """Yield what the generator writes."""
        started = time.perf_counter()
        self.draft, self.first_token_ms = "", None
        for piece in self.generator.stream(messages, max_tokens=max_tokens, deadline=deadline):
            if self.first_token_ms is None:
                self.first_token_ms = 1000 * (time.perf_counter() - started)
            self.draft += piece
            yield piece

    def forget(self) -> None:
        """Drop the last draft, so that it is not taken for the next question's."""
        self.draft, self.first_token_ms = None, None


class Asker:
    """Asks the questions of one set, each within its scope."""

    def __init__(
        self, pipeline: Pipeline, questions: QuestionSet, mode: Mode, *, answers: bool = True
    ) -> None:
        """Ask `pipeline`; without `answers` the documents are ranked and nothing is answered."""
        generator = pipeline.generator
        self._listener = Listener(generator) if generator is not None else None
        self._embedder = Remembering(pipeline.embedder, recalls=False)
        self._pipeline = replace(
            pipeline,
            generator=self._listener,
            embedder=self._embedder,
            reader=pipeline.reader and RememberingReader(pipeline.reader),
        )
        self._set = questions
        self._mode = mode
        self._answers = answers
        self._gold = Gold(questions)

    def ask(self, question: Question) -> Record:
        """Return the record of one question."""
        scope = self._set.scope_of(question)
        started = time.perf_counter()
        passages, found = self._pipeline.search(question.text, filter_=scope)
        retrieve_ms = 1000 * (time.perf_counter() - started)
        relevant = self._set.qrels.get(question.id, {})
        rankings = self._rankings(found, relevant) if relevant else {}
        if not self._answers:
            return Record(question.id, rankings, retrieve_ms)
        self._forget()
        answer = self._pipeline.ask(question.text, mode=self._mode, filter_=scope)
        told = self._told(question, answer, passages)
        return Record(question.id, rankings, retrieve_ms, told)

    def _forget(self) -> None:
        self._embedder.forget()
        if self._listener is not None:
            self._listener.forget()

    def _rankings(
        self, found: Candidates, relevant: Mapping[str, int]
    ) -> dict[str, dict[str, float]]:
        stages = {"fused": found.fused, "dense": found.dense, "lexical": found.lexical}
        return {stage: self._by_document(hits, relevant) for stage, hits in stages.items()}

    def _by_document(self, hits: Sequence[Hit], relevant: Mapping[str, int]) -> dict[str, float]:
        snapshot = self._pipeline.snapshot
        scores: dict[str, float] = {}
        for chunk, hit in zip(snapshot.chunks([h.chunk_id for h in hits]), hits, strict=True):
            for id_ in self._gold.ids(snapshot.document(chunk.document_id), relevant):
                scores[id_] = max(scores.get(id_, hit.score), hit.score)
        return scores

    def _told(self, question: Question, answer: Answer, passages: Sequence[Passage]) -> Told:
        listener = self._listener
        draft = listener.draft if listener else None
        return Told(
            answer.outcome.value,
            answer.confidence,
            tuple(
                Said(v.claim.text, tuple(map(self._quote, v.claim.citations)), v.entailment)
                for v in answer.verdicts
            ),
            self._pairs(c for c in answer.conflicts if not c.superseded),
            self._gold.cited(question, answer.citations, self._pipeline.snapshot),
            dict(answer.timings_ms),
            draft,
            listener.first_token_ms if listener else None,
            tuple(map(_shown, answer.passages)) if draft is not None else (),
            answer.reason.value if answer.reason else None,
            tuple(
                Dropped(v.claim.text, v.support.value, v.entailment, v.reasons)
                for v in answer.dropped
            ),
            traced(question, passages, self._pipeline, self._gold, self._pipeline.gate(self._mode)),
            self._pairs(c for c in answer.conflicts if c.superseded),
        )

    def _pairs(self, conflicts: Iterable[Conflict]) -> tuple[tuple[Quote, Quote], ...]:
        return tuple((self._quote(c.first), self._quote(c.second)) for c in conflicts)

    def _quote(self, citation: Citation) -> Quote:
        stored = citation.span.of(self._pipeline.snapshot.document(citation.document_id).text)
        exact = stored.encode() == citation.quote.encode()
        page = f", page {citation.page}" if citation.page is not None else ""
        return Quote(citation.quote, citation.title, exact, f"{citation.source}{page}")


def check_covers(pipeline: Pipeline, questions: QuestionSet, index: str) -> None:
    """Fail when an index that was named does not hold the corpus of the set.

    Raises:
        QuestionError: If no chunk of it belongs to a document of the set.
    """
    snapshot = pipeline.snapshot
    hits = snapshot.dense(pipeline.embedder.embed_queries([questions.questions[0].text])[0], 5)
    documents = [
        snapshot.document(c.document_id) for c in snapshot.chunks([h.chunk_id for h in hits])
    ]
    if not questions.ids_of(name for d in documents for name in (d.source, *d.also)):
        raise QuestionError(
            f"index {index!r} does not hold the corpus of {questions.name}: its sources do not "
            f"look like {questions.source_of('ID')!r}; ingest {questions.corpus} into it, or "
            "leave --index out"
        )


def _shown(passage: Passage) -> str:
    return f"{passage.document.title}\n{passage.chunk.text}"
