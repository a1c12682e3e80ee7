"""Ask the pipeline one question of a set, and note everything the figures are made of."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from rag.errors import QuestionError
from rag.evaluate.datasets import Question, QuestionSet
from rag.evaluate.places import carried_over, located
from rag.evaluate.record import Quote, Record, Said, Told
from rag.pipeline import Pipeline
from rag.protocols import Generator, Message
from rag.search.retrieve import Candidates
from rag.types import Answer, Citation, Document, Hit, Mode, Passage, Span


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
        self._pipeline = replace(pipeline, generator=self._listener)
        self._set = questions
        self._mode = mode
        self._answers = answers
        spanned = [q.id for q in questions.questions if q.spans]
        self._originals = questions.texts_of(
            id_ for query in spanned for id_ in questions.qrels.get(query, ())
        )

    def ask(self, question: Question) -> Record:
        """Return the record of one question."""
        scope = self._set.scope_of(question)
        started = time.perf_counter()
        _, found = self._pipeline.search(question.text, filter_=scope)
        retrieve_ms = 1000 * (time.perf_counter() - started)
        relevant = self._set.qrels.get(question.id, {})
        rankings = self._rankings(found, relevant) if relevant else {}
        if not self._answers:
            return Record(question.id, rankings, retrieve_ms)
        if self._listener is not None:
            self._listener.forget()
        answer = self._pipeline.ask(question.text, mode=self._mode, filter_=scope)
        return Record(question.id, rankings, retrieve_ms, self._told(question, answer))

    def _rankings(
        self, found: Candidates, relevant: Mapping[str, int]
    ) -> dict[str, dict[str, float]]:
        stages = {"fused": found.fused, "dense": found.dense, "lexical": found.lexical}
        return {stage: self._by_document(hits, relevant) for stage, hits in stages.items()}

    def _by_document(self, hits: Sequence[Hit], relevant: Mapping[str, int]) -> dict[str, float]:
        snapshot = self._pipeline.snapshot
        scores: dict[str, float] = {}
        for chunk, hit in zip(snapshot.chunks([h.chunk_id for h in hits]), hits, strict=True):
            for id_ in self._ids(snapshot.document(chunk.document_id), relevant):
                scores[id_] = max(scores.get(id_, hit.score), hit.score)
        return scores

    def _ids(self, document: Document, relevant: Mapping[str, int]) -> list[str]:
        """Return the corpus ids of a document; of equal copies those judged, else the first."""
        ids = self._set.ids_of((document.source, *document.also))
        return [id_ for id_ in ids if id_ in relevant] or ids[:1]

    def _told(self, question: Question, answer: Answer) -> Told:
        listener = self._listener
        draft = listener.draft if listener else None
        return Told(
            answer.outcome.value,
            answer.confidence,
            tuple(
                Said(v.claim.text, tuple(map(self._quote, v.claim.citations)))
                for v in answer.verdicts
            ),
            tuple((self._quote(c.first), self._quote(c.second)) for c in answer.conflicts),
            self._gold_cited(question, answer.citations),
            dict(answer.timings_ms),
            draft,
            listener.first_token_ms if listener else None,
            tuple(map(_shown, answer.passages)) if draft is not None else (),
        )

    def _quote(self, citation: Citation) -> Quote:
        stored = citation.span.of(self._pipeline.snapshot.document(citation.document_id).text)
        exact = stored.encode() == citation.quote.encode()
        return Quote(citation.quote, citation.title, exact)

    def _gold_cited(self, question: Question, citations: Sequence[Citation]) -> bool | None:
        """Return whether a quote overlaps the most exact gold there is; None without gold."""
        relevant = self._set.qrels.get(question.id, {})
        if not (relevant or question.gold_sentences or question.spans):
            return None
        return any(self._is_gold(question, relevant, citation) for citation in citations)

    def _is_gold(self, question: Question, relevant: Mapping[str, int], citation: Citation) -> bool:
        document = self._pipeline.snapshot.document(citation.document_id)
        ids = self._set.ids_of((document.source, *document.also))
        if relevant and not any(relevant.get(id_, 0) > 0 for id_ in ids):
            return False
        if question.page is not None and citation.page != question.page:
            return False
        spans = self._gold_spans(question, document, ids)
        return spans is None or any(span.overlaps(citation.span) for span in spans)

    def _gold_spans(
        self, question: Question, document: Document, ids: Sequence[str]
    ) -> list[Span] | None:
        original = next((self._originals[id_] for id_ in ids if id_ in self._originals), None)
        if question.spans:
            return carried_over(question.spans, original or document.text, document.text)
        if question.gold_sentences:
            found = [located(sentence, document.text) for sentence in question.gold_sentences]
            return [span for span in found if span is not None]
        return None


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
