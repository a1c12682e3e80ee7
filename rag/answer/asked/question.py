"""What a question asks for, and whether a sentence holds something of that kind.

English question words are recognised; in any other language nothing is expected, which
leaves the judgement to words and vectors.
"""

import re
from enum import StrEnum

from rag.text import FUNCTION_WORDS, fold


class Expected(StrEnum):
    """The kind of thing an answer has to contain."""

    TIME = "time"
    NUMBER = "number"
    PERSON = "person"
    PLACE = "place"
    ANYTHING = "anything"


_THING = r"\b(?:what|which) (?:is |was |are |were )?(?:the )?(?:\w+ ){0,2}"
_ASKS = (
    (
        Expected.TIME,
        r"\b(when|since when|how long ago)\b"
        r"|\b(what|which) (year|date|day|month|time|decade|century)\b",
    ),
    (
        Expected.NUMBER,
        r"\bhow (many|much|long|far|tall|large|big|high|deep|wide|heavy|fast|often|hot|cold|old)\b|"
        + _THING
        + r"(number|amount|price|cost|fee|percentage|percent|share|rate|size|population|age|"
        r"height|length|width|weight|speed|temperature|total|average|limit|maximum|minimum|"
        r"distance|duration|capacity|voltage|pressure)\b",
    ),
    (
        Expected.PERSON,
        r"\b(who|whom|whose)\b|\b(what|which) (person|people|man|woman|author|president|king|"
        r"queen|artist|player|actor|company|team|organi[sz]ation|group)\b",
    ),
    (
        Expected.PLACE,
        r"\bwhere\b|\b(what|which) (country|city|state|town|place|location|region|river|street|"
        r"building|continent|county)\b",
    ),
)
_EXPECTED = tuple((kind, re.compile(pattern)) for kind, pattern in _ASKS)

_NUMBER = re.compile(
    r"\d|\b(zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|twenty|"
    r"\w+ty|dozen|hundred|thousand|million|billion|half|third|quarter|once|twice|daily|weekly|"
    r"monthly|yearly|annually)\b"
)
_TIME = re.compile(
    r"\b(1\d|20)\d\ds?\b|\b\d{1,2}:\d\d\b|\b\d{1,2} ?[ap]\.?m\b|\bat (one|two|three|four|five|six|"
    r"seven|eight|nine|ten|eleven|twelve)\b|\b\d+ (second|minute|hour|day|week|month|year)s?\b|"
    r"\b(january|february|march|april|may|june|july|august|september|october|november|december|"
    r"mondays?|tuesdays?|wednesdays?|thursdays?|fridays?|saturdays?|sundays?|weekdays?|weekends?|"
    r"quarterly|century|today|spring|summer|"
    r"autumn|winter|morning|evening|night|noon|midnight|daily|weekly|monthly|annually|before|"
    r"after|during|until|since|when|while)\b"
)
_PLACE = re.compile(
    r"\b(in|at|near|on|from|to|into|between|across|through|along|around|behind|under|inside|"
    r"outside|north|south|east|west)\b"
)
_WORD = re.compile(r"[^\W\d_][\w'-]*")


_MEASURED = (
    r"how (?:many|much|long|far|tall|large|big|high|deep|wide|heavy|fast|often|hot|cold|old|soon|"
    r"late|early)"
)
_FOR_WORDS = re.compile(rf"\b(?:who|whom|whose|when|where|which|what|{_MEASURED})\b")
_FOR_MORE = re.compile(
    r"^(?:explain|describe|list|name|tell|summari[sz]e|compare|is|are|was|were|does|do|did|can|"
    r"could|should|may|must|will|would|has|have|had|why)\b"
    r"|\b(?:what|which) \w{3,}s (?:are|were|have|can|must|should|may|need)\b|\bwhat happen"
    rf"|\bwhy (?:is|are|was|were|do|does|did)\b|^(?!{_MEASURED}\b)how\b"
    r"|\b(?:and|or) (?:(?:in|on|at|by|for|from|to|under|with|of) )?"
    r"(?:who|whom|whose|when|where|which|what|why|how)\b|\?.*\?"
)


def asks_for_words(question: str) -> bool:
    """Return whether a few words may answer: a name, a number, a date, a thing.

    Not so for reasons, explanations, lists, yes or no, and several questions in one.
    """
    lowered = fold(question).strip()
    return bool(_FOR_WORDS.search(lowered)) and not _FOR_MORE.search(lowered)


def expected(question: str) -> Expected:
    """Return the kind of thing `question` asks for."""
    lowered = fold(question)
    return next((kind for kind, rx in _EXPECTED if rx.search(lowered)), Expected.ANYTHING)


def holds(kind: Expected, sentence: str, question: str) -> bool:
    """Return whether `sentence` holds something of `kind` that `question` did not itself name."""
    lowered = fold(sentence)
    if kind is Expected.NUMBER:
        asked = set(re.findall(r"\d[\d.,]*", question))
        found = set(re.findall(r"\d[\d.,]*", lowered))
        return bool(found - asked) if found else bool(_NUMBER.search(lowered))
    if kind is Expected.TIME:
        return bool(_TIME.search(lowered))
    if kind is Expected.PERSON:
        return bool(names(sentence) - names(question))
    if kind is Expected.PLACE:
        return bool(_PLACE.search(lowered))
    return True


def names(text: str) -> set[str]:
    """Return the case-folded words of `text` that look like names, without function words."""
    capitalised = (w for w in _WORD.findall(text.replace("\u2019", "'")) if w[0].isupper())
    found = {fold(word.removesuffix("'s")) for word in capitalised}
    return {word for word in found if word not in FUNCTION_WORDS}
