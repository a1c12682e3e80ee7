"""Numbers, dates and names inside a sentence: what a made question asks for.

Patterns of its own, not those the pipeline answers with, so that a question which survives here
is not one the pipeline was bound to get right.
"""

import re

from rag.text import content_stems

_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
_DAYS = "(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)days?"
DATE = (
    rf"(?:\d{{1,2}} (?:{_MONTHS})(?: \d{{4}})?|(?:{_MONTHS}) \d{{1,2}}(?:, \d{{4}})?|"
    rf"(?:{_MONTHS})(?: \d{{4}})?|(?:1[5-9]|20)\d\d(?!\d)|\d{{1,2}}:\d\d|{_DAYS})"
)
_SMALL = "two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|sixty"
NUMBER = rf"(?:\d+(?:[.,]\d+)*|{_SMALL})"
COUNTED = (
    rf"(?P<number>{NUMBER}) (?P<unit>(?:working |calendar |nautical )?"
    r"(?:[a-z]{2,}s|percent|per cent|kg|km|feet|people))\b"
)
NAME = r"[A-Z][\w\u2019'-]+(?: (?:of |de |van )?[A-Z][\w\u2019'-]+)*"
_ASKING = frozenset(
    content_stems("many long wide high deep tall old thick what who whom where when")
)
_WORD = re.compile(r"[^\W_]+(?:['\u2019-][^\W_]+)*")


def asked_stems(question: str) -> set[str]:
    """Return the stems of what a question is about, without the words that only ask."""
    return set(content_stems(question)) - _ASKING


def words(text: str) -> list[str]:
    """Return the words of `text`, case-folded, in order."""
    return [word.casefold() for word in _WORD.findall(text)]


def dates(text: str) -> list[str]:
    """Return the dates, years, weekdays and times of day in `text`."""
    return re.findall(rf"\b{DATE}", text)


def counted(text: str) -> list[tuple[str, str]]:
    """Return (number, unit) of everything that is counted in `text`."""
    return [(m["number"], m["unit"]) for m in re.finditer(rf"\b{COUNTED}", text)]


def shared_run(one: str, other: str) -> int:
    """Return the length, in words, of the longest run of words that both texts hold."""
    first, second = words(one), words(other)
    best, above = 0, [0] * (len(second) + 1)
    for word in first:
        row = [0]
        for column, there in enumerate(second, 1):
            row.append(above[column - 1] + 1 if word == there else 0)
        best, above = max(best, *row), row
    return best


def recovers(sentence: str, question: str, target: str) -> bool:
    """Return whether the sentence alone gives `target` back as the answer to `question`.

    What is asked for has to be the only thing of its sort that the question leaves open: the one
    date, the one number of the unit that is asked, or else one unbroken run of words of which
    the question holds none.
    """
    asked = asked_stems(question)
    if re.match(r"(?:\w+ )?[Ww]hen\b", question):
        return [d for d in dates(sentence) if d not in question] == [target]
    if re.match(r"(?:\w+ )?[Hh]ow many\b", question):
        fits = [n for n, unit in counted(sentence) if set(content_stems(unit)) <= asked]
        return fits == [target.split(" ", maxsplit=1)[0]]
    wanted = content_stems(target)
    if not wanted or asked & set(wanted):
        return False
    runs: list[list[str]] = [[]]
    for stem in content_stems(sentence):
        if stem in asked:
            runs.append([])
        else:
            runs[-1].append(stem)
    return sum(_holds(run, wanted) for run in runs) == 1


def _holds(run: list[str], wanted: list[str]) -> bool:
    starts = range(len(run) - len(wanted) + 1)
    return any(run[start : start + len(wanted)] == wanted for start in starts)
