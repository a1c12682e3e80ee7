"""Which answers of a web server are documents, and the suffix a reader knows them by."""

import codecs
import re
from collections.abc import Iterable, Iterator

import httpx

from rag.index.mirror import plain_suffix

_SUFFIXES = {
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "application/pdf": ".pdf",
    "application/x-pdf": ".pdf",
    "text/plain": ".txt",
    "text/markdown": ".md",
    "text/x-markdown": ".md",
    "text/x-rst": ".rst",
    "text/csv": ".csv",
    "text/tab-separated-values": ".tsv",
    "application/json": ".json",
    "application/ld+json": ".json",
    "application/x-ndjson": ".jsonl",
    "application/rtf": ".rtf",
    "text/rtf": ".rtf",
    "message/rfc822": ".eml",
    "application/epub+zip": ".epub",
    "application/vnd.oasis.opendocument.text": ".odt",
    "application/vnd.oasis.opendocument.spreadsheet": ".ods",
    "application/vnd.oasis.opendocument.presentation": ".odp",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.ms-excel": ".xls",
    "application/xml": ".xml",
    "text/xml": ".xml",
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/tiff": ".tiff",
}
_VAGUE = {"", "application/octet-stream", "binary/octet-stream", "text/plain"}
"""What servers say of files they know nothing of; there the name in the address says more."""
_PAGES = {".html", ".txt", ".md", ".rst", ".csv", ".tsv", ".xml"}
_TEXTS = re.compile(r"iso8859|iso2022_|cp12|cp874|koi8|euc_|shift_jis|gb|big5|mac")
_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, b"%PDF-", b"PK\x03\x04")
_NAMED = {*_SUFFIXES.values(), ".log", ".jpeg", ".tif", ".htm", ".ipynb", ".yaml", ".yml"}


def suffix_for(headers: httpx.Headers, path: str) -> str | None:
    """Return the suffix a document with these `headers` is kept under, None if it is none.

    Args:
        headers: Of the response.
        path: Of the address it came from.
    """
    media = headers.get("content-type", "").partition(";")[0].strip().lower()
    named = plain_suffix(path)
    if media in _VAGUE and named in _NAMED:
        return named
    if media in _VAGUE:
        return ".txt" if media == "text/plain" else ""
    return _SUFFIXES.get(media)


def charset_of(headers: httpx.Headers, suffix: str) -> str:
    """Return the encoding a text is said to have, "" if it has none or is UTF-8."""
    if suffix not in _PAGES:
        return ""
    for part in headers.get("content-type", "").split(";")[1:]:
        name, _, value = part.strip().partition("=")
        if name.strip().lower() == "charset":
            return _known(value.strip().strip("\"'"))
    return ""


def as_utf8(blocks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """Yield a text in `encoding` as UTF-8 with a mark, so that no reader has to guess."""
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    marked = False
    for block in blocks:
        if not marked:
            if block.startswith(_MARKS) or b"\0" in block:  # what it is beats what is said of it
                yield block
                yield from blocks
                return
            yield codecs.BOM_UTF8
            marked = True
        yield decoder.decode(block).encode("utf-8")
    yield decoder.decode(b"", final=True).encode("utf-8")


def _known(encoding: str) -> str:
    """Return the name of an encoding that pages are written in, "" for any other."""
    try:
        name = codecs.lookup(encoding).name
    except (LookupError, ValueError):
        return ""
    if name in {"iso8859-1", "latin_1"}:
        return "cp1252"  # as browsers take it
    return name if _TEXTS.match(name) else ""
