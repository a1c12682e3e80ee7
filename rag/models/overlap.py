"""How far a premise covers a hypothesis, in plain numbers.

Words are stemmed and function words left out, so that order and inflection do not matter. The
judgement over these numbers is made in `rag.models.verifier`; the exact comparison of
quantities, dates and negations lives in `rag.answer` and is none of this module's business.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from rag.protocols import Floats
from rag.text import content_stems, fold, sentences, stems

FEATURES = (
    "coverage",
    "coverage_window",
    "coverage_sentence",
    "coverage_rare",
    "rarest_missing",
    "least_clause",
    "bigrams",
    "run",
    "letters",
    "numbers_missing",
    "names_missing",
    "negation_differs",
    "cosine_sentence",
    "cosine_pair",
    "cosine_premise",
    "words",
    "sentences",
)
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_MOST_SENTENCES = 3  # that a hypothesis is looked for in at once
_NAME = re.compile(r"(?<![.!?] )(?<!^)\b[A-Z][\w'-]*\w")
_NEGATION = re.compile(r"\b(?:no|not|never|none|neither|nor|without|cannot)\b|n't\b")
_CLAUSE = re.compile(r"[,;:]\s|\s(?:and|but|which|who|while|because|when|after|before)\s")
_FEWEST = 2  # content words of a clause that is looked for by itself
_GRAM = 4  # letters compared at a time
_MOST_VECTORS = 8  # sentences of a premise whose vectors are compared
_LONGEST_LOG = 5.0  # the logarithm of about 150 words or sentences


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

    @property
    def windows(self) -> list[frozenset[str]]:
        """Return the content of each two neighbouring sentences; of the only one, if it is."""
        return [a | b for a, b in pairwise(self.content)] or list(self.content)

    def nearest(self, hypothesis: str) -> list[int]:
        """Return the few sentences that share most with `hypothesis`, in reading order.

        A vector costs more than everything else here, and a far sentence decides nothing.
        """
        wanted = frozenset(content_stems(hypothesis))
        order = sorted(range(len(self.content)), key=lambda row: -len(wanted & self.content[row]))
        return sorted(order[:_MOST_VECTORS])


@dataclass(frozen=True, slots=True)
class Cosines:
    """How near a hypothesis is to the nearest sentences of a premise, each in [-1, 1]."""

    sentence: float
    """With the nearest sentence."""
    pair: float
    """With the nearest mean of two neighbouring sentences."""
    premise: float
    """With the mean of the few nearest."""


def overlap(
    hypothesis: str, premise: Premise, cosines: Cosines, rarity: Mapping[str, float]
) -> Floats:
    """Return one value per entry of `FEATURES`, shape (len(FEATURES),).

    Args:
        hypothesis: The statement to be supported.
        premise: What should support it.
        cosines: How near their vectors are.
        rarity: How rare a common stem is, in [0, 1]; a stem that is not there is rarer, 1.
    """
    wanted = frozenset(content_stems(hypothesis)) or frozenset(stems(hypothesis)) or frozenset("?")
    windows = premise.windows
    best = max(windows, key=lambda window: len(wanted & window))
    everything = frozenset().union(*premise.content)
    nearest = max(range(len(premise.content)), key=lambda row: len(wanted & premise.content[row]))
    clauses = _clauses(hypothesis) or [wanted]
    return np.asarray(
        [
            _share(wanted, everything),
            _share(wanted, best),
            _share(wanted, premise.content[nearest]),
            _weighed(wanted, best, rarity),
            max((rarity.get(stem, 1.0) for stem in wanted - everything), default=0.0),
            min(max(_share(clause, window) for window in windows) for clause in clauses),
            _bigrams(hypothesis, premise),
            _longest_run(stems(hypothesis), premise.stems),
            _share(_letters(hypothesis), _letters(premise.text)),
            _missing(_NUMBER.findall(hypothesis), _NUMBER.findall(premise.text)),
            _missing(_names(hypothesis), stems(premise.text)),
            float(_denies(hypothesis) != _denies(premise.sentences[nearest])),
            cosines.sentence,
            cosines.pair,
            cosines.premise,
            _log(len(wanted)),
            _log(len(premise.sentences)),
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


def _share(wanted: frozenset[str], held: frozenset[str]) -> float:
    return len(wanted & held) / len(wanted) if wanted else 1.0


def _weighed(wanted: frozenset[str], held: frozenset[str], rarity: Mapping[str, float]) -> float:
    """Return the share of `wanted` that is held, a rare word counting more than a common one."""
    total = sum(rarity.get(stem, 1.0) for stem in wanted)
    return sum(rarity.get(stem, 1.0) for stem in wanted & held) / total if total else 1.0


def _clauses(hypothesis: str) -> list[frozenset[str]]:
    found = [frozenset(content_stems(part)) for part in _CLAUSE.split(hypothesis)]
    return [clause for clause in found if len(clause) >= _FEWEST]


def _letters(text: str) -> frozenset[str]:
    flat = " ".join(re.findall(r"\w+", fold(text)))
    return frozenset(flat[row : row + _GRAM] for row in range(max(1, len(flat) - _GRAM + 1)))


def _denies(text: str) -> bool:
    return _NEGATION.search(fold(text)) is not None


def _log(count: int) -> float:
    return float(np.log1p(count)) / _LONGEST_LOG


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


def _missing(wanted: Collection[str], held: Collection[str]) -> float:
    return len(set(wanted) - set(held)) / len(set(wanted)) if wanted else 0.0
