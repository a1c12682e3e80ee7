"""Which of two documents is the newer revision of the other, if they are revisions at all.

A policy of 2024 and the same policy of 2021 do not disagree: the newer one holds, and the
older one is named as superseded. Two documents count as revisions when a title or file name
differs in nothing but a version or a date, when one says that it replaces the other, or when
nearly all of the text is the same; and only when it is known which of them came later.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from rag.answer.disagreement.alike import moments
from rag.answer.disagreement.copies import triples
from rag.text import content_stems
from rag.types import Citation, Conflict, Document, DocumentId, Evidence

_SAME_TEXT = 0.5  # share of word triples of the shorter text
_SAME_WORDS = 0.6  # share of content words of the shorter text, for two of one name
_TITLE_SHARE = 0.75  # of the older title's words, named in the sentence that says "replaces"
_COMPARED = 20_000  # characters at the start of two texts that are held against each other
_LOOKED_AT = 2000  # characters at the start of a document, where it says what it replaces
_KEEP = 0.7
_REPLACES = re.compile(
    r"\b(?:supersed\w+|replac(?:es|ed|ing)|revok\w+|repeal\w+|revision of|"
    r"updated version of|in place of)\b"
    r"[^.\n]{0,200}",
    re.IGNORECASE,
)
_REPLACED = re.compile(r"\b(?:superseded|replaced|revoked|repealed) by\b", re.IGNORECASE)
_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_VERSION = re.compile(
    r"\bv(?:er(?:sion)?)?[ ._-]*(\d+(?:\.\d+)*)\b|\b(?:rev(?:ision)?|edition|issue|release)"
    r"[ ._-]*(\d+(?:\.\d+)*)\b|\b(\d+)(?:st|nd|rd|th) (?:edition|revision|version)\b",
    re.IGNORECASE,
)
_WHEN = re.compile(
    rf"\b(?:1[89]|20)\d\d(?:[-_.]?\d\d(?:[-_.]?\d\d)?)?(?!\d)|\b\d{{1,2}}(?=\s+(?:{_MONTHS}))"
    rf"|\b(?:{_MONTHS})[a-z]*\b",
    re.IGNORECASE,
)
# Dated records of one kind follow one another and do not replace each other.
_SERIES = re.compile(
    r"\b(?:minutes|meeting|newsletters?|news|reports?|bulletin|invoices?|statements?|diary|logs?|"
    r"journal|agenda|weekly|monthly|quarterly|annual|week|quarter|results|interview|review)\b",
    re.IGNORECASE,
)
_OF_ITSELF = re.compile(r"\b(?:this|these)\b[^.\n]*\Z", re.IGNORECASE)
_BEFORE = 100  # characters in which a document says that it is itself that replaces
_MARKS = re.compile(
    r"\b(?:old|new|draft|final|copy|archived?|current|latest|updated?|version|edition|revision|"
    r"(?:first|second|third|fourth|fifth)(?=\s+(?:draft|version|edition|revision))|"
    r"from|rules from|since|our)\b",
    re.IGNORECASE,
)


def newer_of(first: Document, second: Document) -> Document | None:
    """Return the newer of two revisions of one document; None if they are none, or undated."""
    if first.id == second.id:
        return None
    for newer, older in ((first, second), (second, first)):
        if _says_it_replaces(newer, older):
            return newer
    order = _order(first, second)
    if order == 0 or _series(first) or _series(second):
        return None
    if not (_one_name(first, second) or (_one_text(first, second) and not _apart(first, second))):
        return None
    return first if order > 0 else second


def date_of(document: Document) -> str:
    """Return the document's date, ISO 8601 and as exact as it is known; "" when it is not."""
    if date := document.metadata.get("date", ""):
        return date
    when = moments(document.title) or moments(_spaced(_file(document)))
    year, month, day = when[0] if when else (None, 0, None)
    parts = [f"{year:04}" if year else "", f"{month:02}" if month else "", f"{day or 0:02}"]
    return "-".join(parts[: 3 if day and month else 2 if month else 1]) if year else ""


def current(
    question: str,
    evidence: Sequence[Evidence],
    conflicts: Sequence[Conflict] = (),
    *,
    keep: float = _KEEP,
) -> list[Evidence]:
    """Return `evidence` without the sentences of documents whose newer revision answers too.

    Args:
        question: A question that names the time of the older revision asks for that one.
        evidence: Sentences, best first.
        conflicts: Of two sentences of which one supersedes the other, the newer one is taken
            for as relevant as the older one was, and the older one is left out.
        keep: A newer revision answers too when its best sentence is at least this many times
            as relevant as the older one's, in [0, 1].
    """
    best: dict[DocumentId, Evidence] = {}
    for sentence in evidence:
        best.setdefault(sentence.passage.document.id, sentence)
    asked = _years(question)
    dropped = {
        old.passage.document.id
        for old in best.values()
        for new in best.values()
        if new.relevance >= keep * old.relevance
        and new is not old
        and newer_of(new.passage.document, old.passage.document) is new.passage.document
        and not asked & _years(date_of(old.passage.document))
    }
    pairs = [c for c in conflicts if c.superseded and not asked & _years(c.second_date)]
    older = {(c.second.document_id, c.second.span) for c in pairs}
    kept = [
        _at_least(sentence, [_relevance_at(c.second, evidence) for c in pairs if _is(sentence, c)])
        for sentence in evidence
        if sentence.passage.document.id not in dropped
        and (sentence.passage.document.id, sentence.span) not in older
    ]
    return sorted(kept, key=lambda e: (-e.relevance, e.passage.label, e.span))


