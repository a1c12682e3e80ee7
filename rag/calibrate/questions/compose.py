"""Turn a plain sentence into questions that it answers.

Knows one sentence shape, subject - verb - rest, and asks for a date, a number, a place, an agent,
the subject, or what a thing is. What does not fit is left alone: a missing question costs
nothing, a crooked one costs trust.
"""

import re
from collections.abc import Iterator, Set
from dataclasses import dataclass

from rag.calibrate.questions.spans import COUNTED, DATE, NAME
from rag.text import FUNCTION_WORDS, content_stems

_DETERMINERS = "The|A|An|Each|Every|All"
_AUXILIARY = "is|are|was|were|can|could|may|must|should|will"
_CLAUSE = re.compile(
    rf"(?P<subject>(?:(?:{_DETERMINERS}) )?[^\s,;:()?]+(?: [^\s,;:()?]+){{0,5}}?) "
    rf"(?P<verb>(?:{_AUXILIARY})(?: not)?\b|[a-z]{{3,}}(?:s|ed)\b) (?P<rest>[^?]+)\.$"
)
_CUT = re.compile(
    r"[;:\u2014\u2013(]|,|\.\s|"
    r" (?:because|so|but|unless|if|when|where|which|who|whereas|while|although|as|that|and|or)\b"
)
_VAGUE = frozenset(
    "following previous above below example examples listing figure chapter section code result "
    "output next first second third last latter former other same such rest case thing things "
    "reason problem way one point difference answer question table page text new because even "
    "though although since another both many some most more few using here there error "
    "anything everything nothing anyone else main opened".split()
)
_LEANING = re.compile(
    r"\b(?:we|us|our|you|your|i|it|its|they|their|them|he|she|his|her|this|these|those|here|"
    r"(?:we|you|they|it|that|there|let)[\u2019'](?:ll|re|ve|s|d)|listing|chapter|figure|"
    r"appendix|below|above|https?)\b",
    re.IGNORECASE,
)
_FINITE = re.compile(rf"\b(?:{_AUXILIARY}|has|have|had|do|does|did|don[\u2019']t)\b")
_OPENS_A_CLAUSE = re.compile(r"(?:and|or|which|that|what|how|whether|why|who|by|than|if|to)\b")
_ODD = re.compile(r"[^\w\s\u2019'%\u00a3\u20ac$.,/:&-]")
_BREAKS = FUNCTION_WORDS - frozenset("the a an of for in on to and at".split())
_MODIFIERS = re.compile(
    r"\s*\b(?:at least|at most|at the latest|up to|no more than|not more than|more than|less than|"
    r"fewer than|about|only|exactly|a maximum of|a minimum of|nearly|almost|one of)$"
)
_NAMES_SOMETHING = re.compile(r"^(?:the|a|an) |\b(?:every|the|these|another)$|^$")
_PREPOSITION = re.compile(r"\b(for|at|in|within|after|by|to|from|on|of|with|over|under)$")
_AFTER = re.compile(r"(?:per|of|in|on|at|for|from|to|a|each|before|after|by|during|every)\b|$")
_LONG = re.compile(r"(long|wide|high|deep|tall|old|thick|away)\b")
_PERSON = re.compile(
    r"\b(?:officer|captain|master|mate|buyer|seller|supplier|maker|owner|tenant|landlord|driver|"
    r"manager|director|president|minister|king|queen|council|board|company|team|crew|committee|"
    r"engineer|purser|passenger|employee|employer|customer|user|developer|programmer|author|"
    r"superintendent|children|people|staff|carer|doctor|visitor|member)s?$",
    re.IGNORECASE,
)
_CHOICE = re.compile(r"(?:may|must|should)\b")


@dataclass(frozen=True, slots=True)
class Parts:
    """A question in pieces, so that one can be exchanged for another question's."""

    sort: str
    head: str
    verb: str
    subject: str
    rest: str
    target: str

    @property
    def text(self) -> str:
        """Return the question."""
        words = " ".join(" ".join((self.head, self.verb, self.subject, self.rest)).split())
        return f"{words[0].upper()}{words[1:]}?"


def compose(sentence: str, verbs: Set[str], proper: Set[str] = frozenset()) -> Iterator[Parts]:
    """Yield the questions that `sentence` answers, the most exact first.

    Args:
        sentence: One sentence.
        verbs: Words that are known to be verbs, in their plain form.
        proper: Words that keep their capital inside a sentence.
    """
    found = _CLAUSE.match(sentence)
    if not found or not _is_subject(found["subject"]):
        return
    verb, plain = _front(found["verb"], verbs)
    rest = _CUT.split(found["rest"])[0].strip()
    if not verb or _OPENS_A_CLAUSE.match(rest) or _ODD.search(rest) or _LEANING.search(rest):
        return
    if plain and (_FINITE.search(rest) or not _stands_alone(found["subject"], proper)):
        # what looked like a verb was a noun ("Different types share") or a participle
        return
    subject = _lowered(found["subject"], proper)
    inner = f"{plain} {rest}".strip()
    if " not" not in found["verb"]:
        yield from _dated(verb, subject, inner)
        yield from _counted(verb, subject, inner)
        yield from _placed(verb, subject, inner)
        yield from _by_agent(verb, subject, inner)
        if found["verb"] in {"is", "are"}:
            yield from _defined(found["verb"], subject, rest)
    yield from _subject(found["verb"], found["subject"], rest)


