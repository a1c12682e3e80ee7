"""Edits that keep what a sentence says: another voice, order, spelling or word for the same.

Made by rules, so that they are many and sure; people paraphrase more freely.
"""

import random
import re
from collections.abc import Iterator, Mapping, Sequence

from tests.bench.edit.changes import MONTHS, Maker

_PAST = {
    "written": "wrote", "built": "built", "given": "gave", "held": "held", "led": "led",
    "found": "found", "won": "won", "taken": "took", "sold": "sold", "bought": "bought",
    "made": "made", "paid": "paid", "sent": "sent", "seen": "saw", "known": "knew",
    "drawn": "drew", "driven": "drove", "broken": "broke", "chosen": "chose", "left": "left",
    "told": "told", "taught": "taught", "begun": "began", "worn": "wore", "shown": "showed",
}  # fmt: skip
_NOUNS = r"(?:(?:[Tt]he|[Aa]n?|[Ii]ts|[Tt]heir|[Hh]is|[Hh]er) )?(?:[\w'-]+ ){0,8}?[\w'-]+"
_PASSIVE = re.compile(
    rf"^({_NOUNS}) (was|were|is|are) (\w+ed|{'|'.join(_PAST)}) "
    r"((?:in|on|at|to) [^.,]+ )?by ((?:the |an? )?[\w' -]+?)"
    r"( (?:in|on|at|for|with|during|after|before|to|from) .+|, (?:who|which|in|and) .+)?\.$"
)
_PRONOUNS = frozenset("he she it they we i this these those that who which".split())
_TRANSITIVE = (
    "approved bought built completed conquered created defeated defined designed developed "
    "discovered established found founded invented introduced killed launched led made opened "
    "ordered organized owned painted produced published purchased replaced sold signed sponsored "
    "supported used won wrote".split()
)
_ACTIVE = re.compile(
    rf"^((?:The )?(?:[A-Z][\w'-]+ ?){{1,3}}|The [a-z]+) ({'|'.join(_TRANSITIVE)}) "
    r"((?:the|a|an|its|his|their|[A-Z]\w+) (?:[\w'-]+ ?){1,5}?)"
    r"( (?:in|on|at|to|for|with|from|during|after|before) .+|, (?:which|in|and|while) .+)?\.$"
)
_FRONT = re.compile(
    r"^(When|If|In|On|After|Before|During|Since|Although|Because|At|From|While|As of|By|Under|"
    r"Within|Until|Unless|For|With|Despite|Through|Between) ([^,;:()]{3,80}), "
    r"((?:the|a|an|it|he|she|they|all|most|some|this|these|there|[A-Z][\w'-]*) [^;:()]+)\.$"
)
_TRAILING = re.compile(
    r"^([A-Z][^,;:()]{15,}?),? ((?:when|if|after|before|because|although|while|until|unless|during|"
    r"in (?:\w+ )?\d{4}) [^,;:()]{5,})\.$"
)
_SAME_WORD = {
    "began": "started", "begin": "start", "begins": "starts", "large": "big", "bought": "purchased",
    "help": "assist", "helps": "assists", "ended": "finished", "whole": "entire",
    "build": "construct", "built": "constructed", "automobile": "car", "cars": "automobiles",
    "nearly": "almost", "approximately": "about", "obtain": "get",
    "require": "need", "requires": "needs", "required": "needed", "allows": "permits",
    "allow": "permit", "allowed": "permitted", "show": "demonstrate", "shows": "demonstrates",
    "shown": "demonstrated", "numerous": "many", "city": "town", "children": "kids",
    "doctor": "physician", "illness": "disease", "movie": "film", "film": "movie",
    "additional": "further", "frequently": "often", "often": "frequently", "also": "as well",
    "however": "nevertheless", "therefore": "thus", "due to": "because of", "located": "situated",
    "situated": "located", "students": "pupils", "company": "firm", "companies": "firms",
    "important": "significant", "created": "made", "founded": "established",
    "established": "founded", "contains": "includes", "contain": "include", "used": "employed",
    "called": "named", "known as": "called", "people": "persons", "huge": "enormous",
    "choose": "select", "quickly": "rapidly", "rapidly": "quickly", "area": "region",
    "regions": "areas", "areas": "regions", "region": "area", "annual": "yearly",
    "prevent": "stop", "attempt": "try", "attempted": "tried", "receive": "get",
    "returned": "came back", "such as": "like", "in order to": "to", "prior to": "before",
    "remains": "stays", "remained": "stayed", "released": "issued", "teachers": "instructors",
    "roughly": "approximately", "throughout": "across", "primarily": "mainly", "mainly": "mostly",
}  # fmt: skip
_DIGITS = dict(
    zip(
        "two three four five six seven eight nine ten eleven twelve fifteen twenty thirty".split(),
        "2 3 4 5 6 7 8 9 10 11 12 15 20 30".split(),
        strict=True,
    )
)
_AS_WORDS = {digits: word for word, digits in _DIGITS.items()}
_LONE_DIGIT = re.compile(r"(?<![\w.,/:$€£-])\d{1,2}(?= [a-z]{3,})(?! (?:percent|million|am|pm)\b)")
_MONTH = "|".join(MONTHS)
_DATE = re.compile(rf"\b(\d{{1,2}}) ({_MONTH}) (\d{{4}})\b")
_US_DATE = re.compile(rf"\b({_MONTH}) (\d{{1,2}}), (\d{{4}})\b")
_MONTH_YEAR = re.compile(rf"\b({_MONTH}) (\d{{4}})\b")
_SHORT = {
    "United States": "US", "United Kingdom": "UK", "European Union": "EU", "for example": "e.g.",
    "kilometres": "km", "kilometers": "km", "approximately": "approx.", "Doctor": "Dr.",
    "kilograms": "kg", "per cent": "%", "percent": "%", "Saint": "St.", "versus": "vs.",
    "minutes": "min", "hours": "h", "metres": "m", "United Nations": "UN", "Professor": "Prof.",
    "and so on": "etc.", "that is": "i.e.", "miles per hour": "mph", "square": "sq.",
    "New York City": "NYC", "Mount": "Mt.", "and": "&",
}  # fmt: skip
_LONG = {
    "U.S.": "United States", "km": "kilometres", "kg": "kilograms", "e.g.": "for example",
    "approx.": "approximately", "Dr.": "Doctor", "%": " percent", "mm": "millimetres",
    "cm": "centimetres", "i.e.": "that is", "UK": "United Kingdom", "US": "United States",
    "GB": "gigabytes", "MB": "megabytes", "St.": "Saint", "mph": "miles per hour",
    "hrs": "hours", "min": "minutes", "ft": "feet", "EU": "European Union", "vs.": "versus",
}  # fmt: skip
_CONTRACTED = {
    "is not": "isn't", "are not": "aren't", "was not": "wasn't", "were not": "weren't",
    "do not": "don't", "does not": "doesn't", "did not": "didn't", "cannot": "can't",
    "can not": "can't", "will not": "won't", "would not": "wouldn't", "has not": "hasn't",
    "have not": "haven't", "could not": "couldn't", "should not": "shouldn't", "it is": "it's",
    "It is": "It's", "they are": "they're", "They are": "They're", "had not": "hadn't",
    "there is": "there's", "There is": "There's", "you are": "you're", "that is": "that's",
}  # fmt: skip
_MARKER = re.compile(
    r"^(?:However|In addition|Moreover|Furthermore|Therefore|Additionally|Thus|Also|Consequently|"
    r"As a result|For example|In fact|Similarly|Meanwhile|Nevertheless|Finally), "
)
_ASIDE = re.compile(r" \([^()]+\)|, (?:which|who|where|whose) [^,;:.()]+(?=,)(?:,)")
_ADVERB = re.compile(
    r" (?:also|then|further|subsequently|eventually|originally|famously|later)(?= [a-z]+)"
)
_ENDING = re.compile(
    r"^(.{25,}?), (?:including|such as|as well as|along with|and later|together with) [^;:()]+\.$"
)


