"""Near misses: questions that look answerable, and that no sentence of the index answers."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from rag.calibrate.questions.compose import Parts
from rag.calibrate.questions.corpus import Corpus, Sentence
from rag.calibrate.questions.spans import DATE, asked_stems

_INSIDE = (
    ("other name", re.compile(rf"(?<![\w-])(?!(?:{DATE}))(?:[A-Z][a-z]+ ?)+(?<! )(?![\w-])")),
    ("other number", re.compile(r"(?<![\w.,\u00a3\u20ac$-])\d{1,3}(?![\w.,-])")),
    ("other number", re.compile(r"(?<![\w.,-])(?:1[5-9]|20)\d\d(?![\w.,-])")),
)
_HELD = 0.6
"""From this share of a question's other words on, a passage may answer it after all."""


@dataclass(frozen=True, slots=True)
class Made:
    """A question in pieces and the sentence it was made from."""

    parts: Parts
    sentence: Sentence


def near_misses(made: Made, others: Sequence[Made], corpus: Corpus) -> Iterator[tuple[str, str]]:
    """Yield (kind, question) for exchanges that the index does not hold, best first.

    Args:
        made: An answerable question.
        others: Questions to take subjects, units, names and numbers from.
        corpus: All sentences.
    """
    for kind, swapped, new in _swaps(made, others):
        old = asked_stems(made.parts.text)
        stems = asked_stems(new)
        kept = asked_stems(swapped.text) - stems
        if stems and stems.isdisjoint(old) and kept and not _held(stems, kept, corpus):
            yield f"near miss: {kind}", swapped.text


def _swaps(made: Made, others: Sequence[Made]) -> Iterator[tuple[str, Parts, str]]:
    """Yield the kind, the question after the exchange, and what was put in."""
    parts = made.parts
    for other in others:
        theirs = other.parts
        if other.sentence.document_id == made.sentence.document_id:
            continue
        if _alike(parts, theirs):
            yield "other entity", replace(parts, subject=theirs.subject), theirs.subject
            asked = replace(theirs, subject=parts.subject)
            yield "other attribute", asked, f"{theirs.head} {theirs.rest}"
        yield from _inside(parts, theirs)


def _alike(parts: Parts, theirs: Parts) -> bool:
    """Return whether one subject fits the other's place: same sort, same verb, same make."""
    return (
        parts.sort == theirs.sort
        and parts.sort not in {"definition", "subject"}
        and bool(parts.subject and theirs.subject)
        and parts.verb == theirs.verb
        and _make(parts.subject) == _make(theirs.subject)
    )


def _make(subject: str) -> str:
    first = subject.split(maxsplit=1)[0]
    return first if first in {"the", "a", "an", "each", "every", "all"} else "name"


def _inside(parts: Parts, theirs: Parts) -> Iterator[tuple[str, Parts, str]]:
    """Yield exchanges of a name or a number in the rest of the question."""
    for kind, pattern in _INSIDE:
        old, new = pattern.search(parts.rest), pattern.search(theirs.rest)
        if old and new and old.group().casefold() != new.group().casefold():
            rest = parts.rest[: old.start()] + new.group() + parts.rest[old.end() :]
            yield kind, replace(parts, rest=rest), new.group()


def _held(new: set[str], kept: set[str], corpus: Corpus) -> bool:
    """Return whether some passage holds what was put in with most of what was kept."""
    return any(
        len(kept & corpus.near(one.row)) >= _HELD * len(kept) for one in corpus.about(new, 1.0)
    )