def _is(sentence: Evidence, conflict: Conflict) -> bool:
    newer = conflict.first
    return (sentence.passage.document.id, sentence.span) == (newer.document_id, newer.span)


def _at_least(sentence: Evidence, floors: Sequence[float]) -> Evidence:
    return replace(sentence, relevance=max([sentence.relevance, *floors]))


def _relevance_at(citation: Citation, evidence: Sequence[Evidence]) -> float:
    found = (
        e.relevance
        for e in evidence
        if (e.passage.document.id, e.span) == (citation.document_id, citation.span)
    )
    return next(found, 0.0)


def _years(text: str) -> set[int | None]:
    return {year for year, _, _ in moments(text)}


def _order(first: Document, second: Document) -> int:
    """Return 1 when `first` is the newer, -1 when `second` is, 0 when that is not known."""
    ours, theirs = _versions(first), _versions(second)
    if ours and theirs and ours != theirs:
        return 1 if ours > theirs else -1
    a, b = date_of(first), date_of(second)
    if not a or not b or a.startswith(b) or b.startswith(a):
        return 0
    return 1 if a > b else -1


def _versions(document: Document) -> tuple[int, ...]:
    stated = document.metadata.get("version") or document.metadata.get("revision") or ""
    match = re.search(r"\d+(?:\.\d+)*", stated)
    found = match.group() if match else _named_version(f"{document.title} {_file(document)}")
    return tuple(int(part) for part in found.split(".")) if found else ()


def _named_version(text: str) -> str:
    match = _VERSION.search(text)
    return next((group for group in match.groups() if group), "") if match else ""


def _file(document: Document) -> str:
    """Return the file's name, or an item's after `#`, without folder and ending."""
    name = document.source.replace("\\", "/").rsplit("/", 1)[-1]
    return name.rsplit("#", 1)[-1] if "#" in name else name.rsplit(".", 1)[0]


def _spaced(name: str) -> str:
    return re.sub(r"[_-]+", " ", name)


def _one_name(first: Document, second: Document) -> bool:
    """Return whether title or file name differ in version and date alone, and much is alike."""
    named = [(d.title, _spaced(_file(d))) for d in (first, second)]
    pairs = list(zip(*named, strict=True))
    if not any(_bare(a) and _bare(a) == _bare(b) for a, b in pairs):
        return False
    a, b = _words(first.text[:_COMPARED]), _words(second.text[:_COMPARED])
    return len(a & b) >= _SAME_WORDS * min(len(a), len(b))


def _bare(name: str) -> tuple[str, ...]:
    """Return the stems of a title without its version and date."""
    text = name
    for pattern in (_VERSION, _WHEN, _MARKS):
        text = pattern.sub(" ", text)
    return tuple(stem for stem in content_stems(text) if len(stem) > 1 or stem.isdigit())


def _series(document: Document) -> bool:
    return _SERIES.search(f"{document.title} {_spaced(_file(document))}") is not None


def _apart(first: Document, second: Document) -> bool:
    """Return whether each is named for something of its own, as "Lease Lund" and "Lease Berg"."""
    ours, theirs = (
        [set(_bare(name)) for name in (d.title, _spaced(_file(d)))] for d in (first, second)
    )
    return all(a - b and b - a for a, b in zip(ours, theirs, strict=True))


def _one_text(first: Document, second: Document) -> bool:
    a, b = triples(first.text[:_COMPARED]), triples(second.text[:_COMPARED])
    return len(a & b) >= _SAME_TEXT * min(len(a), len(b))


@lru_cache(maxsize=64)
def _words(text: str) -> frozenset[str]:
    return frozenset(content_stems(text))


def _says_it_replaces(newer: Document, older: Document) -> bool:
    """Return whether `newer` names `older` as what it replaces, by its title or its date."""
    title, date = set(_bare(older.title)), date_of(older)
    for match in _REPLACES.finditer(newer.text[:_LOOKED_AT]):
        if _REPLACED.match(match.group()):
            continue
        said = match.group()
        if title and len(title & set(content_stems(said))) >= _TITLE_SHARE * len(title):
            before = newer.text[max(0, match.start() - _BEFORE) : match.start()]
            if title & set(_bare(newer.title)) or _OF_ITSELF.search(before):
                return date_of(newer) >= date
            continue  # "The council replaced the pump": a pump, not what is written about it
        if set(moments(said)) & set(_opening_dates(older)):
            return len(title & set(_bare(newer.title))) > 0
    return False


def _opening_dates(document: Document) -> list[tuple[int | None, int, int | None]]:
    exact = moments(f"{date_of(document)} {document.title} {document.text[:300]}")
    return [date for date in exact if date[1]]
