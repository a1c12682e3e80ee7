"""Tie each sentence of a draft to the sentences of the passages it can rest on."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag.answer.drafted.prompt import declines
from rag.answer.evidence.extract import cite
from rag.protocols import Embedder
from rag.text import content_stems, sentences, without_bullet
from rag.types import Claim, Draft, Evidence, Span

MOST_QUOTES = 3
_LABELS = re.compile(
    r"\s*\[(\d{1,3}(?:\s*[,;]\s*\d{1,3})*)\]|\s*\((?:sources?|passages?) [\d, and]+\)",
    re.IGNORECASE,
)
_OPENING = re.compile(
    r"^(?:according to (?:the )?(?:sources?|passages?|documents?)(?: \d+)?,?\s*|"
    r"(?:sure|certainly|of course)[!,.:]\s*|(?:the )?(?:answer|text)(?: is)?:\s*)+",
    re.IGNORECASE,
)
_BULLET = re.compile(r"(?:^|\n)\s*([-*+\u2022]|\d{1,2}[.)])\s+$")
_LABEL_BONUS = 0.05
_LEAST_GAIN = 0.1


def attribute(draft: Draft, evidence: Sequence[Evidence], embedder: Embedder) -> list[Claim]:
    """Return the claims of `draft`, each citing the sentences that come nearest to it.

    Which sentence supports a claim is found by words and vectors, not believed: a label
    written by the model only breaks ties. Up to three sentences are cited while each adds a
    good part of the claim's content words. Whether they do support it is for `verify`.

    Args:
        draft: What a generator wrote; a truncated last sentence is not a claim.
        evidence: The sentences that may be cited, in any order.
        embedder: Gives the similarity of wordings that share no words.
    """
    stated = _statements(draft)
    if not stated or not evidence:
        return [Claim(one.text, one.span, lead=one.lead) for one in stated]
    quotes = [e.quote for e in evidence]
    vectors = embedder.embed_queries([*quotes, *(one.text for one in stated)])
    similar = vectors[len(quotes) :] @ vectors[: len(quotes)].T  # (claims, quotes)
    held = [set(content_stems(quote)) for quote in quotes]
    claims = []
    for one, cosines in zip(stated, similar, strict=True):
        bonus = [_LABEL_BONUS * (e.passage.label in one.labels) for e in evidence]
        rows = _rows(set(content_stems(one.text)), held, [float(c) for c in cosines], bonus)
        citations = tuple(cite(evidence[row].passage, evidence[row].span) for row in rows)
        claims.append(Claim(one.text, one.span, citations, one.lead))
    return claims


@dataclass(frozen=True, slots=True)
class _Statement:
    """A sentence of a draft without its labels, the labels, and what sets it apart."""

    text: str
    span: Span
    labels: frozenset[int]
    lead: str


def _statements(draft: Draft) -> list[_Statement]:
    """Return the statements of `draft`; a sentence cut off at its end is none."""
    stated: list[_Statement] = []
    found = sentences(draft.text)
    lead, done = " ", 0
    for row, whole in enumerate(found):
        span = without_bullet(draft.text, whole)
        said = span.of(draft.text)
        lead = _lead(lead, draft.text[done : span.start])
        done = span.end
        if draft.truncated and row == len(found) - 1 and said[-1] not in ".!?":
            continue
        labels = {int(n) for m in _LABELS.finditer(said) for n in re.findall(r"\d+", m.group())}
        text = _OPENING.sub("", " ".join(_LABELS.sub("", said).replace("**", "").split()))
        if content_stems(text) and not declines(text):
            stated.append(_Statement(text, span, frozenset(labels), lead))
            lead = " "
    return stated


def _lead(waiting: str, between: str) -> str:
    """Return the new line and bullet between two statements, or what still waits, or a blank.

    Nothing but layout: whatever else a model wrote there is not taken along.
    """
    bullet = _BULLET.search(between)
    if bullet:
        return f"\n{bullet[1]} "
    if "\n" in between.strip(" "):
        return "\n"
    return waiting


def _rows(
    wanted: set[str], held: Sequence[set[str]], cosines: Sequence[float], bonus: Sequence[float]
) -> list[int]:
    """Return the quotes that together hold most of `wanted`, best first."""
    chosen: list[int] = []
    missing = set(wanted)
    while len(chosen) < MOST_QUOTES:
        gains = [
            len(missing & stems) / max(1, len(wanted)) + cosine / (1 + len(chosen)) + extra
            for stems, cosine, extra in zip(held, cosines, bonus, strict=True)
        ]
        best = max(
            (r for r in range(len(held)) if r not in chosen), key=gains.__getitem__, default=-1
        )
        if best < 0:
            break
        if chosen and len(missing & held[best]) / max(1, len(wanted)) < _LEAST_GAIN:
            break
        chosen.append(best)
        missing -= held[best]
        if not missing:
            break
    return chosen
