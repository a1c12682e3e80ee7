"""ODT and ODP: headings, paragraphs, lists, tables, notes and slides from `content.xml`."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from rag.corpus.archive import Archive
from rag.corpus.pieces import Content, Heading, Items, PageStart, Paragraph, Piece, Raw
from rag.corpus.readers.ooxml import Element, attribute, find_all, local
from rag.corpus.tables import Cell, spread, with_headers
from rag.errors import LoadError

_SKIPPED = frozenset(
    "tracked-changes sequence-decls forms variable-decls user-field-decls annotation".split()
)
_METADATA = {
    "creator": "author",
    "initial-creator": "author",
    "subject": "subject",
    "keyword": "keywords",
    "language": "language",
    "date": "date",
    "creation-date": "date",
    "title": "title",
}
_MOST_REPEATS = 100


def read_opendocument(raw: Raw) -> Iterator[Content]:
    """Yield the text or the slides as one document."""
    archive = Archive(raw.data, raw.unpacked_mb)
    if _is_encrypted(archive):
        raise LoadError("is protected by a password; save a copy without one")
    reader = _Body()
    for body in find_all(archive.xml("content.xml"), "body"):
        reader.blocks(body)
    metadata = _metadata(archive)
    yield Content(reader.pieces, metadata.pop("title", ""), metadata)


def _is_encrypted(archive: Archive) -> bool:
    name = "META-INF/manifest.xml"
    return name in archive.names and any(find_all(archive.xml(name), "encryption-data"))


def _metadata(archive: Archive) -> dict[str, str]:
    if "meta.xml" not in archive.names:
        return {}
    found: dict[str, str] = {}
    for element in archive.xml("meta.xml").iter():
        key = _METADATA.get(local(element))
        later = local(element) in {"creator", "date"}  # who and when it was last changed
        if key and element.text and (later or key not in found):
            found[key] = element.text
    return found


@dataclass(slots=True)
class _Body:
    pieces: list[Piece] = field(default_factory=list[Piece])
    slides: int = 0
    after: list[Piece] = field(default_factory=list[Piece])

    def blocks(self, parent: Element) -> None:
        for element in parent:
            name = local(element)
            if name == "h":
                level = attribute(element, "outline-level")
                self._add(Heading(self.inline(element), int(level) if level.isdecimal() else 1))
            elif name == "p":
                self._add(Paragraph(self.inline(element)))
            elif name == "list":
                self._add(Items(tuple(self._items(element))))
            elif name == "table":
                self._add(with_headers(spread(self._rows(element))))
            elif name == "page":
                self.slides += 1
                self.pieces.append(PageStart(self.slides))
                self.blocks(element)
            elif name and name not in _SKIPPED:
                self.blocks(element)

    def _add(self, piece: Piece) -> None:
        self.pieces += [piece, *self.after]
        self.after = []

    def inline(self, element: Element) -> str:
        parts = [element.text or ""]
        for item in element:
            name = local(item)
            if name in {"s", "tab", "line-break"}:
                parts.append(" ")
            elif name == "note":
                body = [self.inline(p) for p in find_all(item, "p")]
                self.after.append(Paragraph(f"Note: {' '.join(body)}"))
            elif name in {"frame", "text-box"}:
                inner = _Body()
                inner.blocks(item)
                self.after += inner.pieces
            elif name and name not in _SKIPPED:
                parts.append(self.inline(item))
            parts.append(item.tail or "")
        return "".join(parts)

    def _items(self, element: Element) -> Iterator[str]:
        for item in element:
            for block in item:
                if local(block) == "list":
                    yield from self._items(block)
                elif text := self.inline(block).strip():
                    yield f"- {text}"

    def _rows(self, table: Element) -> Iterator[list[Cell]]:
        for row in find_all(table, "table-row"):
            cells: list[Cell] = []
            for cell in row:
                if local(cell) == "table-cell":
                    cells += self._cell(cell)
            yield cells

    def _cell(self, cell: Element) -> list[Cell]:
        names = ("number-columns-spanned", "number-rows-spanned", "number-columns-repeated")
        spans = [attribute(cell, name) for name in names]
        columns, down, times = (int(s) if s.isdecimal() else 1 for s in spans)
        text = " ".join(self.inline(p) for p in find_all(cell, "p", "h"))
        return [(text, columns, down)] * min(times, _MOST_REPEATS)
