"""Answer with the words that were asked for, and quote the sentence they stand in.

"When does the mill open?" is answered by "nine", not by three sentences about mills. What is
shown stays a piece of its quote, character for character.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from rag.answer.asked.question import asks_for_words
from rag.text import content_stems
from rag.types import Claim, Evidence, Span, Support, Verdict

_LONGEST = 12  # words: longer ones are explanations, and read better as the sentence they are
_NEAR = 0.3  # behind the best mark of all sentences, in tens of log-odds
_LEAST = -0.4  # of the mark against no answer, likewise
_CELLS = "|"  # between cells of a table, which belong to different columns
_AROUND = 40  # characters before a mark in which a denial or a bound may stand
# A word or figure that must not be cut: "$12.50", "-5 \u00b0C", "10-14", "3 million", "ERR-4012".
_WHOLE = re.compile(
    r"(?:(?<![\w)])[-+\u2212])?(?:[$\u20ac\u00a3\u00a5]\s?)?"
    r"[^\W_]+(?:(?:(?<=\d)[.,:/\u2013-](?=\d)|-(?=\d)|(?<=\d)-)[^\W_]+)*"
    r"(?:(?<=\d)(?:\s?[%\u2030$\u20ac\u00a3\u00a5]|\s?\u00b0(?:\s?[CF]\b)?"
    r"|\s(?:hundred|thousand|million|billion|trillion|percent|per cent)\b))?",
)
_YEARS = re.compile(r"\d{4}[\u2013-]\d{4}")  # of a life, each an answer of its own
_BOUND = re.compile(
    r"\b(?:up to|at least|at most|(?:no |not )?(?:more|less|fewer) than)\s+\Z", re.IGNORECASE
)
# A word and the number that belongs to it, at the end of a clause: "room 204."
_NUMBER = re.compile(r" \d[\w/-]*(?=\s*(?:[.,;:!?)]|\Z))")
# What is told by examples is no answer without them: "food sources such as grasses".
_EXAMPLES = re.compile(
    r"\s*,?\s(?:such as|including|for example|for instance|e\.g\.)\s", re.IGNORECASE
)
_DENIED = re.compile(
    r"(?:\b(?:not(?! only)|never|neither|nor|except|without|no longer)|n['\u2019]t)\s+"
    r"(?:[\w'\u2019-]+\s+){0,3}\Z",
    re.IGNORECASE,
)


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
    if words is None or _of_another_cell(question, evidence[0], words):
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
    start, end = _whole(text, best.answer, best.span)
    while end > start and text[end - 1] in " \n.,;:!?":
        end -= 1
    while start < end and text[start] in " \n.,;:!?":
        start += 1
    before = text[max(best.span.start, start - _AROUND) : start]
    if bound := _BOUND.search(before):
        start -= len(before) - bound.start()
        before = before[: bound.start()]
    if text[end - 1 : end].isalpha() and (number := _NUMBER.match(text, end, best.span.end)):
        end = number.end()
    if _EXAMPLES.match(text, end, best.span.end):
        return None
    said = text[start:end]
    if not said or len(said.split()) > _LONGEST or _CELLS in said or _DENIED.search(before):
        return None
    return _closed(text, Span(start, end), best.span)


def _of_another_cell(question: str, best: Evidence, words: Span) -> bool:
    """Return whether the mark stands in a cell of a row other than the one `question` names.

    "How many cars?" is not answered by "Passengers: 148" where the row holds "Cars: 22".
    """
    asked, place = set(content_stems(question)), best.span.start
    named: list[bool] = []
    for cell in best.quote.split(" | "):
        label, _, value = cell.partition(": ")
        hit = bool(value) and not asked.isdisjoint(content_stems(label))
        if place <= words.start < place + len(cell):
            if hit:
                return False
        else:  # a cell whose value the question names says which row is meant
            named.append(hit and asked.isdisjoint(content_stems(value)))
        place += len(cell) + len(" | ")
    return any(named)


def _whole(text: str, marked: Span, within: Span) -> tuple[int, int]:
    """Return the ends of a mark that cuts no word and no figure, with its sign and its unit."""
    start, end = marked.start, marked.end
    for match in _WHOLE.finditer(text, within.start, within.end):
        cut = match.start() < marked.end and marked.start < match.end()
        if cut and not _YEARS.fullmatch(match.group()):
            start, end = min(start, match.start()), max(end, match.end())
    return start, end


def _closed(text: str, words: Span, within: Span) -> Span | None:
    """Return `words` with the bracket or quotation mark that they open, or without it."""
    start, end = words.start, words.end
    for opens, closes in ("()", "[]", '""', "\u201c\u201d"):
        said = text[start:end]
        lone = said.count(opens) % 2 if opens == closes else said.count(opens) != said.count(closes)
        if lone and end < within.end and text[end] == closes and opens in said:
            end += 1
        elif lone and start > within.start and text[start - 1] == opens and closes in said:
            start -= 1
        elif lone and said.startswith((opens, closes)):
            start += 1
        elif lone and said.endswith((opens, closes)):
            end -= 1
    return Span(start, end) if start < end else None