def plain_form(verb: str, verbs: Set[str]) -> str | None:
    """Return the plain form of a verb, if it is known: `carries` and `carried` give `carry`."""
    if verb.endswith(("ies", "ied")):
        forms = [verb[:-3] + "y"]
    elif verb.endswith("ed"):
        forms = [verb[:-2], verb[:-1], verb[:-3]]
    else:
        forms = [verb[:-1], verb[:-2] if verb.endswith("es") else ""]
    return next((form for form in forms if form in verbs), None)


def _front(verb: str, verbs: Set[str]) -> tuple[str, str]:
    """Return the word that comes before the subject in a question, and what stays behind."""
    if re.fullmatch(rf"(?:{_AUXILIARY})(?: not)?", verb):
        return verb, ""
    plain = plain_form(verb, verbs)
    return ("did" if verb.endswith("ed") else "does", plain) if plain else ("", "")


def _is_subject(subject: str) -> bool:
    first, *others = subject.split()
    rest = others if first in _DETERMINERS.split("|") else [first, *others]
    lowered = [word.casefold() for word in rest]
    if not lowered or lowered[0] in FUNCTION_WORDS or not first[0].isupper():
        return False
    if (
        set(lowered) & (_VAGUE | _BREAKS)
        or _LEANING.search(subject)
        or not re.fullmatch(r"[\w\u2019'-]+", rest[-1])
    ):
        return False
    return bool(content_stems(subject)) and rest[-1].casefold() not in FUNCTION_WORDS


def _stands_alone(subject: str, proper: Set[str]) -> bool:
    """Return whether a subject is whole, so that a word after it in -s or -ed may be a verb."""
    first = subject.split(maxsplit=1)[0]
    whole = first in _DETERMINERS.split("|") or first in proper or first.endswith("s")
    return whole and not subject.endswith(("'s", "\u2019s"))


def _lowered(subject: str, proper: Set[str]) -> str:
    first = subject.split(maxsplit=1)[0]
    if first in _DETERMINERS.split("|") or first not in proper:
        return subject[0].lower() + subject[1:] if first[1:] == first[1:].lower() else subject
    return subject


def _dated(verb: str, subject: str, rest: str) -> Iterator[Parts]:
    for found in re.finditer(rf"\b(in|on|at|since|until|by|from) ({DATE})(?![\w:,])", rest):
        left = f"{rest[: found.start()]}{rest[found.end() :]}".strip()
        plain = found[1] in {"in", "on", "at"}
        head = "When" if plain else f"{found[1].capitalize()} when"
        if content_stems(left) and not re.search(DATE, left):
            yield Parts("date", head, verb, subject, left, found[2])


def _counted(verb: str, subject: str, rest: str) -> Iterator[Parts]:
    for found in re.finditer(rf"\b{COUNTED}", rest):
        before = _MODIFIERS.sub("", rest[: found.start()].strip())
        after = rest[found.end() :].strip()
        target = found.group()
        if long := _LONG.match(after):
            if not before and long[1] != "away":
                yield Parts("number", f"How {long[1]}", verb, subject, "", target)
        elif _AFTER.match(after) and not _NAMES_SOMETHING.search(before):
            lead = _PREPOSITION.search(before)
            head = f"{lead[1]} how many" if lead else "How many"
            before = before[: lead.start()].strip() if lead else before
            if content_stems(before):
                head = f"{head} {found['unit']}"
                yield Parts("number", head, verb, subject, f"{before} {after}", target)


def _placed(verb: str, subject: str, rest: str) -> Iterator[Parts]:
    found = re.search(rf" (?:in|at|from|near) (?:the )?({NAME})$", f" {rest}")
    before = rest[: found.start()].strip() if found else ""
    if not found or re.match(DATE, found[1]) or _NAMES_SOMETHING.search(before):
        return
    if content_stems(before):
        yield Parts("place", "Where", verb, subject, before, found[1])


def _by_agent(verb: str, subject: str, rest: str) -> Iterator[Parts]:
    found = re.search(
        r"(\w+(?:ed|en|pt|ld|nt)) by ((?:the|a|an) [a-z]+(?: [a-z]+)?|[A-Z]\w+)$", rest
    )
    if found and _PERSON.search(found[2]):
        before = rest[: found.end(1)]
        yield Parts("agent", "By whom", verb, subject, before, found[2])


def _defined(verb: str, subject: str, rest: str) -> Iterator[Parts]:
    whole = not subject.startswith(("every ", "each ", "all "))
    if whole and re.match(r"(?:a|an|the) (?!one )", rest) and len(content_stems(rest)) >= 3:
        yield Parts("definition", "What", verb, subject, "", rest)


def _subject(verb: str, subject: str, rest: str) -> Iterator[Parts]:
    count = len(rest.split())
    stems = content_stems(f"{verb} {rest}")
    if 3 <= count <= 8 and len(stems) >= 3 and not _PREPOSITION.search(rest):
        bare = re.sub(rf"^(?:{_DETERMINERS}) ", "", subject)
        other = "Who or what" if _CHOICE.match(verb) else "What"
        yield Parts("subject", "Who" if _PERSON.search(bare) else other, verb, "", rest, bare)
