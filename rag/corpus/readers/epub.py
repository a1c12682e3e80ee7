"""EPUB: the chapters in the order of the spine, each read as a page of HTML."""

import posixpath
from collections.abc import Iterator
from urllib.parse import unquote

from rag.corpus.archive import Archive
from rag.corpus.decode import decode
from rag.corpus.pieces import Content, Raw
from rag.corpus.readers.markup import html_content
from rag.corpus.readers.ooxml import Element, find_all, local
from rag.errors import LoadError

_CONTAINER = "META-INF/container.xml"
_METADATA = {
    "creator": "author",
    "date": "date",
    "subject": "subject",
    "language": "language",
    "title": "title",
}


def read_epub(raw: Raw) -> Iterator[Content]:
    """Yield the book as one document."""
    archive = Archive(raw.data, raw.unpacked_mb)
    if _CONTAINER not in archive.names:
        raise LoadError("is no complete EPUB (it lists no contents); get a whole copy")
    if "META-INF/rights.xml" in archive.names:
        raise LoadError("is protected against copying; get a copy that is not")
    package = next(
        (e.get("full-path", "") for e in find_all(archive.xml(_CONTAINER), "rootfile")), ""
    )
    root = archive.xml(package)
    metadata = _metadata(root)
    content = Content([], metadata.pop("title", ""), metadata)
    for name in _spine(root, posixpath.dirname(package)):
        if name in archive.names:
            content.pieces += html_content(decode(archive.read(name))).pieces
        else:
            content.notes.append(f"lacks its chapter {posixpath.basename(name)}")
    yield content


def _spine(root: Element, folder: str) -> list[str]:
    items = {e.get("id"): e for e in find_all(root, "item")}
    chapters = [items[e.get("idref")] for e in find_all(root, "itemref") if e.get("idref") in items]
    shown = [c for c in chapters if "nav" not in (c.get("properties") or "").split()]
    paths = [posixpath.join(folder, unquote(chapter.get("href", ""))) for chapter in shown]
    return [posixpath.normpath(path) for path in paths]


def _metadata(root: Element) -> dict[str, str]:
    found: dict[str, str] = {}
    for element in root.iter():
        key = _METADATA.get(local(element))
        if key and element.text and key not in found:
            found[key] = element.text
    return found
