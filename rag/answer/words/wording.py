"""The words of a statement in one spelling and in the order of who does what to whom.

"C was sold to B by A in 1990" and "In 1990, A sold C to B" are the same words in another
order; "B sold C to A" is not. So a passive is turned into its active and an opening clause is put
last before two orders are compared. English only: elsewhere words stay where they are.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from rag.answer.words.quantities import in_digits
from rag.answer.words.spelling import LINKING, participles, root, spelled
from rag.text import FUNCTION_WORDS

_PIECE = re.compile(r"\d+(?:\.\d+)?(?![^\W_])|[^\W_]+|[.,;:()\u2013\u2014](?=\s|$|[^\W_])|[()]")
_BE = frozenset("is are was were be been being".split())
_BETWEEN = frozenset(
    "not also then being been never all later further often still soon first once again now always "
    "usually already so both well".split()
)  # may stand before a participle
_OPENS = frozenset(
    "when if in on at after before during since although because while as by under within until "
    "unless from for with despite through between throughout once upon among along across over "
    "where whereas though due according following via without to of".split()
)
_NO_AGENT = frozenset("means way virtue hand default now then far law chance itself".split())
_ENDS_AGENT = _OPENS | _BE | frozenset(
    "and but or which who that whose whom into onto against than about around".split()
)  # fmt: skip
_NEW_CLAUSE = frozenset(
    "and but while whereas when if although because since after before which who so or".split()
)
_STOPS = frozenset(".,;:()\u2013\u2014")


@dataclass(frozen=True, slots=True)
class Word:
    """One word or mark: as said, and what is compared."""

    said: str
    root: str
    """Empty for a mark or a word that carries no meaning of its own."""
    aside: bool = False
    """Whether it stands in brackets."""


@dataclass(frozen=True, slots=True)
class Wording:
    """The words of a statement that carry meaning, in each order that means the same."""

    text: str
    orders: tuple[tuple[Word, ...], ...]
    """As said; with an opening clause put last."""
    active: tuple[tuple[Word, ...], ...]
    """The same with every passive turned into its active."""
    passive: frozenset[str] = field(default_factory=frozenset[str])
    """The verbs that are said in the passive."""

    @property
    def roots(self) -> list[str]:
        """Return what is compared, in the order said."""
        return [word.root for word in self.orders[0]]

    def same_voice(self, other: "Wording") -> bool:
        """Return whether no verb of both is passive in one and active in the other."""
        mine, theirs = set(self.roots), set(other.roots)
        turned = self.passive ^ other.passive
        return not any(verb in mine and verb in theirs for verb in turned)


def wording(text: str) -> Wording:
    """Return `text` as its words, spelled and ordered in one way."""
    words = _words(text)
    arrangements = list(dict.fromkeys((words, _opening_last(words))))
    passive: set[str] = set()
    active = [_activated(arrangement, passive) for arrangement in arrangements]
    return Wording(
        text,
        tuple(_content(words) for words in arrangements),
        tuple(_content(words) for words in active),
        frozenset(passive),
    )


def _words(text: str) -> tuple[Word, ...]:
    digits, codes = in_digits(spelled(text))
    found: list[Word] = []
    depth = 0
    for said in _pieces(digits, codes):
        depth = max(0, depth + (said == "(") - (said == ")"))
        found.append(Word(said, _root(said), depth > 0))
    return tuple(found)


def _pieces(text: str, codes: set[str]) -> list[str]:
    """Return words, numbers and marks; a code such as `nx-200` is one word."""
    if not codes:
        return _PIECE.findall(text)
    either = "|".join(re.escape(code) for code in sorted(codes, key=len, reverse=True))
    return re.findall(rf"(?<![^\W_])(?:{either})(?![^\W_])|{_PIECE.pattern}", text)


def _root(said: str) -> str:
    if said in _STOPS or said in FUNCTION_WORDS or said in LINKING:
        return ""
    return root(said)


def _content(words: Sequence[Word]) -> tuple[Word, ...]:
    return tuple(word for word in words if word.root)


def _opening_last(words: tuple[Word, ...]) -> tuple[Word, ...]:
    """Put "In 1990," or "When it rains," behind what it opens."""
    if not words or words[0].said not in _OPENS:
        return words
    comma = next((row for row, word in enumerate(words) if word.said == "," and not word.aside), 0)
    if comma:
        return (*words[comma + 1 :], *words[:comma])
    digits = next((r for r in range(1, len(words)) if not _dated(words[r].said)), 1)
    return (*words[digits:], *words[:digits]) if digits > 1 else words


def _dated(said: str) -> bool:
    return said[0].isdigit() or re.fullmatch(r"(?:month|day)\d+", said) is not None


def _activated(words: tuple[Word, ...], passive: set[str]) -> tuple[Word, ...]:
    """Return `words`, clause by clause, with "X was done by Y" as "Y done X"."""
    turned: list[Word] = []
    for clause in _clauses(words):
        turned += _turned(clause, passive)
    return tuple(turned)


def _clauses(words: tuple[Word, ...]) -> list[tuple[Word, ...]]:
    starts = [0]
    for row in range(1, len(words) - 1):
        mark, following = words[row].said, words[row + 1].said
        if mark in {";", ":", "."} or (
            mark == "," and following in _NEW_CLAUSE - {"which", "who"} and row - starts[-1] > 2
        ):
            starts.append(row + 1)
    return [words[a:b] for a, b in zip(starts, [*starts[1:], len(words)], strict=True)]


def _turned(clause: tuple[Word, ...], passive: set[str]) -> tuple[Word, ...]:
    for row, word in enumerate(clause):
        verb = _participle(clause, row + 1) if word.said in _BE else None
        if verb is None:
            continue
        passive.add(clause[verb].root)
        subject = clause[:row]
        by = next((r for r in range(verb + 1, len(clause)) if _agent(clause, r)), None)
        if by is None:
            return (*clause[row:verb], clause[verb], *subject, *clause[verb + 1 :])
        end = _agent_end(clause, by + 1)
        agent, between = clause[by + 1 : end], clause[verb + 1 : by]
        return (*agent, *clause[row:verb], clause[verb], *subject, *between, *clause[end:])
    return clause


def _participle(clause: tuple[Word, ...], row: int) -> int | None:
    """Return where the participle after a form of "be" stands; None when there is none."""
    while row < len(clause) and (clause[row].said in _BETWEEN or clause[row].said.endswith("ly")):
        row += 1
    if row >= len(clause):
        return None
    said = clause[row].said
    known = said in participles() or (said.endswith("ed") and len(said) > 3)
    return row if known and clause[row].root else None


def _agent(clause: tuple[Word, ...], row: int) -> bool:
    if clause[row].said != "by" or row + 1 >= len(clause):
        return False
    following = clause[row + 1].said
    return not (
        following[0].isdigit()
        or following.endswith("ing")
        or following in _NO_AGENT
        or (row + 2 < len(clause) and clause[row + 2].said in _NO_AGENT)
    )


def _agent_end(clause: tuple[Word, ...], start: int) -> int:
    ends = (
        row
        for row in range(start + 1, len(clause))
        if clause[row].said in _STOPS or (clause[row].said in _ENDS_AGENT - {"of", "and"})
    )
    return next(ends, len(clause))
