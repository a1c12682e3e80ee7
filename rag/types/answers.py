"""What is said of it: evidence, drafts, claims and their quotes, and the answer made of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from rag.types.documents import DocumentId, Passage, Revision, Span


@dataclass(frozen=True, slots=True)
class Evidence:
    """One sentence, list item or table row of a passage, scored against the question."""

    passage: Passage
    span: Span
    relevance: float
    """Estimated chance, in [0, 1], that this sentence answers the question."""
    answer: Span | None = None
    """The characters of the document, inside `span`, that a reader takes for the answer."""
    signals: Mapping[str, float] = field(default_factory=dict[str, float], compare=False)
    """What the relevance was made of, by name; see `rag.answer.evidence.relevance`."""

    @property
    def quote(self) -> str:
        """Return the sentence, verbatim."""
        return self.span.of(self.passage.document.text)


@dataclass(frozen=True, slots=True)
class Draft:
    """What a generator wrote, before anything has been checked."""

    text: str
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class Citation:
    """The characters of a document that are said to support a claim."""

    label: int
    document_id: DocumentId
    revision: Revision
    span: Span
    page: int | None
    quote: str
    title: str
    source: str

    def to_dict(self) -> dict[str, object]:
        """Return plain values; `start` and `end` count characters of the document."""
        return {
            "label": self.label,
            "document_id": self.document_id,
            "revision": self.revision,
            "title": self.title,
            "source": self.source,
            "page": self.page,
            "start": self.span.start,
            "end": self.span.end,
            "quote": self.quote,
        }


@dataclass(frozen=True, slots=True)
class Claim:
    """One checkable statement and the quotes it rests on; `span` points into the draft."""

    text: str
    span: Span
    citations: tuple[Citation, ...] = ()
    lead: str = " "
    """What sets it apart from the claim before: a blank, or a new line and perhaps a bullet."""


class Support(StrEnum):
    """How the cited quotes stand to a claim (the three labels of FEVER, 2018)."""

    SUPPORTED = "supported"
    REFUTED = "refuted"
    NOT_ENOUGH_INFO = "not_enough_info"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A claim, whether its quotes support it, and in plain words why not."""

    claim: Claim
    support: Support
    entailment: float
    """Probability-like score in [0, 1] that the quotes entail the claim."""
    reasons: tuple[str, ...] = ()
    unsupported: tuple[Span, ...] = ()
    """The words of a claim that does not stand which no quote says: characters of its text."""

    def pieces(self) -> Iterator[tuple[str, bool]]:
        """Yield the claim's text in pieces, each with whether some quote says it."""
        text, done = self.claim.text, 0
        for span in self.unsupported:
            yield text[done : span.start], True
            yield span.of(text), False
            done = span.end
        yield text[done:], True

    def to_dict(self) -> dict[str, object]:
        """Return plain values."""
        return {
            "text": self.claim.text,
            "support": self.support.value,
            "entailment": round(self.entailment, 4),
            "reasons": list(self.reasons),
            "citations": [citation.to_dict() for citation in self.claim.citations],
        }


class Mode(StrEnum):
    """Who words the answer: the documents themselves, or a model."""

    EXTRACTIVE = "extractive"
    GENERATIVE = "generative"


class Outcome(StrEnum):
    """What became of the question."""

    ANSWERED = "answered"
    PARTIAL = "partial"
    ABSTAINED = "abstained"


