"""What the grounding layer is worth: the raw draft against what is shown, by an outside judge."""

import re
from collections.abc import Sequence

import numpy as np

from rag.evaluate.bootstrap import Figure, Values, figure
from rag.evaluate.citations import as_evidence
from rag.evaluate.judge import Judge
from rag.evaluate.metrics import normalised
from rag.evaluate.record import Told
from rag.text import sentences

SAME = 0.8
"""Share of a draft sentence's words that a shown sentence must hold to be that sentence."""
_LABELS = re.compile(r"\s*\[[\d,; ]+\]")


def hallucination(told: Sequence[Told], judge: Judge) -> dict[str, Figure]:
    """Return unsupported shares before and after the grounding layer, and what survives it.

    A drafted sentence is held against all passages the draft could draw on, a shown one
    against the quotes it cites. Kept are the supported drafted sentences that are shown.
    """
    drafted = [one for one in told if one.draft]
    raw = [drafted_sentences(one.draft or "") for one in drafted]
    shown = [[said.text for said in one.said] for one in drafted]
    raw_held = _held(
        judge,
        raw,
        [["\n".join(one.passages)] * len(row) for one, row in zip(drafted, raw, strict=True)],
    )
    shown_held = _held(
        judge, shown, [[as_evidence(said.quotes) for said in one.said] for one in drafted]
    )
    good = [
        [text for text, held in zip(row, verdicts, strict=True) if held]
        for row, verdicts in zip(raw, raw_held, strict=True)
    ]
    kept = [[survives(text, there) for text in row] for row, there in zip(good, shown, strict=True)]
    return {
        "hallucination.raw_rate": _share([[not held for held in row] for row in raw_held]),
        "hallucination.shown_rate": _share([[not held for held in row] for row in shown_held]),
        "hallucination.kept_rate": _share(kept),
    }


def drafted_sentences(draft: str) -> list[str]:
    """Return the sentences of a draft that say something, without labels."""
    found = [_LABELS.sub("", span.of(draft)).strip() for span in sentences(draft)]
    return [text for text in found if normalised(text)]


def survives(sentence: str, shown: Sequence[str]) -> bool:
    """Return whether one of the shown sentences is this one, give or take a few words."""
    wanted = set(normalised(sentence))
    return any(len(wanted & set(normalised(text))) >= SAME * len(wanted) for text in shown)


def _held(
    judge: Judge, texts: Sequence[Sequence[str]], evidence: Sequence[Sequence[str]]
) -> list[list[bool]]:
    flat = [text for row in texts for text in row]
    verdicts = iter(judge.supports([e for row in evidence for e in row], flat) if flat else ())
    return [[bool(next(verdicts)) for _ in row] for row in texts]


def _share(rows: Sequence[Sequence[bool]]) -> Figure:
    """Return the share of true values over all rows, resampled by row."""
    kept = [row for row in rows if row]
    true: Values = np.asarray([sum(row) for row in kept], np.float64)
    total: Values = np.asarray([len(row) for row in kept], np.float64)
    found = figure(lambda drawn: float(true[drawn].sum() / total[drawn].sum()), len(kept))
    return Figure(found.value, int(total.sum()), found.low, found.high)
