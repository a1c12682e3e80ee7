"""Does a question lean on what was said before? Told by pronouns, and by what is left out.

A question that stands alone must be left alone, so every rule here wants a reason: a pronoun
counts only when nothing before it in the question itself can be meant.
"""

import re
from dataclasses import dataclass

from rag.answer.asked.topic import AUXILIARY, PREPOSITIONS, asks_for_subject, words
from rag.text import FUNCTION_WORDS, content_stems, stems

PERSONS = frozenset("he she him her his hers".split())
POSSESSIVE = frozenset("its his her their theirs hers".split())
_PRONOUNS = frozenset("it its they them their he she him her his hers theirs".split())
_EXPLETIVE = re.compile(
    r"\b(?:it\s+(?:costs?|takes?|took|means?|matters?|helps?)\s+(?:[\w-]+\s+){0,8}?(?:to|if|for)\b"
    r"|it\s+(?:be\s+|is\s+|was\s+)?(?:[\w-]+\s+)?(?:possible|impossible|allowed|true|necessary|"
    r"legal|illegal|safe|okay?|easy|easier|hard|harder|difficult|important|common|normal|better|"
    r"best|worth|free|required|forbidden|permitted|likely|enough|customary|usual|said|known|that|"
    r"who|when)\b|it\s+(?:rains?|snows?|gets?|comes?|came)\b|(?:time|day|date|year)\s+is\s+it\b)",
    re.IGNORECASE,
)
_CLAUSE = frozenset(
    "and or but that which who what how why when where while if because since until after before "
    "so whether than as unless once , ; :".split()
)
_TIMES = frozenset(
    "year month week day morning evening season summer winter spring autumn century time way "
    "kind sort type document page text article film movie game story book project chapter section "
    "study paper case".split()
)
_WH = frozenset("who whom whose what which when where why how".split())
_THEY = frozenset("they them their".split())
_FEW, _MANY = 3, 6  # content words of a question that may still lean
_THERE_AFTER = frozenset("is are was were be been isn't aren't will can could may must".split())


@dataclass(frozen=True, slots=True)
class Leaning:
    """One word that points back, and its place in `words` of the question."""

    word: str
    at: int

    @property
    def possessive(self) -> bool:
        """Return whether a noun follows: "its price"."""
        return self.word in POSSESSIVE


def leanings(question: str) -> list[Leaning]:
    """Return the words of `question` that point at something outside it."""
    row = [word.casefold() for word in words(question)]
    cased, contents = words(question), content_stems(question)
    found = []
    for at, word in enumerate(row):
        if len(contents) > (_FEW if word in _THEY else _MANY):
            continue  # it says enough by itself
        if (
            (word in _PRONOUNS and _points_back(cased, at) and not _empty(question, word))
            or (word in {"this", "that", "these", "those"} and _demonstrates(cased, at))
            or (word == "there" and _locates(cased, at))
        ):
            found.append(Leaning(word if word != "her" or _noun_follows(row, at) else "him", at))
    return found


def _empty(question: str, word: str) -> bool:
    return word == "it" and bool(_EXPLETIVE.search(question))


def _points_back(row: list[str], at: int) -> bool:
    """Return whether nothing before place `at` in the question can be meant by its pronoun.

    "it" as the object of a verb is never the subject of that verb, so what it means stands in
    another clause; "its" may mean the subject.
    """
    word, before = row[at].casefold(), [w.casefold() for w in row[:at]]
    near = word in POSSESSIVE or (before and before[-1] in PREPOSITIONS)
    if near and before and before[-1] not in AUXILIARY and asks_for_subject(row):
        return False
    start = _subject(before)
    last = max((n for n, w in enumerate(before) if w in _CLAUSE and n >= start), default=0)
    said = [n for n in range(start, at if near else last) if _says(row[n])]
    # In its own clause, a subject and a verb have to stand before it, or a name.
    own = near and (len(said) > 1 or any(row[n][0].isupper() for n in said))
    return not (own or any(n < last for n in said))


def _subject(before: list[str]) -> int:
    """Return the place after the question words and their auxiliary."""
    opening = bool(before) and before[0] in _WH
    clause = next((n for n, w in enumerate(before) if n and w in _CLAUSE), len(before))
    found = next((n for n, w in enumerate(before[:clause]) if w in AUXILIARY), None)
    return found + 1 if opening and found is not None else int(opening)


def _says(word: str) -> bool:
    return word[0].isalnum() and word.casefold() not in FUNCTION_WORDS | AUXILIARY


def _demonstrates(cased: list[str], at: int) -> bool:
    row = [word.casefold() for word in cased]
    if not _points_back(cased, at) or set(stems(" ".join(row[at + 1 : at + 2]))) & set(
        stems(" ".join(row[:at]))
    ):
        return False
    following = row[at + 1] if at + 1 < len(row) else ""
    before = row[at - 1] if at else ""
    if following in _TIMES or following in {"who", "which", "that", "with", "of", "in", "whose"}:
        return False
    if before == "of" and row[0] == "which":  # "which of these is ..." names its choice itself
        return False
    closes = following in {"", "?", ".", "!"}
    if row[at] == "that" and not closes:  # "the ship that sails", "say that it"
        return before in AUXILIARY | {"about", "after", "before"} and following not in {"the", "a"}
    return at > 0 or following in AUXILIARY


def _locates(row: list[str], at: int) -> bool:
    before = row[at - 1].casefold() if at else ""
    following = row[at + 1].casefold() if at + 1 < len(row) else ""
    named = any(word[0].isupper() and word != "I" for word in row[1:at])
    return at > 0 and not {before, following} & _THERE_AFTER and not named


def _noun_follows(row: list[str], at: int) -> bool:
    following = row[at + 1] if at + 1 < len(row) else "?"
    return following[0].isalnum() and following not in FUNCTION_WORDS