class Reason(StrEnum):
    """Why there is no answer, only part of one, or one to be read with care."""

    NOTHING_INDEXED = "nothing_indexed"
    NO_PASSAGES = "no_passages"
    NOTHING_RELEVANT = "nothing_relevant"
    DOES_NOT_SAY = "does_not_say"
    WEAK_EVIDENCE = "weak_evidence"
    FALSE_PREMISE = "false_premise"
    ONLY_PART = "only_part"
    SOURCES_DISAGREE = "sources_disagree"
    UNSUPPORTED_DRAFT = "unsupported_draft"
    CLAIMS_DROPPED = "claims_dropped"
    GENERATOR_FAILED = "generator_failed"
    MODEL_DECLINED = "model_declined"


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two quotes that answer the same question differently.

    With `superseded`, the second is of an older revision of the first's document: it tells
    what used to hold and is no disagreement.
    """

    first: Citation
    second: Citation
    about: str
    """The words both share."""
    first_date: str = ""
    """Of the document, ISO 8601 and as exact as it is known; empty when it is not."""
    second_date: str = ""
    first_count: int = 1
    """Documents that say this, copies of one text counted once."""
    second_count: int = 1
    superseded: bool = False

    def to_dict(self) -> dict[str, object]:
        """Return plain values."""
        return {
            "about": self.about,
            "first": self.first.to_dict(),
            "second": self.second.to_dict(),
            "first_date": self.first_date or None,
            "second_date": self.second_date or None,
            "first_count": self.first_count,
            "second_count": self.second_count,
            "superseded": self.superseded,
        }


@dataclass(frozen=True, slots=True)
class Turn:
    """One earlier question of a conversation and the text of its answer; "" if there was none."""

    question: str
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Correction:
    """What a question takes for granted, and the quote that says otherwise."""

    asked: str
    """The figure or date as the question has it."""
    said: str
    """The figure or date as the document has it."""
    citation: Citation

    def to_dict(self) -> dict[str, object]:
        """Return plain values."""
        return {"asked": self.asked, "said": self.said, "citation": self.citation.to_dict()}


@dataclass(frozen=True, slots=True)
class Answer:
    """The text to show, and everything needed to check it. Made only by `decide`."""

    question: str
    outcome: Outcome
    reason: Reason | None
    text: str
    mode: Mode
    verdicts: tuple[Verdict, ...]
    dropped: tuple[Verdict, ...]
    passages: tuple[Passage, ...]
    conflicts: tuple[Conflict, ...] = ()
    confidence: float = 0.0
    """Chance that the answer is right when `calibrated`, else how much speaks for one.

    Both in [0, 1]. With an abstention: of the answer that was held back.
    """
    calibrated: str = ""
    """Where the questions behind the confidence came from, "made" or "given"; empty without."""
    build: str = ""
    models: Mapping[str, str] = field(default_factory=dict[str, str])
    timings_ms: Mapping[str, float] = field(default_factory=dict[str, float])
    unread: str | None = None
    """What the index could not read, in one sentence, or None when it read everything."""
    rewritten: str | None = None
    """The question as it was understood after what was said before; None when as typed."""
    missing: tuple[str, ...] = ()
    """Parts of the question that the documents leave unanswered."""
    nearest: Citation | None = None
    """With an abstention: the sentence that came nearest."""
    note: str = ""
    """With an abstention: what is there instead, in one plain sentence; empty when nothing is."""
    correction: Correction | None = None
    """With a false premise: what the documents say instead."""

    @property
    def citations(self) -> tuple[Citation, ...]:
        """Return every citation of every shown claim, in reading order."""
        return tuple(c for verdict in self.verdicts for c in verdict.claim.citations)

    def to_dict(self) -> dict[str, object]:
        """Return the answer as it goes over the wire: plain values, ready for JSON."""
        return {
            "question": self.question,
            "outcome": self.outcome.value,
            "reason": self.reason.value if self.reason else None,
            "text": self.text,
            "mode": self.mode.value,
            "claims": [verdict.to_dict() for verdict in self.verdicts],
            "dropped": [
                {
                    "text": v.claim.text,
                    "support": v.support.value,
                    "reasons": list(v.reasons),
                    "unsupported": [[span.start, span.end] for span in v.unsupported],
                }
                for v in self.dropped
            ],
            "conflicts": [conflict.to_dict() for conflict in self.conflicts],
            "passages": [passage.to_dict() for passage in self.passages],
            "confidence": round(self.confidence, 4),
            "calibrated": self.calibrated or False,
            "build": self.build,
            "models": dict(self.models),
            "timings_ms": dict(self.timings_ms),
            "unread": self.unread,
            "rewritten": self.rewritten,
            "missing": list(self.missing),
            "nearest": self.nearest.to_dict() if self.nearest else None,
            "note": self.note,
            "correction": self.correction.to_dict() if self.correction else None,
        }
