"""The places of a question that hold one thing at a time, so that a new thing takes the old's.

"adult" and "child" exclude each other, and so do "in summer" and "in winter"; a question has
one "for ...". The groups are closed lists: other words are in contrast with nothing.
"""

import re

from rag.answer.asked.topic import AUXILIARY, PREPOSITIONS

_GROUPS = {
    "people": "adult adults child children kid kids infant infants baby babies senior seniors "
    "pensioner pensioners student students concession concessions",
    "sex": "man men woman women",
    "fare": "single singles return returns",
    "season": "summer summers winter winters spring springs autumn autumns",
    "week": "weekday weekdays weekend weekends",
}
_GROUP = {word: group for group, held in _GROUPS.items() for word in held.split()}
_PLURAL = {
    one: many
    for held in _GROUPS.values()
    for one, many in zip(held.split()[::2], held.split()[1::2], strict=True)
}
_GROUP |= {"day": "hours", "night": "hours"}  # "days" and "nights" are counted
_SINGULAR = {many: one for one, many in _PLURAL.items()}
_WHEN = frozenset({"season", "week", "hours"})
_ARTICLE = r"(?:the|an?)\s+"
_TIED = "|".join(sorted(PREPOSITIONS))
_WORD = re.compile(r"[^\W\d_]+")
_NEW = re.compile(rf"(?:({_TIED})\s+)?(?:{_ARTICLE})?([^\W\d_]+)", re.IGNORECASE)
_OPEN = re.compile(rf"\b({_TIED})\s+(?:{_ARTICLE})?$", re.IGNORECASE)
_CLOSED = re.compile(rf"\s+(?:{_TIED}|{'|'.join(sorted(AUXILIARY))})\b|\W*$", re.IGNORECASE)
_MEASURE = re.compile(r"(?:\b(?:per|each|every|one)|\d)\s+$", re.IGNORECASE)
_YEAR = re.compile(r"\b(?:1\d|20)\d\d\b")
_TIME = re.compile(
    r"\b(?:january|february|march|april|may|june|july|august|september|october|"
    r"november|december|\w+days?|(?:week|month|year|hour|minute|morning|afternoon|evening|night|"
    r"noon|weekend|summer|winter|spring|autumn)s?)\b",
    re.IGNORECASE,
)
_AND_WHEN = re.compile(
    r"(.+?)\s+((?:in|on|at|during|by)\s+(?:the\s+)?(?:(?:1\d|20)\d\d|"
    + "|".join(word for word, group in _GROUP.items() if group in _WHEN)
    + "))",
    re.IGNORECASE,
)
_MODIFIER = re.compile(
    rf"\b(?:an?\s+)?(?:{'|'.join(one for one in _PLURAL if _GROUP[one] == 'people')})\s+"
    r"(?=(?:ticket|fare|price|pass|fee|rate|charge|admission)(?:s|es)?\b)"
)
_VERBS = frozenset(
    "cost costs pay charge take last have get need carry start run open close apply work hold "
    "mean weigh be go leave arrive depart end begin change".split()
)
_BREAKS = _VERBS | AUXILIARY | frozenset("and or but if when while because that which who".split())
_HELPED = re.compile(
    r"\b(?:do|does|did|can|could|will|would|should|must|may)\s+(\w+)", re.IGNORECASE
)
_SUBJECTS = frozenset("i you we they one people it he she".split())


