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
    "number_absent",
    "name_absent",
    "cosine_sentence",
    "cosine_premise",
)
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_NUMBER_WORDS = {
    word: str(value)
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
        "fifteen sixteen seventeen eighteen nineteen twenty".split()
    )
} | {"thirty": "30", "forty": "40", "fifty": "50", "sixty": "60", "seventy": "70", "eighty": "80",
     "ninety": "90", "hundred": "100", "first": "1", "second": "2", "third": "3"}  # fmt: skip
_CAPITALISED = re.compile(r"\b[A-Z][\w'-]*\w")
_MOST_VECTORS = 8  # sentences of a premise whose vectors are compared
_MOST_SENTENCES = 3  # that a hypothesis is looked for in at once


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

    def nearest(self, hypothesis: str) -> list[int]:
        """Return the few sentences that share most with `hypothesis`, in reading order.

        A vector costs more than everything else here, and a far sentence decides nothing.
        """
        wanted = frozenset(content_stems(hypothesis))
        order = sorted(range(len(self.content)), key=lambda row: -len(wanted & self.content[row]))
        return sorted(order[:_MOST_VECTORS])


def overlap(hypothesis: str, premise: Premise, cosines: Floats, cosine_premise: float) -> Floats:
    """Return one value per entry of `FEATURES`, shape (len(FEATURES),).

    Args:
        hypothesis: The statement to be supported.
        premise: What should support it.
        cosines: Of the hypothesis with the nearest sentences of the premise, shape (n,).
        cosine_premise: Of the hypothesis with the mean of those sentences.
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
            float(not _figures(hypothesis) <= _figures(premise.text) | _spelled(premise.text)),
            float(not _capitalised(hypothesis) <= set(stems(premise.text))),
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


def _figures(text: str) -> set[str]:
    return {number.replace(",", "") for number in _NUMBER.findall(fold(text))}


def _spelled(text: str) -> set[str]:
    """Return the numbers that `text` says in words, in digits."""
    words = re.findall(r"[a-z]+", fold(text))
    return {_NUMBER_WORDS[word] for word in words if word in _NUMBER_WORDS}


def _capitalised(text: str) -> set[str]:
    """Return the stems of all capitalised words, a word that opens a sentence included."""
    return {stem for name in _CAPITALISED.findall(text) for stem in content_stems(name)}


def _missing(wanted: Sequence[str], held: Sequence[str]) -> float:
    return len(set(wanted) - set(held)) / len(set(wanted)) if wanted else 0.0
