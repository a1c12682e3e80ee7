"""Answer with the words that were asked for, and quote the sentence they stand in.

"When does the mill open?" is answered by "nine", not by three sentences about mills. What is
shown stays a piece of its quote, character for character.
"""

from collections.abc import Sequence
from dataclasses import replace

from rag.answer.asked.question import asks_for_words
from rag.types import Claim, Evidence, Span, Support, Verdict

_LONGEST = 12  # words: longer ones are explanations, and read better as the sentence they are
_NEAR = 0.3  # behind the best mark of all sentences, in tens of log-odds
_LEAST = -0.4  # of the mark against no answer, likewise


def brief(
    question: str, verdicts: Sequence[Verdict], evidence: Sequence[Evidence]
) -> list[Verdict]:
    """Return the verdict on the best sentence with its answer as the claim, if that will do.

    It will when the question may be answered by a few words, and the reader marks them in the
    best sentence nearly as surely as in any other. Else `verdicts` come back as they are.

    Args:
        question: What was asked.
        verdicts: On quoted sentences.
        evidence: What they were chosen from, best first.
    """
    words = _words(evidence[0]) if evidence and asks_for_words(question) else None
    if words is None:
        return list(verdicts)
    document = evidence[0].passage.document
    for verdict in verdicts:
        claim = verdict.claim
        cited = [c for c in claim.citations if c.document_id == document.id]
        holds = any(c.span.start <= words.start and words.end <= c.span.end for c in cited)
        if holds and verdict.support is Support.SUPPORTED:
            text = " ".join(words.of(document.text).split())
            return [replace(verdict, claim=Claim(text, Span(0, len(text)), claim.citations))]
    return list(verdicts)


def _words(best: Evidence) -> Span | None:
    """Return where the answer stands, without marks around it; None when it is no short one."""
    lead, score = (best.signals.get(name, 0.0) for name in ("marked_lead", "marked"))
    if best.answer is None or lead < -_NEAR or score < _LEAST:
        return None
    text = best.passage.document.text
    start, end = best.answer.start, best.answer.end
    while end > start and text[end - 1] in " \n.,;:!?":
        end -= 1
    while start < end and text[start] in " \n.,;:!?":
        start += 1
    if start == end or len(text[start:end].split()) > _LONGEST or "|" in text[start:end]:
        return None  # nothing, too much, or cells of a table that belong to different columns
    return Span(start, end)
