"""Who says what: the answers that documents give to a question, grouped into sides.

Every document speaks with its best sentence. Documents that answer alike stand on one side,
and copies of one text are one voice, however many of them there are.
"""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from math import log

from rag.answer.asked.question import Expected, expected, holds, names
from rag.answer.disagreement.alike import Relation, compare
from rag.answer.disagreement.copies import triples
from rag.text import content_stems
from rag.types import DocumentId, Evidence

_MARK_WEIGHT = 3.0  # a mark counts tens of log-odds, and of those a third is believed
_KINDS = (Expected.PERSON, Expected.NUMBER, Expected.TIME)
_COPY = 0.6  # share of word triples from which on two passages are one text


@dataclass(frozen=True, slots=True)
class Side:
    """One answer and the sentences that give it, one a document, most relevant first."""

    answer: str
    evidence: tuple[Evidence, ...]

    @property
    def best(self) -> Evidence:
        """Return the sentence that answers best."""
        return self.evidence[0]

    @property
    def voices(self) -> int:
        """Return how many documents say this independently of one another."""
        return voices(self.evidence)


def answer_of(evidence: Evidence) -> str:
    """Return the words a reader takes for the answer, or "" when none has read the sentence."""
    return evidence.answer.of(evidence.passage.document.text) if evidence.answer else ""


def sides_of(question: str, evidence: Sequence[Evidence], *, floor: float) -> list[Side]:
    """Return the answers that documents give, the side of the best sentence first.

    Args:
        question: What was asked; it says what kind of thing is compared.
        evidence: Sentences, best first; those without a marked answer take no side.
        floor: Least relevance of a sentence that is heard, in [0, 1].
    """
    kind = expected(question)
    groups: list[list[Evidence]] = []
    for speaker in _speakers(question, evidence, floor):
        for group in groups:
            if _alike(speaker, group, kind):
                group.append(speaker)
                break
        else:
            groups.append([speaker])
    return [Side(answer_of(group[0]), tuple(group)) for group in groups]


def voices(evidence: Sequence[Evidence]) -> int:
    """Return how many documents speak in `evidence`, copies of one text counted once."""
    texts = {e.passage.document.id: e.passage.chunk.text for e in evidence}
    kept: list[Set[tuple[str, ...]]] = []
    for text in texts.values():
        ours = triples(text)
        if not any(_is_copy(ours, other) for other in kept):
            kept.append(ours)
    return len(kept)


def _speakers(question: str, evidence: Sequence[Evidence], floor: float) -> list[Evidence]:
    """Return the sentence of each document that answers best, most relevant first.

    Relevance tells the sentence that is about the question, the mark the one with the answer.
    """
    best: dict[DocumentId, Evidence] = {}
    for sentence in sorted(evidence, key=_odds, reverse=True):
        if sentence.relevance >= floor and not _repeats(question, answer_of(sentence)):
            best.setdefault(sentence.passage.document.id, sentence)
    return sorted(best.values(), key=lambda e: (-e.relevance, e.passage.label, e.span))


def _odds(sentence: Evidence) -> float:
    """Return the log-odds of a sentence's relevance and, at a discount, of its marked answer."""
    chance = min(max(sentence.relevance, 1e-6), 1 - 1e-6)
    return log(chance / (1 - chance)) + _MARK_WEIGHT * sentence.signals.get("marked", 0.0)


def _repeats(question: str, answer: str) -> bool:
    """Return whether an answer says nothing the question does not: who Ada is, is not Ada.

    Nor does one that is not of the kind asked for: "the finance director" names nobody.
    """
    kind = expected(question)
    if kind is Expected.PERSON and names(answer) & names(question):
        return True
    if kind in _KINDS and answer and not holds(kind, answer, question):
        return True
    return set(content_stems(answer)) <= set(content_stems(question))


def _alike(speaker: Evidence, group: Sequence[Evidence], kind: Expected) -> bool:
    said = answer_of(speaker)
    return any(compare(said, answer_of(other), kind) is Relation.SAME for other in group)


def _is_copy(a: Set[tuple[str, ...]], b: Set[tuple[str, ...]]) -> bool:
    return len(a & b) >= _COPY * len(a | b)
