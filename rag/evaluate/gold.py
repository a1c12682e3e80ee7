"""Where in the stored documents the answer to a question is to be found, as far as a set says."""

from collections.abc import Mapping, Sequence

from rag.evaluate.datasets import Question, QuestionSet
from rag.evaluate.metrics import contains
from rag.evaluate.places import carried_over, located
from rag.protocols import Snapshot
from rag.types import Citation, Document, Span


class Gold:
    """Tells gold places from others, by the most exact gold a question has."""

    def __init__(self, questions: QuestionSet) -> None:
        """Know the gold of `questions`."""
        self._set = questions
        spanned = [q.id for q in questions.questions if q.spans]
        self._originals = questions.texts_of(
            id_ for query in spanned for id_ in questions.qrels.get(query, ())
        )

    def relevant(self, question: Question) -> Mapping[str, int]:
        """Return the grades of the corpus documents that were judged for `question`."""
        return self._set.qrels.get(question.id, {})

    def ids(self, document: Document, relevant: Mapping[str, int]) -> list[str]:
        """Return the corpus ids of a document; of equal copies those judged, else the first."""
        ids = self._set.ids_of((document.source, *document.also))
        return [id_ for id_ in ids if id_ in relevant] or ids[:1]

    def cited(
        self, question: Question, citations: Sequence[Citation], snapshot: Snapshot
    ) -> bool | None:
        """Return whether a quote overlaps gold; None without gold."""
        if not (self.relevant(question) or question.gold_sentences or question.spans):
            return None
        return any(
            self._cites(question, snapshot.document(citation.document_id), citation)
            for citation in citations
        )

    def in_document(self, question: Question, document: Document) -> bool | None:
        """Return whether the document is a gold one; None when the set does not say."""
        if relevant := self.relevant(question):
            ids = self._set.ids_of((document.source, *document.also))
            return any(relevant.get(id_, 0) > 0 for id_ in ids)
        spans = self.spans(question, document)
        if spans is not None:
            return bool(spans)
        return contains(document.text, question.answers) if question.answers else None

    def spans(self, question: Question, document: Document) -> list[Span] | None:
        """Return where gold spans or sentences lie in `document`; None when there are none."""
        if question.spans:
            ids = self._set.ids_of((document.source, *document.also))
            original = next((self._originals[id_] for id_ in ids if id_ in self._originals), None)
            return carried_over(question.spans, original or document.text, document.text)
        if question.gold_sentences:
            found = [located(sentence, document.text) for sentence in question.gold_sentences]
            return [span for span in found if span is not None]
        return None

    def _cites(self, question: Question, document: Document, citation: Citation) -> bool:
        if self.relevant(question) and not self.in_document(question, document):
            return False
        if question.page is not None and citation.page != question.page:
            return False
        spans = self.spans(question, document)
        return spans is None or any(span.overlaps(citation.span) for span in spans)
