"""What a question is about: the names and noun phrases a later question may point back to.

Plain rules over words, without a tagger. English; in other languages only names are found.
"""

import re

from rag.answer.asked.question import Expected, expected
from rag.text import FUNCTION_WORDS

AUXILIARY = frozenset(
    "is are was were am be been do does did has have had can could will would shall should may "
    "might must isn't aren't wasn't weren't don't doesn't didn't hasn't can't won't".split()
)
DETERMINERS = frozenset("the a an my our your every each any some no another all both most".split())
PREPOSITIONS = frozenset(
    "for in on at with without of from to by during under after before since until near per about "
    "into onto over through between aboard against".split()
)
_ADVERBS = frozenset("exactly really first ever usually normally actually still now today".split())
_MEASURES = frozenset("many much long far old often tall large big high".split())
_TIES = frozenset("of on at with from in for".split())
_BE = frozenset("is are was were be been".split())
_WH = frozenset("who whom whose what which when where why how".split())
_WORD = re.compile(r"[\w\u00c0-\u024f]+(?:['\u2019./&-][\w\u00c0-\u024f]+)*|[^\w\s]")
_NAME = re.compile(
    r"(?<!\w)[^\W\d_]*[A-Z][\w&'\u2019./-]*(?:\s+(?:of\s+|&\s+)?[A-Z\d][\w&'\u2019./-]*)*"
)
PARTICIPLE = re.compile(
    r"(?:\w+(?:ed|wn)|made|built|kept|held|paid|sold|sent|found|set|lost|told|met|cut|put|born|"
    r"written|given|taken|done|bought|left|fitted)$"
)
_LONGEST = 12  # words


def words(text: str) -> list[str]:
    """Return the words and marks of `text`, in order."""
    return _WORD.findall(text)


def name_runs(text: str) -> list[str]:
    """Return the runs of capitalised words in `text`, without the first word's mere capital."""
    found = []
    for match in _NAME.finditer(text):
        run = match.group().rstrip(".,'\u2019").removesuffix("'s").removesuffix("\u2019s").split()
        while run and (run[0].casefold() in FUNCTION_WORDS or _opening(text, match, run)):
            run = run[1:]
        if run:
            found.append(" ".join(run))
    return list(dict.fromkeys(found))


def topic(question: str, answer: str) -> str:
    """Return what "it" or "they" points at after `question` and `answer`; "" when unclear.

    "Which ship struck the fender?" is about the ship its answer names; other questions are
    about their first noun phrase: "the lease" in "When does the lease end?".
    """
    row = words(question)
    if asks_for_subject(row) and (named := new_names(question, answer)):
        return named[0]
    return _phrase(row) or next(iter(name_runs(question)), "")


def person(question: str, answer: str) -> str:
    """Return whom "he" or "she" points at; "" when unclear."""
    asked, said = name_runs(question), new_names(question, answer)
    wanted = question[:3].casefold() == "who" or expected(question) is Expected.PERSON
    return next(iter([*said, *asked] if wanted else [*asked, *said]), "")


def place(question: str, answer: str) -> str:
    """Return where "there" points; "" when unclear."""
    if expected(question) is Expected.PLACE and (said := new_names(question, answer)):
        return said[0]
    located = re.findall(
        r"\b(?:in|at|on|to|near|from)\s+(?:the\s+)?([A-Z]\w+(?:\s[A-Z]\w+)*)", question
    )
    return located[-1] if located else next(iter(name_runs(question)[::-1]), "")


def new_names(question: str, answer: str) -> list[str]:
    """Return the names of `answer` that `question` does not hold."""
    return [name for name in name_runs(answer) if name.casefold() not in question.casefold()]


def asks_for_subject(row: list[str]) -> bool:
    """Return whether the question words are the subject: "which ship struck", "who founded"."""
    first = row[0].casefold() if row else ""
    if first not in {"who", "which", "what"}:
        return False
    later = [word.casefold() for word in row[1:4]]
    return bool(later) and not AUXILIARY & set(later)


def _opening(text: str, match: re.Match[str], run: list[str]) -> bool:
    """Return whether `run` is one capitalised word that opens a sentence, so perhaps no name."""
    before = text[: match.start()].rstrip()
    plain = run[0].istitle() and run[0].isalpha() and len(run) == 1
    return plain and run[0] == match.group().split()[0] and (not before or before[-1] in ".!?:|\n")


def _after_auxiliary(row: list[str]) -> int:
    for at, word in enumerate(row):
        if word.casefold() in AUXILIARY:
            return at + 1
    if asks_for_subject(row):  # "who founded | the mill", "which ship struck | the fender"
        return 2 if row[0].casefold() == "who" else 3
    return 1 if row and row[0].casefold() in _WH else 0


def _phrase(row: list[str]) -> str:
    """Return the first noun phrase after the question words, or the one in them."""
    start = _after_auxiliary(row)
    if row[2:] and row[1].casefold() == "many" and not AUXILIARY & {w.casefold() for w in row}:
        return f"the {row[2]}"  # "How many dogs fit"
    while start < len(row) and row[start].casefold() in AUXILIARY:
        start += 1
    if start < len(row) and PARTICIPLE.match(row[start]):  # "How many cars can be carried"
        asked = [w for w in row[1:start] if w.casefold() not in FUNCTION_WORDS | _MEASURES]
        if asked:
            return f"the {' '.join(asked)}"
    while start < len(row) and not _opens(row, start):
        start += 1
    links = _links(row, start)
    return " ".join(row[start : _end(row, start, links)][:_LONGEST])


def _opens(row: list[str], at: int) -> bool:
    """Return whether a noun phrase begins at place `at`: with a determiner, name or noun."""
    word, before = row[at], row[at - 1].casefold() if at else ""
    if word.casefold() in DETERMINERS:
        return at + 1 < len(row) and _noun(row[at + 1])
    named = word[0].isupper() and at > 0
    return _noun(word) and (named or before in AUXILIARY | PREPOSITIONS or at == 1)


def _noun(word: str) -> bool:
    return word[0].isalnum() and word.casefold() not in FUNCTION_WORDS | _ADVERBS | PREPOSITIONS


def _links(row: list[str], start: int) -> list[tuple[int, int]]:
    """Return the phrase from `start` on, and those that prepositions tie to it, as ranges."""
    links = [(start, _head(row, start))]
    while (end := links[-1][1]) < len(row) - 1 and row[end].casefold() in _TIES:
        further = _head(row, end + 1)
        if further == end + 1:
            break
        links.append((end + 1, further))
    return links


def _head(row: list[str], start: int) -> int:
    end = start + (start < len(row) and row[start].casefold() in DETERMINERS)
    while end < len(row) and (_noun(row[end]) or row[end] == "&"):
        end += 1
    return end


def _end(row: list[str], start: int, links: list[tuple[int, int]]) -> int:
    """Return where the linked phrases end, without a verb: "does the mill | open"."""
    helped = {word.casefold() for word in row[:start]} & AUXILIARY
    if links[-1][1] < len(row) and row[links[-1][1]].casefold() in AUXILIARY:
        return links[-1][1]  # the verb comes after it: "do full-time staff | have"
    for low, high in (links[-1], links[0]):
        size = high - low - (low < len(row) and row[low].casefold() in DETERMINERS)
        last = row[high - 1] if high > low else ""
        named = last[:1].isupper() or any(c.isdigit() for c in last)
        if size > 1 and not named and (helped - _BE or (helped and PARTICIPLE.match(last))):
            return high - 1
    return links[-1][1]
