"""How far a premise covers a hypothesis, in a few plain numbers.

Words are stemmed and function words left out, so that order and inflection do not matter. The
judgement over these numbers is a logistic in `rag.models.verifier`; the exact comparison of
quantities, dates and negations lives in `rag.answer` and is none of this module's business.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from rag.protocols import Floats
from rag.text import content_stems, fold, sentences, stems

FEATURES = (
    "coverage",
    "coverage_window",
    "bigrams",
    "run",
    "numbers_missing",
    "names_missing",
    "cosine_sentence",
    "cosine_premise",
)
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_MOST_SENTENCES = 3  # that a hypothesis is looked for in at once
_NAME = re.compile(r"(?<![.!?] )(?<!^)\b[A-Z][\w'-]*\w")


@dataclass(frozen=True, slots=True)
class Premise:
    """A premise taken apart: its sentences, and the stems of each, function words included."""

    text: str
    sentences: tuple[str, ...]
    stems: tuple[tuple[str, ...], ...]
    content: tuple[frozenset[str], ...]

    @classmethod
    def of(cls, text: str) -> "Premise":
        """Return `text` in sentences; a text without any has one empty sentence."""
        found = tuple(span.of(text) for span in sentences(text)) or ("",)
        return cls(
            text,
            found,
            tuple(tuple(stems(sentence)) for sentence in found),
            tuple(frozenset(content_stems(sentence)) for sentence in found),
        )


def overlap(hypothesis: str, premise: Premise, cosines: Floats, cosine_premise: float) -> Floats:
    """Return one value per entry of `FEATURES`, shape (len(FEATURES),).

    Args:
        hypothesis: The statement to be supported.
        premise: What should support it.
        cosines: Of the hypothesis with each sentence of the premise, shape (sentences,).
        cosine_premise: Of the hypothesis with the mean of the premise's sentences.
    """
    wanted = frozenset(content_stems(hypothesis)) or frozenset(stems(hypothesis)) or frozenset("?")
    covered = [len(wanted & content) / len(wanted) for content in premise.content]
    windows = [len(wanted & (a | b)) / len(wanted) for a, b in pairwise(premise.content)] or covered
    everything = frozenset().union(*premise.content)
    return np.asarray(
        [
            len(wanted & everything) / len(wanted),
            max(windows),
            _bigrams(hypothesis, premise),
            _longest_run(stems(hypothesis), premise.stems),
            _missing(_NUMBER.findall(hypothesis), _NUMBER.findall(premise.text)),
            _missing(_names(hypothesis), stems(premise.text)),
            float(cosines.max()),
            cosine_premise,
        ],
        np.float32,
    )


def is_sentence_of(hypothesis: str, premise: Premise) -> bool:
    """Return whether a line of the premise holds the hypothesis as whole sentences, verbatim.

    Case and the closing mark may differ; any other character counts.
    """
    wanted = _plain(hypothesis)
    for line in premise.text.split("\n"):
        spans = sentences(line)
        for row, first in enumerate(spans):
            ends = (last.end for last in spans[row : row + _MOST_SENTENCES])
            if wanted and any(_plain(line[first.start : end]) == wanted for end in ends):
                return True
    return False


def _plain(text: str) -> str:
    return " ".join(fold(text).split()).rstrip(".!?\u2026")


def _bigrams(hypothesis: str, premise: Premise) -> float:
    """Return the share of neighbouring content words that are neighbours in the premise."""
    wanted = set(pairwise(content_stems(hypothesis)))
    held = {pair for sentence in premise.sentences for pair in pairwise(content_stems(sentence))}
    return len(wanted & held) / len(wanted) if wanted else 0.0


def _longest_run(wanted: Sequence[str], held: Sequence[Sequence[str]]) -> float:
    """Return the longest stretch of words a sentence of the premise repeats, as a share."""
    longest = 0
    for sentence in held:
        previous = [0] * (len(sentence) + 1)
        for word in wanted:
            row = [0] * (len(sentence) + 1)
            for column, other in enumerate(sentence, 1):
                if word == other:
                    row[column] = previous[column - 1] + 1
                    longest = max(longest, row[column])
            previous = row
    return longest / max(1, len(wanted))


def _names(hypothesis: str) -> list[str]:
    return [stem for name in _NAME.findall(hypothesis) for stem in stems(name)]


def _missing(wanted: Sequence[str], held: Sequence[str]) -> float:
    return len(set(wanted) - set(held)) / len(set(wanted)) if wanted else 0.0
