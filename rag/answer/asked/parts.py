"""Split a question of several parts into questions that each have an answer of their own.

"Who founded the mill and when did it close?" asks twice; so do "the fees for adults and
children" and "Which is older, the mill or the barn?". Plain rules, English; what they do not
recognise stays whole.
"""

import re
from dataclasses import dataclass

from rag.answer.asked.follow import LEADS, completed, standalone
from rag.answer.asked.topic import AUXILIARY, words
from rag.text import FUNCTION_WORDS, capitalised, content_stems, stems
from rag.types import Turn


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a question, as a question of its own."""

    text: str
    about: frozenset[str] = frozenset()
    """Stems that tell it from its siblings; what answers it holds them, or stands below them."""
    joined: bool = False
    """Whether it is named in one breath with its siblings: "adults and children"."""


_WH = r"(?:who|whom|whose|what|which|when|where|why|how)"
_TWO_WAYS = re.compile(rf"({_WH}) (?:and|or) ({_WH}) (.+)", re.IGNORECASE)
_NEXT = re.compile(
    rf"\?\s+(?=\w)|(?:[.;]|,?\s+and(?:\s+also)?|,?\s+but)\s+(?=(?:{LEADS}\s+)?{_WH}\b)",
    re.IGNORECASE,
)
_THING = r"(?:(?:the|a|an) )?(?:[A-Z][\w&'.-]*(?: (?:of )?[A-Z\d][\w&'.-]*)*|\d{4}|[a-z][\w-]+)"
_PREPOSITION = r"(?:for|in|at|on|of|to|with|during|from)"
_MEMBERS = re.compile(
    rf"\b(?P<before>{_PREPOSITION}) (?P<list>{_THING}(?:, {_THING})*,? and (?:{_PREPOSITION} )?"
    rf"{_THING})(?=[?.,]?$| (?:in|at|on|for|from|cost|costs|have|has|carry|pay|get|last)\b)"
)
_NAME = r"(?:the )?[A-Z][\w'-]*(?: [A-Z\d][\w'-]*)*"
_NAMED = re.compile(rf"\b(?P<list>{_NAME}(?:, {_NAME})*,? and {_NAME})\b")
_PAIRED = re.compile(
    r"\bdo(?:es)? (?P<list>(?:the|an?) [\w-]+(?: [\w-]+){0,3}? and (?:the|an?) [\w-]+(?: [\w-]+)?)"
    r"(?= (?:cost|pay|have|carry|weigh|mean|take|last|get|need|hold|say)\b)"
)
_DISTRIBUTES = re.compile(
    rf"(?:in |at |on |for |to )?(?!why){_WH}\b|(?:list|name|give|tell)\b", re.IGNORECASE
)
_TOGETHER = re.compile(r"\b(?:differ\w*|than|between|both|compar\w*|relat\w*)\b", re.IGNORECASE)
_COMMA = re.compile(r",\s*(?:and\s+)?|\s+and\s+")
_CHOICE = re.compile(r"(?P<head>.+?)[,:]\s*(?P<a>[^,]+?),?\s+or\s+(?P<b>[^,]+)")
_BETWEEN = re.compile(
    r"\b(?:differences?|compar\w+|gap)\b.*?\bbetween (?P<a>.+?) and (?P<b>.+)", re.IGNORECASE
)
_COUNTED = re.compile(r"\b(?:more|fewer|most|fewest)\s+(\w+)", re.IGNORECASE)
_DEGREE = re.compile(
    r"\b(?:(?:more|most|less|least)\s+(\w+)|(\w{2,}?)(?:er|est|ier|iest))\b", re.IGNORECASE
)
_AGE = frozenset("old new young early recent".split())
_PRICE = frozenset("cheap expensive dear costly".split())
_MOST = 4
_LONGEST = 500  # characters; the patterns would take long over more


def parts_of(question: str) -> tuple[Part, ...]:
    """Return the parts of `question`, in its order; one part, itself, when it asks one thing."""
    bare = question.strip().rstrip("?!. ")
    if len(bare) > _LONGEST:
        return (Part(question),)
    for split in (_choices, _clauses, _members):
        found = split(bare)
        if 1 < len(found) <= _MOST:
            return tuple(found)
    return (Part(question),)


def _clauses(bare: str) -> list[Part]:
    if both := _TWO_WAYS.fullmatch(bare):
        return [Part(f"{capitalised(way)} {both[3]}?") for way in (both[1], both[2])]
    pieces = [piece.strip(" ,;?.") for piece in _NEXT.split(bare)]
    pieces = pieces[:1] + [completed(piece, pieces[0]) for piece in pieces[1:]]
    if len(pieces) < 2 or not all(_asks(piece) for piece in pieces):
        return []
    found = [Part(f"{capitalised(pieces[0])}?")]
    for piece in pieces[1:]:
        earlier = [Turn(each.text) for each in found]
        found.append(Part(standalone(f"{capitalised(piece)}?", earlier)))
    return found


def _asks(piece: str) -> bool:
    """Return whether `piece` is a question with a verb and something it is about."""
    row = [word.casefold() for word in words(piece)]
    led = bool(row) and bool(re.match(rf"(?:\w+ )?{_WH}\b", " ".join(row[:2])))
    subject = row[:1] in (["who"], ["which"], ["what"]) or row[:2] == ["how", "many"]
    verb = subject or bool(AUXILIARY & set(row))
    said = any(word not in FUNCTION_WORDS | AUXILIARY for word in row[1:])
    return (led or not AUXILIARY.isdisjoint(row[:1])) and verb and said and len(row) > 2


def _members(bare: str) -> list[Part]:
    """Return one part a member of "for adults and children" or "Sandpiper and Turnstone"."""
    if not _DISTRIBUTES.match(bare) or _TOGETHER.search(bare):
        return []
    match = _MEMBERS.search(bare) or _NAMED.search(bare) or _PAIRED.search(bare)
    if match is None or match["list"].endswith("'s") or bare[match.end("list") :][:1] == "'":
        return []
    listed = match["list"]
    members = [re.sub(rf"^{_PREPOSITION} ", "", m) for m in _COMMA.split(listed) if m]
    if len({_shape(member) for member in members}) > 1:
        return []
    start, end = match.span("list")
    return [
        Part(f"{bare[:start]}{member}{bare[end:]}?", _telling(member, members), joined=True)
        for member in members
    ]


def _shape(member: str) -> str:
    last = member.rsplit(maxsplit=1)[-1]
    return "name" if last[0].isupper() else "number" if last[0].isdigit() else "word"


def _telling(member: str, members: list[str]) -> frozenset[str]:
    """Return the stems of `member` that no other member has."""
    others = {stem for other in members if other != member for stem in stems(other)}
    return frozenset(content_stems(member)) - others


def _choices(bare: str) -> list[Part]:
    """Return one part a side of a comparison: "Which is older, the mill or the barn?"."""
    asks = re.match(rf"{_WH}\b|differ|compare", bare, re.IGNORECASE)
    if asks and (match := _BETWEEN.search(bare)):
        sides, head = _alike(match["a"], match["b"]), ""
    elif asks and (match := _CHOICE.fullmatch(bare)):
        sides, head = [match["a"], match["b"]], match["head"]
    else:
        return []
    if any(len(side.split()) > 6 for side in sides):
        return []
    return [Part(_about_one(head, side), _telling(side, sides)) for side in sides]


def _alike(first: str, second: str) -> list[str]:
    """Return both sides whole: "the rules of 2023" and "2025" are both rules."""
    if second.isdigit() and (year := re.search(r"\d+$", first)):
        return [first, f"{first[: year.start()]}{second}"]
    return [first, second]


def _about_one(head: str, side: str) -> str:
    """Return what a comparison asks of one side: "Which has more cars" of "Lark"."""
    if not head:
        return f"What is {side}?"
    counted = _COUNTED.search(head)
    if counted and not counted[1].endswith(("ive", "ant", "ful", "ous", "able")):
        does, verb = _helped(head[: counted.start()])
        return " ".join(f"How many {counted[1]} {does} {side} {verb}".split()) + "?"
    degree = _DEGREE.search(head)
    word = (degree[1] or degree[2]).casefold() if degree else ""
    tail = head[degree.end() :].strip() if degree else ""
    if tail and re.search(
        r"\b(?:has|have|had)\s+(?:the\s+)?$", head[: degree.start() if degree else 0]
    ):
        return f"What is the {tail} of {side}?"
    if word in _AGE or word.rstrip("l") in _AGE or re.search(r"\b(?:first|last)\b", head):
        return f"When was {side} built or born?"
    asked = f"What does {side} cost" if word in _PRICE else f"How {word} is {side}"
    return f"{asked} {tail}".strip() + "?" if word else f"{head}: {side}?"


def _helped(before: str) -> tuple[str, str]:
    """Return auxiliary and verb of "Which can carry": "can" and "carry"."""
    row = words(before)[1:]
    does = row[0] if row and row[0].casefold() in AUXILIARY else "does"
    return does, " ".join(word for word in row if word != does)
