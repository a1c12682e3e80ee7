"""Make a question that follows others stand alone: fill in what it points at or leaves out.

"And for children?" after "What does a ticket for adults cost?" is "What does a ticket for
children cost?". Rules only, so the rewriting is the same every time and can be shown; what they
do not understand is left as it was typed, and retrieval always uses both.
"""

import re
from collections.abc import Sequence
from functools import reduce

from rag.answer.asked.leaning import PERSONS, Leaning, leanings
from rag.answer.asked.slots import apart, contrasted, mended, slot, without_people
from rag.answer.asked.topic import (
    AUXILIARY,
    PARTICIPLE,
    PREPOSITIONS,
    name_runs,
    person,
    place,
    topic,
    words,
)
from rag.text import capitalised, content_stems
from rag.types import Turn

REMEMBERED = 8
"""Turns that are looked back at."""
_LEAD = re.compile(r"(?:and|but|or|so|then|ok|okay|also)\b[\s,]*", re.IGNORECASE)
_ABOUT = re.compile(r"(?:what|how)\s+about\s+(.+)", re.IGNORECASE)
_BARE = re.compile(
    r"(when|where|why|who|how|how (?:much|many|long|often|far|old)|which(?: one)?|by whom|"
    r"since when|until when|what time|what for)(?:\s+(?:exactly|then|not|so|else))?",
    re.IGNORECASE,
)
_WH_PHRASE = re.compile(
    r"(?:who|whom|what|which|when|where|why|how)\b(?:(?!\b(?:AUX)\b)[^?])*?\s*(?=\b(?:AUX)\b)".replace(
        "AUX", "|".join(sorted(AUXILIARY))
    ),
    re.IGNORECASE,
)
LEADS = r"(?:in|at|on|to|from|for|by|of|with|since|until|under|during|after|before|through)"
"""Prepositions that may open a question: "in which year"."""
_SHORT = re.compile(
    rf"{LEADS} (?:whom|when|(?:what|which|whose)(?: [\w-]+){{1,3}}|"
    r"how (?:many|much|long)(?: \w+)?)",
    re.IGNORECASE,
)
_CIRCUMSTANCE = re.compile(
    rf"(?:when|where|why|how(?: (?:long|often|soon|far))?|{LEADS} (?:what|which) [\w-]+)"
    r"\s+(?=(?:is|are|was|were|do|does|did|can|could|will|would|should|must|may|has|have|had)\b)",
    re.IGNORECASE,
)
_DID = re.compile(
    rf"who (?P<verb>{PARTICIPLE.pattern.removesuffix('$')}) "
    r"(?P<thing>(?:(?:the|an?) |(?-i:[A-Z])).+)",
    re.IGNORECASE,
)
_YEAR = re.compile(r"\b(?:1\d|20)\d\d\b")
_BEFORE_YEAR = re.compile(
    rf"\b(?:{'|'.join(sorted(PREPOSITIONS))})\s+(?={_YEAR.pattern})", re.IGNORECASE
)
_ARTICLE = re.compile(r"(?:the|an?)\s+", re.IGNORECASE)
_DESCRIBES = rf"(?!(?:the|an?|{'|'.join(sorted(AUXILIARY | PREPOSITIONS))})\b)[\w-]+"
_LISTED = re.compile(rf",\s+(?:{LEADS}\s+)?wh\w+\b", re.IGNORECASE)
_GOES = frozenset("get go come travel sail drive walk fly".split())
_LONGEST_FRAGMENT = 8  # words
_SEEN = 2000  # characters of an earlier question or answer that are looked at
_FEW = 4  # content words of a question that may lean on its topic without a pronoun


def standalone(question: str, history: Sequence[Turn]) -> str:
    """Return `question` as it would read without `history`; itself when it needs none.

    Args:
        question: As typed.
        history: Earlier turns, oldest first; the last `REMEMBERED` are looked at. Their questions
            may themselves lean on the turns before them.
    """
    turns = [
        Turn(" ".join(turn.question[:_SEEN].split()), turn.answer[:_SEEN])
        for turn in list(history)[-REMEMBERED:]
    ]
    if not turns:
        return question
    last = reduce(lambda before, turn: Turn(_after(turn.question, before), turn.answer), turns)
    made = _after(question, last)
    return made if len(made) <= _SEEN else question


def completed(piece: str, first: str) -> str:
    """Return "under what name was IBM founded" for "under what name" after "when was ...".

    Only a question for a circumstance, or for who did something, leaves a clause that is whole
    without its question words; after any other `piece` is returned as it is.
    """
    if not _SHORT.fullmatch(piece) or AUXILIARY & {word.casefold() for word in words(piece)}:
        return piece
    if (asked := _CIRCUMSTANCE.match(first)) and not _LISTED.search(first):
        return f"{piece} {first[asked.end() :]}"
    if done := _DID.fullmatch(first):
        several = re.search(r"\b[a-z]+[^s\W]s$", done["thing"])
        return f"{piece} {'were' if several else 'was'} {done['thing']} {done['verb']}"
    return piece


def _after(question: str, last: Turn) -> str:
    bare = question.strip().rstrip("?!. ")
    lead = _LEAD.match(bare)
    rest = bare[lead.end() :] if lead else bare
    about = _ABOUT.fullmatch(rest)
    whole = completed(rest, last.question.strip().rstrip("?!. "))
    if whole != rest:
        return f"{capitalised(whole)}?"
    if _BARE.fullmatch(rest):
        return _asked_anew(rest, last)
    if about or _is_fragment(rest, led=lead is not None):
        return _exchanged(about[1] if about else rest, last.question)
    if found := leanings(rest):
        return _filled(rest, found, last) or question
    if lead and not name_runs(rest) and len(content_stems(rest)) <= _FEW:
        meant = topic(last.question, last.answer)
        return f"{capitalised(rest)} ({meant})?" if meant else question
    return question


