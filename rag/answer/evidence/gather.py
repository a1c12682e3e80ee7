"""Gather evidence for every part of a question, looking a second time where the first leads.

One look is enough for most questions. A question of several parts looks for each of them; a
question about "the ship that sails route R2" looks for the ship first, and then for what is
asked of it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from rag.answer.asked.bridge import bridges, nested
from rag.answer.asked.parts import Part, parts_of
from rag.answer.asked.question import Expected, expected, holds
from rag.text import content_stems, stems
from rag.types import Evidence, Passage

Search: TypeAlias = Callable[[Sequence[str]], list[Passage]]
"""Queries, the one that counts most first, to passages, best first."""
Read: TypeAlias = Callable[[str, Sequence[Passage]], list[Evidence]]
"""A question and passages to their sentences, best first."""
Likely: TypeAlias = Callable[[Sequence[Evidence]], bool]
"""Sentences, best first, to whether they may well answer."""


_READ = 6  # sentences that may speak of all members at once
_MEASURES = frozenset(stems("many much"))


@dataclass(frozen=True, slots=True)
class Gathered:
    """What was found for a question."""

    passages: tuple[Passage, ...]
    """Labelled from 1."""
    evidence: tuple[Evidence, ...]
    """Every sentence with the best relevance it has for any part, best first."""
    parts: tuple[tuple[Evidence, ...], ...]
    """For each part that is answered, its sentences, best first; one when the question is whole."""
    several: bool = False
    """Whether more than one thing is asked, so that a few words cannot answer."""
    missing: tuple[str, ...] = ()
    """The parts nothing was found for, as questions."""

    @property
    def weakest(self) -> tuple[Evidence, ...]:
        """Return the sentences of the part that is answered least surely: what to gate by."""
        return min(self.parts, key=lambda part: part[0].relevance if part else 0.0, default=())

    def keeping(self, chosen: Callable[[Sequence[Evidence]], Sequence[Evidence]]) -> "Gathered":
        """Return what was gathered with `chosen` applied to each list of sentences."""
        parts = tuple(tuple(chosen(part)) for part in self.parts)
        return replace(self, evidence=tuple(chosen(self.evidence)), parts=parts)


def gather(
    queries: Sequence[str], search: Search, read: Read, likely: Likely, *, again: bool = True
) -> Gathered:
    """Return the evidence for a question.

    Args:
        queries: The question as understood, then other ways to put it.
        search: Finds passages.
        read: Scores the sentences of passages.
        likely: Whether sentences, best first, may well answer. It decides what a part rests on,
            not whether the question is answered.
        again: Whether to look a second time, for parts and for things described.
    """
    question = queries[0]
    passages = search(queries)
    evidence = read(question, passages)
    whole = Gathered(tuple(passages), tuple(evidence), (tuple(evidence),))
    if not again:
        return whole
    parts = parts_of(question)
    if len(parts) > 1:
        found = _each(whole, parts, search, read, likely)
        together = found.missing and _held_together(parts, evidence, likely)
        return replace(whole, several=True) if together or not found.parts else found
    return _in_two_steps(question, whole, search, read, likely) or whole


def _held_together(parts: Sequence[Part], evidence: Sequence[Evidence], likely: Likely) -> bool:
    """Return whether one good sentence speaks of all members, so that the question is whole."""
    wanted = frozenset().union(*(part.about for part in parts))
    if not all(part.joined for part in parts) or not likely(evidence):
        return False
    return any(wanted <= set(stems(each.quote)) for each in evidence[:_READ])


def _each(
    whole: Gathered, parts: Sequence[Part], search: Search, read: Read, likely: Likely
) -> Gathered:
    """Return the evidence part by part."""
    passages = list(whole.passages)
    found, missing = [], []
    for part in parts:
        near = [_among(passages, one) for one in search((part.text,))]
        fitting = tuple(one for one in read(part.text, near) if _fits(one, part))
        if likely(fitting):
            found.append(fitting)
        else:
            missing.append(part.text)
    evidence = _merged([*found, whole.evidence])
    return Gathered(tuple(passages), evidence, tuple(found), True, tuple(missing))


def _fits(evidence: Evidence, part: Part) -> bool:
    """Return whether a sentence is about `part` and holds the kind of thing it asks for."""
    above = (evidence.passage.document.title, *evidence.passage.chunk.heading)
    held = set(stems("\n".join((*above, evidence.quote))))
    kind = expected(part.text)
    return part.about <= held and (
        kind is Expected.ANYTHING or holds(kind, evidence.quote, part.text)
    )


def _in_two_steps(
    question: str, whole: Gathered, search: Search, read: Read, likely: Likely
) -> Gathered | None:
    """Return the sentence that names a thing and the one that says what is asked of it."""
    asked = nested(question)
    if asked is None or _direct(question, asked.inner, whole.evidence):
        return None
    passages = list(whole.passages)
    near = [_among(passages, one) for one in search((asked.inner, question))]
    first = read(asked.inner, near)
    if not likely(first):
        return None
    best: tuple[Evidence, ...] = ()
    for name in bridges(asked, question, first[0]):
        step = asked.with_name(name)
        near = [_among(passages, one) for one in search((step,))]
        about = Part(step, frozenset(content_stems(name)))
        found = tuple(
            each
            for each in read(step, near)
            if _fits(each, about) and _place(each) != _place(first[0])
        )
        if likely(found) and (not best or found[0].relevance > best[0].relevance):
            best = found
    if not best:
        return None
    chain = ((first[0],), best)
    return Gathered(tuple(passages), _merged([*chain, whole.evidence]), chain, True)


def _direct(question: str, inner: str, evidence: Sequence[Evidence]) -> bool:
    """Return whether the best sentence already says what is asked of the thing described."""
    if not evidence:
        return True
    quote, kind = evidence[0].quote, expected(question)
    held = set(stems(quote))
    asked = set(content_stems(question)) - set(content_stems(inner)) - _MEASURES
    return len(asked & held) >= len(asked) / 2 and (
        kind is Expected.ANYTHING or holds(kind, quote, question)
    )


def _among(passages: list[Passage], found: Passage) -> Passage:
    """Return `found` as it is labelled in `passages`, where it is added if it is new."""
    for passage in passages:
        if passage.chunk.id == found.chunk.id:
            return passage
    passages.append(replace(found, label=len(passages) + 1))
    return passages[-1]


def _merged(lists: Sequence[Sequence[Evidence]]) -> tuple[Evidence, ...]:
    best: dict[object, Evidence] = {}
    for each in (one for found in lists for one in found):
        place = _place(each)
        if place not in best or each.relevance > best[place].relevance:
            best[place] = each
    return tuple(sorted(best.values(), key=lambda e: (-e.relevance, e.passage.label, e.span)))


def _place(evidence: Evidence) -> tuple[object, object]:
    return evidence.passage.document.id, evidence.span