def voices(sentence: str, _names: Sequence[str], _rng: random.Random) -> Iterator[str]:
    """Yield an active sentence for a passive one, and the other way round."""
    yield from _other_voice(sentence, swapped=False)


def false_voices(sentence: str, _names: Sequence[str], _rng: random.Random) -> Iterator[str]:
    """Yield the sentence in the other voice with its parties left in their places: a role swap."""
    yield from _other_voice(sentence, swapped=True)


def _other_voice(sentence: str, *, swapped: bool) -> Iterator[str]:
    match = _PASSIVE.match(sentence)
    if match and match[2] in {"was", "were"} and match[1].lower() not in _PRONOUNS:
        patient, _, verb, middle, agent, rest = match.groups()
        does, bears = (patient, agent) if swapped else (agent, patient)
        said = f"{_big(does)} {_PAST.get(verb, verb)} {_small(bears)}"
        yield f"{said}{' ' + middle.strip() if middle else ''}{rest or ''}."
    if match := _ACTIVE.match(sentence):
        agent, verb, patient, rest = match.groups()
        participle = next((p for p, past in _PAST.items() if past == verb), verb)
        bears, does = (agent, patient) if swapped else (patient, agent)
        said = f"{_big(bears.strip())} was {participle} by {_small(does.strip())}"
        yield f"{said}{rest or ''}."


