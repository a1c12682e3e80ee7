"""Why there is no answer, and what the documents hold instead.

Decided from what can be checked: words, names and kinds of things.
"""

from collections.abc import Sequence
from dataclasses import replace

from rag.answer.asked.question import Expected, expected, holds, names
from rag.answer.decide import decide
from rag.answer.evidence.extract import cite
from rag.answer.evidence.instructions import instructs
from rag.text import content_stems, identifiers, stems
from rag.types import Answer, Correction, Evidence, Mode, Outcome, Passage, Reason

_ABOUT = 0.5  # of the question's words, in the passage that has most of them
_TITLE = 80  # characters of a title or heading in a note


def refuse(
    question: str,
    passages: Sequence[Passage],
    evidence: Sequence[Evidence],
    correction: Correction | None = None,
    *,
    mode: Mode,
) -> Answer:
    """Return the abstention on `question`: its reason, the nearest sentence and a note.

    Args:
        question: What was asked.
        passages: What was found, labelled from 1; empty when there is nothing to look at.
        evidence: The sentences of `passages`, best first.
        correction: What the question states wrongly, if it does.
        mode: Who would have worded the answer.
    """
    unknown = unknown_names(question, passages)
    reason = Reason.FALSE_PREMISE if correction else reason_of(question, passages, evidence)
    answer = decide(question, [], passages, mode=mode, reason=reason)
    best = evidence[0] if evidence and reason is not Reason.NOTHING_RELEVANT else None
    return replace(
        answer,
        correction=correction,
        nearest=cite(best.passage, best.span) if best and not correction else None,
        note=_note(correction, unknown, best),
    )


def lacking(answer: Answer, missing: Sequence[str]) -> Answer:
    """Return `answer` as one of a question whose parts `missing` stay open."""
    if not missing or answer.outcome is Outcome.ABSTAINED:
        return answer
    reason = answer.reason or Reason.ONLY_PART
    return replace(answer, outcome=Outcome.PARTIAL, reason=reason, missing=tuple(missing))


def reason_of(question: str, passages: Sequence[Passage], evidence: Sequence[Evidence]) -> Reason:
    """Return why `evidence` is no answer to `question`.

    Nothing relevant: no passage holds even half of the question's words. Does not say: passages
    are about it, and lack a name or the kind of thing asked for. Weak evidence: a sentence has
    all of that and still does not fit well enough.
    """
    if not evidence:
        return Reason.NO_PASSAGES
    if _aboutness(question, passages) < _ABOUT:
        return Reason.NOTHING_RELEVANT
    if unknown_names(question, passages) or not _holds_answer(question, evidence[0]):
        return Reason.DOES_NOT_SAY
    return Reason.WEAK_EVIDENCE


def unknown_names(question: str, passages: Sequence[Passage]) -> tuple[str, ...]:
    """Return the names and identifiers of `question` that no passage holds, in its order."""
    held = {stem for passage in passages for stem in stems(_whole(passage))}
    exact = "\n".join(_whole(passage) for passage in passages).casefold()
    codes = [word for word in identifiers(question) if word.casefold() not in exact]
    opening = question.split(maxsplit=1)[0].strip("\"'(").casefold()
    named = [
        word
        for name in _words_of(question)
        if (word := name.removesuffix("'s")).casefold() in names(question)
        and word.casefold() != opening
        and not set(stems(word)) <= held
    ]
    return tuple(dict.fromkeys([*codes, *(n for n in named if not any(n in c for c in codes))]))


def _aboutness(question: str, passages: Sequence[Passage]) -> float:
    """Return the share, in [0, 1], of the question's words in the passage that has most."""
    asked = set(content_stems(question))
    shares = [len(asked & set(stems(_whole(p)))) / max(1, len(asked)) for p in passages]
    return max(shares, default=0.0)


def _holds_answer(question: str, best: Evidence) -> bool:
    """Return whether the words a reader marked, or else the sentence, are of the asked kind."""
    said = best.answer.of(best.passage.document.text) if best.answer else best.quote
    kind = expected(question)
    return kind is Expected.ANYTHING or holds(kind, said, question)


def _note(correction: Correction | None, unknown: Sequence[str], best: Evidence | None) -> str:
    if correction:
        return f"The documents say {correction.said}, not {correction.asked}."
    listed = " or ".join(f"\u201c{name}\u201d" for name in unknown)
    absent = f"No passage found names {listed}." if unknown else ""
    if best is None:
        return absent
    document = best.passage.document
    heading = (best.passage.chunk.heading or (document.title,))[-1]
    title = heading if len(heading) <= _TITLE else f"{heading[: _TITLE - 1]}…"
    named = "" if instructs(heading) else f"\u201c{title}\u201d in "
    place = f"The nearest is {named}{document.source}."
    return f"{absent} {place}" if absent else place


def _whole(passage: Passage) -> str:
    return "\n".join((passage.document.title, *passage.chunk.heading, passage.chunk.text))


def _words_of(text: str) -> list[str]:
    return [word.strip("\"'()?!.,;:\u201c\u201d") for word in text.replace("\u2019", "'").split()]
