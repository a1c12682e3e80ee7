"""Tie each sentence of a draft to the sentences of the passages it can rest on."""

import re
from collections.abc import Sequence

from rag.answer.extract import cite
from rag.answer.prompt import declines
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
        return [Claim(text, span) for text, span, _ in stated]
    quotes = [e.quote for e in evidence]
    vectors = embedder.embed_queries([*quotes, *(text for text, _, _ in stated)])
    similar = vectors[len(quotes) :] @ vectors[: len(quotes)].T  # (claims, quotes)
    held = [set(content_stems(quote)) for quote in quotes]
    claims = []
    for (text, span, labels), cosines in zip(stated, similar, strict=True):
        bonus = [_LABEL_BONUS * (e.passage.label in labels) for e in evidence]
        rows = _rows(set(content_stems(text)), held, [float(c) for c in cosines], bonus)
        citations = tuple(cite(evidence[row].passage, evidence[row].span) for row in rows)
        claims.append(Claim(text, span, citations))
    return claims


def _statements(draft: Draft) -> list[tuple[str, Span, set[int]]]:
    """Return (text without labels, span in the draft, labels named) of each statement."""
    stated = []
    found = sentences(draft.text)
    for row, whole in enumerate(found):
        span = without_bullet(draft.text, whole)
        said = span.of(draft.text)
        if draft.truncated and row == len(found) - 1 and said[-1] not in ".!?":
            continue
        labels = {int(n) for m in _LABELS.finditer(said) for n in re.findall(r"\d+", m.group())}
        text = _OPENING.sub("", " ".join(_LABELS.sub("", said).replace("**", "").split()))
        if content_stems(text) and not declines(text):
            stated.append((text, span, labels))
    return stated


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