def orders(sentence: str, _names: Sequence[str], _rng: random.Random) -> Iterator[str]:
    """Yield the sentence with an opening clause put last, or a last one put first."""
    if match := _FRONT.match(sentence):
        yield f"{_big(match[3])} {match[1].lower()} {match[2]}."
    elif match := _TRAILING.match(sentence):
        yield f"{_big(match[2])}, {_small(match[1])}."


def synonyms(sentence: str, _names: Sequence[str], _rng: random.Random) -> Iterator[str]:
    """Yield the sentence with one word exchanged for one that means the same."""
    yield from _exchanged(sentence, _SAME_WORD)


def digits(sentence: str, _names: Sequence[str], _rng: random.Random) -> Iterator[str]:
    """Yield the sentence with a number in digits instead of words, or the other way round."""
    yield from _exchanged(sentence, _DIGITS)
    for match in _LONE_DIGIT.finditer(sentence):
        if match[0] in _AS_WORDS:
            yield sentence[: match.start()] + _AS_WORDS[match[0]] + sentence[match.end() :]
    for match in re.finditer(r"(?<![\w.,-])(\d{1,3}),(\d{3})(?![\w,-])", sentence):
        yield sentence[: match.start()] + match[1] + match[2] + sentence[match.end() :]


def date_formats(sentence: str, _names: Sequence[str], _rng: random.Random) -> Iterator[str]:
    """Yield the sentence with a date written another way."""
    if _DATE.search(sentence):
        yield _DATE.sub(r"\2 \1, \3", sentence)
        yield _DATE.sub(lambda m: f"{m[3]}-{MONTHS.index(m[2]) + 1:02}-{int(m[1]):02}", sentence)
    if _US_DATE.search(sentence):
        yield _US_DATE.sub(r"\2 \1 \3", sentence)
        yield _US_DATE.sub(lambda m: f"{m[1][:3]}. {m[2]}, {m[3]}", sentence)
    elif _MONTH_YEAR.search(sentence):
        yield _MONTH_YEAR.sub(lambda m: f"{m[1][:3]} {m[2]}", sentence)


def abbreviations(sentence: str, _names: Sequence[str], _rng: random.Random) -> Iterator[str]:
    """Yield the sentence with one thing abbreviated, or spelled out."""
    yield from _exchanged(sentence, _SHORT)
    for short, long in _LONG.items():
        bound = r"(?<=\d)" if short == "%" else r"(?<![\w.])"
        if match := re.search(rf"{bound}{re.escape(short)}(?!\w)", sentence):
            yield sentence[: match.start()] + long + sentence[match.end() :]


def contractions(sentence: str, _names: Sequence[str], _rng: random.Random) -> Iterator[str]:
    """Yield the sentence with two words contracted to one."""
    yield from _exchanged(sentence, _CONTRACTED)


def omissions(sentence: str, _names: Sequence[str], _rng: random.Random) -> Iterator[str]:
    """Yield the sentence without something that may be left out: an aside, a linking word."""
    if _MARKER.match(sentence):
        yield _big(_MARKER.sub("", sentence))
    for pattern in (_ASIDE, _ADVERB):
        if match := pattern.search(sentence):
            yield sentence[: match.start()] + sentence[match.end() :]
    if match := _ENDING.match(sentence):
        yield f"{match[1]}."


REWORDINGS: dict[str, Maker] = {
    "voice": voices,
    "order": orders,
    "synonym": synonyms,
    "digits": digits,
    "date format": date_formats,
    "abbreviation": abbreviations,
    "contraction": contractions,
    "omission": omissions,
}


def _exchanged(sentence: str, words: Mapping[str, str]) -> Iterator[str]:
    for old, new in words.items():
        if match := re.search(rf"(?<![\w'-]){re.escape(old)}(?![\w'-])", sentence):
            yield sentence[: match.start()] + new + sentence[match.end() :]


def _big(text: str) -> str:
    return text[0].upper() + text[1:]


def _small(text: str) -> str:
    """Lower an article or pronoun at the start; a name keeps its capital."""
    first = text.split(" ", 1)[0]
    lowered = {"The", "A", "An", "Its", "Their", "His", "Her", "It", "He", "She", "They", "This",
               "These", "All", "Most", "Some", "There", "Each", "Every", "Many"}  # fmt: skip
    return text[0].lower() + text[1:] if first in lowered else text