def _is_fragment(rest: str, *, led: bool) -> bool:
    """Return whether `rest` is no whole question: "for children", "in 2023", "and dogs"."""
    row = [word.casefold() for word in words(rest)]
    whole = bool(set(row) & AUXILIARY) or not row or row[0] in {"who", "what", "which", "how"}
    if whole or len(row) > _LONGEST_FRAGMENT:
        return False
    return led or (row[0] in PREPOSITIONS and len(row) > 1) or bool(_YEAR.fullmatch(rest))


def _exchanged(new: str, before: str) -> str:
    """Return the question before with `new` in the place of its like, or added to it."""
    bare = before.strip().rstrip("?!. ")
    for each in apart(new):
        bare = contrasted(each, bare) or _replaced(each, bare)
    return f"{bare}?"


def _replaced(new: str, bare: str) -> str:
    row = words(new)
    preposition = row[0] if row[0].casefold() in PREPOSITIONS else ""
    thing = new[len(preposition) :].strip()
    if _YEAR.search(new) and _YEAR.search(bare):
        year = _YEAR.findall(new)[0]
        if preposition and len(set(_YEAR.findall(bare))) == 1:  # "before 2020" after "since 2019"
            bare = _BEFORE_YEAR.sub(f"{preposition.casefold()} ", bare)
        return _YEAR.sub(year, bare)
    old = _like(preposition, thing, bare)
    if old:
        start = bare.rindex(old)
        counted = bare[:start].casefold().endswith("how many ")
        if not old[0].islower() or counted:
            thing = _ARTICLE.sub("", thing)
        return mended(bare[:start], f"{thing}{bare[start + len(old) :]}")
    if preposition.casefold() in {"", "for"}:
        bare = without_people(thing, bare)
    return f"{bare} {new if preposition else f'for {thing}'}"


def _like(preposition: str, thing: str, before: str) -> str:
    """Return the words of `before` that `thing` takes the place of; "" when there are none."""
    named = name_runs(f"about {thing}")
    runs = name_runs(before)
    if named and runs:
        bare = runs[-1]
        kept = bare.split()
        return (
            bare if len(kept) < 2 or named[0].split()[0].isupper() else _last_name(bare, named[0])
        )
    same = "" if preposition else _same_kind(thing, before)
    return same or slot(preposition or "for", thing, before)


def _same_kind(thing: str, before: str) -> str:
    """Return "full-time staff" for "part-time staff", and what "how many" counts for a noun."""
    *own, last = _ARTICLE.sub("", thing).split()
    article = r"(?:(?:the|an?)\s+)?" if _ARTICLE.match(thing) else ""
    pattern = rf"\b{article}(?:{_DESCRIBES}\s+){{0,{len(own)}}}{re.escape(last)}\b"
    alike = re.search(pattern, before, re.IGNORECASE) if own else None
    counted = re.match(r"how many (\w+)", before, re.IGNORECASE)
    return alike.group() if alike else counted[1] if counted else ""


def _last_name(run: str, new: str) -> str:
    """Return the end of `run` that `new` replaces, so that "MV Turnstone" keeps its "MV"."""
    first, rest = run.split(maxsplit=1)
    return rest if first.isupper() and not new.startswith(first) else run


def _asked_anew(wh: str, last: Turn) -> str:
    """Return the question before under another question word: "When?" after "What did she buy?"."""
    bare = last.question.strip().rstrip("?!. ")
    phrase = _WH_PHRASE.match(bare)
    if phrase:
        return f"{capitalised(wh)} {bare[phrase.end() :]}?"
    rest = bare.split(maxsplit=1)
    return f"{capitalised(wh)}: {rest[1] if len(rest) > 1 else bare}?"


def _filled(rest: str, found: Sequence[Leaning], last: Turn) -> str:
    """Return `rest` with what its pronouns mean in their places; "" when that is unclear."""
    row = words(rest)
    meant = {lean: _meant(lean, last) for lean in found}
    if not any(meant.values()):
        return ""
    text, done = rest, False
    place_ = len(text)
    for at in range(len(row) - 1, -1, -1):  # from the end, so that places stay right
        place_ = text.rindex(row[at], 0, place_)
        lean = next((one for one in found if one.at == at), None)
        if lean is None or not meant[lean]:
            continue
        end = place_ + len(row[at])
        if lean.word in {"this", "that", "these", "those"} and _noun_after(row, at):
            continue  # "that mill": the noun stays, what it is about is added below
        put = meant[lean]
        if lean.word == "there":
            put = f"{'to' if at and row[at - 1].casefold() in _GOES else 'at'} {put}"
        of = "'s" if lean.possessive else ""
        text = f"{text[:place_]}{put}{of}{text[end:]}"
        done = True
    first = next(filter(None, meant.values()))
    return f"{capitalised(text)}?" if done else f"{capitalised(text)} ({first})?"


def _meant(lean: Leaning, last: Turn) -> str:
    if lean.word in PERSONS:
        return person(last.question, last.answer)
    return (place if lean.word == "there" else topic)(last.question, last.answer)


def _noun_after(row: list[str], at: int) -> bool:
    following = row[at + 1].casefold() if at + 1 < len(row) else ""
    return following.isalnum() and following not in AUXILIARY | PREPOSITIONS