def contrasted(new: str, before: str) -> str:
    """Return `before` with its like replaced by `new`: "a child ticket" for "an adult ticket".

    Args:
        new: One member of a group, perhaps with its preposition: "for children", "winter".
        before: The question before, without its mark.

    Returns:
        The question, or "" when `new` is in contrast with nothing in it.
    """
    found = _NEW.fullmatch(new)
    group = _GROUP.get(found[2].casefold()) if found else None
    if found is None or group is None:
        return ""
    preposition, word = (found[1] or "").casefold(), found[2].casefold()
    held = []
    for match in _WORD.finditer(before):
        left, right = before[: match.start()], before[match.end() :]
        if _GROUP.get(match.group()) != group or (group == "hours" and _measures(left, right)):
            continue
        held.append((left, match.group(), right, _OPEN.search(left)))
    if not held:
        return ""
    alike = (each for each in held if each[3] and each[3][1].casefold() == preposition)
    left, old, right, tie = next(alike, held[0])
    same = tie and (group in _WHEN or tie[1].casefold() == preposition)
    if preposition and tie and same and _CLOSED.match(right):
        return f"{left[: tie.start()]}{new}{right}"
    word = _PLURAL.get(word, word) if old in _SINGULAR else _SINGULAR.get(word, word)
    return mended(left, f"{word}{right}")


def slot(preposition: str, thing: str, before: str) -> str:
    """Return what `before` holds after `preposition`, if it is a time or year as `thing` is."""
    opened = re.finditer(rf"\b{re.escape(preposition)}\s+", before, re.IGNORECASE)
    held = [_extent(before[: match.start()], before[match.end() :]) for match in opened]
    alike = [phrase for phrase in held if phrase and _kind(phrase) == _kind(thing)]
    return alike[-1] if alike else ""


def without_people(thing: str, before: str) -> str:
    """Return `before` for "for `thing`": "a ticket" for "an adult ticket" when a dog travels."""
    if _kind(thing) or not thing[:1].islower() or thing.startswith("the "):
        return before
    match = _MODIFIER.search(before)
    if match is None:
        return before
    article = "a " if re.match(r"an?\s", match.group()) else ""
    return mended(f"{before[: match.start()]}{article}", before[match.end() :])


def apart(new: str) -> list[str]:
    """Return the slots `new` fills: "for children" and "in winter" of "for children in winter"."""
    found = _AND_WHEN.fullmatch(new)
    return [found[1], found[2]] if found else [new]


def mended(left: str, right: str) -> str:
    """Return `left` and `right` joined, with the "a" or "an" between them made to fit."""
    fits = "an" if right[:1].casefold() in set("aeiou") else "a"
    return re.sub(r"\b(a)n?(\s+)$", rf"\g<1>{fits[1:]}\2", left, flags=re.IGNORECASE) + right


def _kind(phrase: str) -> str:
    return "year" if _YEAR.search(phrase) else "time" if _TIME.search(phrase) else ""


def _measures(left: str, right: str) -> bool:
    """Return whether a day is a measure: "per day", "8 euros a day"."""
    counted = re.search(r"\ba\s+$", left) and _CLOSED.match(right)
    return bool(_MEASURE.search(left) or counted)


def _extent(left: str, text: str) -> str:
    """Return the noun phrase that opens `text`: "a horse in a trailer" of "... trailer cost"."""
    row = text.split()
    end = 0
    while end < len(row) and _inside(row, end):
        end += 1
        if row[end - 1].endswith((",", ";", ":")):
            break
    bare = re.sub(rf"^{_ARTICLE}", "", " ".join(row[:end]))
    helped = _HELPED.search(left)
    awaited = helped and helped[1].casefold() not in _SUBJECTS and not _VERBS & set(left.split())
    if end == len(row) and " " in bare and awaited:
        end -= 1  # the verb: "does a ticket for adults | include"
    found = re.match(r"\s+".join(map(re.escape, row[:end])), text)
    return found.group().rstrip(",;:") if found else ""


def _inside(row: list[str], at: int) -> bool:
    """Return whether the word at place `at` still belongs to the noun phrase before it."""
    word, following = row[at].casefold(), row[at + 1].casefold() if at + 1 < len(row) else ""
    if word in PREPOSITIONS:
        tied = word in {"in", "on"} and following in {"a", "an"}
        return at > 0 and (tied or word in {"with", "without", "of", "over"})
    return word not in _BREAKS
