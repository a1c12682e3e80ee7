"""One spelling for what can be spelled several ways, so that exact checks compare like with like.

"isn't" is "is not", "27 Nov" is read as a date elsewhere, "U.K." is "United Kingdom", and the
closed list of `synonyms.txt` says which words may stand for one another. Nothing here guesses.
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib.resources import files

from rag.text import FUNCTION_WORDS, content_stems, fold, stems

_CONTRACTED = re.compile(r"\b([a-z]+)n't\b", re.IGNORECASE)
_SHORTENED = {"ca": "can", "wo": "will", "sha": "shall"}
_ABOUT = re.compile(
    r"\b(?:about|around|ca\.?|c\.)(?= ?(?:[$\u20ac\u00a3]?\d|(?:a|one|two|three|four|five|six|"
    r"seven|eight|nine|ten|eleven|twelve|fif|twen|thir|for|six|seven|eigh|nine|half|a dozen)"
    r"(?:teen|ty)?\b))",
    re.IGNORECASE,
)
_IS = re.compile(r"\b(it|that|there|he|she|here|what|who|where)'s\b", re.IGNORECASE)
_ENDINGS = {"'re": " are", "'ve": " have", "'ll": " will", "'m": " am"}
_ENDING = re.compile(r"(?<=[a-z])'(?:re|ve|ll|m)\b", re.IGNORECASE)
_REPLACED: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\bcannot\b", re.IGNORECASE), "can not"),
    (re.compile(r"\bU\.\s?S\.(?:\s?A\.)?|\bUSA?\b|\bUnited States of America\b"), "United States"),
    (re.compile(r"\bNYC\b"), "New York City"),
    (re.compile(r"\bU\.\s?K\.|\bUK\b"), "United Kingdom"),
    (re.compile(r"\bE\.U\.|\bEU\b"), "European Union"),
    (re.compile(r"\bU\.N\.|\bUN\b"), "United Nations"),
    (re.compile(r"\b[Nn]os?\.(?=\s?[A-Z-]*\d)"), "number"),
    (re.compile(r"\s&\s"), " and "),
    (re.compile(r"\b(?:sq\.?)(?=\s?[a-z])"), "square"),
)
_WORD = re.compile(r"(?<![\w'-])[A-Za-z][\w.]*")
_PART = re.compile(r"[^\W_]+")
LINKING = frozenset(
    "however nevertheless nonetheless moreover furthermore additionally therefore thus hence "
    "consequently likewise accordingly meanwhile well instead".split()
)
"""Words that join statements and state nothing."""


@lru_cache(maxsize=8192)
def spelled(text: str) -> str:
    """Return `text` with contractions, abbreviations and listed phrases in one spelling.

    Words keep their order and capitals otherwise; what is left may still differ in inflection.
    """
    text = text.replace("\u2019", "'")
    text = _CONTRACTED.sub(lambda m: f"{_SHORTENED.get(m[1].lower(), m[1])} not", text)
    text = _ENDING.sub(lambda m: _ENDINGS[m.group().lower()], _IS.sub(r"\1 is", text))
    for pattern, said in _REPLACED:
        text = pattern.sub(said, text)
    return _with_phrases(_ABOUT.sub("approximately", text))


@lru_cache(maxsize=65536)
def root(word: str) -> str:
    """Return what stands for `word`, case-folded: its verb's base, its group's first, its stem."""
    base = _bases().get(word, word)
    stem = (stems(base) or [base])[0]
    return _groups().get(stem, stem)


def roots(text: str) -> list[str]:
    """Return the roots of the words of `text` that carry meaning, in order."""
    return [
        root(word) for word in _PART.findall(fold(text)) if word not in FUNCTION_WORDS | LINKING
    ]


def participles() -> frozenset[str]:
    """Return the irregular participles."""
    return _participles()


def _with_phrases(text: str) -> str:
    pieces: list[str] = []
    done = 0
    for match in _WORD.finditer(text):
        if match.start() < done:
            continue
        for phrase, said in _phrases().get(match.group().lower().rstrip("."), ()):
            end = match.start() + len(phrase)
            if text[match.start() : end].lower() == phrase and _closed(text, end):
                end += phrase.count(".") == 0 and " " not in phrase and _dotted(text, end, phrase)
                pieces += [text[done : match.start()], said]
                done = end
                break
    return "".join([*pieces, text[done:]])


def _closed(text: str, end: int) -> bool:
    return end >= len(text) or not (text[end].isalnum() or text[end] in "'-")


def _dotted(text: str, end: int, phrase: str) -> bool:
    """Return whether a full stop after an abbreviation belongs to it: "dept. of", not "dept."."""
    return len(phrase) <= 6 and re.match(r"\.\s+[a-z0-9]", text[end : end + 4]) is not None


def _lines(name: str) -> Iterator[str]:
    text = files("rag.answer.words").joinpath(name).read_text(encoding="utf-8")
    return (line for line in text.splitlines() if line and not line.startswith("#"))


@lru_cache(maxsize=1)
def _lists() -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(line.split(", ")) for line in _lines("synonyms.txt"))


@lru_cache(maxsize=1)
def _phrases() -> Mapping[str, tuple[tuple[str, str], ...]]:
    """Return (phrase, what stands for it) by first word, longest first."""
    found: dict[str, list[tuple[str, str]]] = {}
    for group in _lists():
        for phrase in group[1:]:
            found.setdefault(phrase.split(maxsplit=1)[0].rstrip("."), []).append((phrase, group[0]))
    return {first: tuple(sorted(ways, key=lambda w: -len(w[0]))) for first, ways in found.items()}


@lru_cache(maxsize=1)
def _groups() -> Mapping[str, str]:
    """Return the stem that stands for each stem of a single word on the list."""
    found: dict[str, str] = {}
    for group in _lists():
        single = [content_stems(_bases().get(w, w)) for w in group if " " not in w and "." not in w]
        known = [words[0] for words in single if len(words) == 1]
        first = (content_stems(group[0]) or [""])[0]
        for stem in known:
            if len(content_stems(group[0])) == 1:
                found.setdefault(stem, found.get(first, first))
    return found


@lru_cache(maxsize=1)
def _bases() -> Mapping[str, str]:
    lines = (line.split() for line in _lines("irregular.txt"))
    return {form: base for base, *forms in lines for form in forms}


@lru_cache(maxsize=1)
def _participles() -> frozenset[str]:
    lines = (line.split() for line in _lines("irregular.txt"))
    return frozenset(forms[2] for forms in lines if len(forms) == 3)
