"""Titles and metadata in plain words: what is kept, and in which form."""

import re
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime

from rag.corpus.normalize import one_line

_LONGEST = 500
_TITLE_LONGEST = 200
_ISO = re.compile(r"(?:D:)?(\d{4})[-/.]?(\d{2})[-/.]?(\d{2})(?!\d{1}\b)")
_SPELLED = ("%d %B %Y", "%B %d, %Y", "%d %b %Y", "%b %d, %Y", "%d.%m.%Y", "%Y/%m/%d")
# What programs write when nobody gave a title.
_NO_TITLE = re.compile(
    r"(?i)^(?:untitled.*|unbenannt.*|document\s?\d*|(?:power)?point presentation|presentation\d*"
    r"|title|no title|microsoft word - .*|slide \d+|sheet\d*|book\d+|.*[\\/].*\.\w{2,5})$"
)


def tidy(metadata: Mapping[str, str]) -> dict[str, str]:
    """Return metadata with lower-case keys, one-line values and dates as YYYY-MM-DD.

    Empty values and dates that cannot be read are left out.
    """
    kept: dict[str, str] = {}
    for key, value in metadata.items():
        name, line = one_line(key).lower(), one_line(value)[:_LONGEST]
        if name == "date":
            line = iso_date(line)
        if name and line:
            kept[name] = line
    return kept


def iso_date(text: str) -> str:
    """Return a date written in ISO, PDF, mail or spelled-out form as YYYY-MM-DD, else ""."""
    text = text.strip()
    match = _ISO.match(text)
    if match:
        return _valid("-".join(match.groups()))
    for form in _SPELLED:
        try:
            return datetime.strptime(text, form).date().isoformat()  # noqa: DTZ007, RUF100
        except ValueError:
            continue
    try:
        return parsedate_to_datetime(text).date().isoformat()
    except (ValueError, TypeError, IndexError):
        return ""


def _valid(date: str) -> str:
    try:
        datetime.strptime(date, "%Y-%m-%d")  # noqa: DTZ007, RUF100
    except ValueError:
        return ""
    return date


def counted(number: int, noun: str) -> str:
    """Return `1 page` or `3 pages`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def pick_title(stated: str, first_heading: str, name: str) -> str:
    """Return the stated title if a person may have written it, else the heading, else `name`."""
    return (
        written_title(stated, name)
        or one_line(first_heading)[:_TITLE_LONGEST]
        or one_line(name)
        or "untitled"
    )


def written_title(stated: str, name: str) -> str:
    """Return the stated title if a person may have written it, else ""."""
    title = one_line(stated)
    written = any(c.isalpha() for c in title) and len(title) <= _TITLE_LONGEST
    return title if written and title != one_line(name) and not _NO_TITLE.match(title) else ""
