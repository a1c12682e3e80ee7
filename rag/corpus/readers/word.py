"""DOCX: the body in its order, with list numbers, tables, notes, comments and text boxes."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from rag.corpus.archive import Archive
from rag.corpus.pieces import Code, Content, Heading, Items, Paragraph, Piece, Raw, Row, Table
from rag.corpus.readers.numbering import Numbering, Styles
from rag.corpus.readers.ooxml import (
    Element,
    attribute,
    chart_table,
    child,
    comment_line,
    core_properties,
    equation,
    find_all,
    local,
    parts_of_kind,
    relations,
)
from rag.corpus.tables import merge_headers, with_headers

_MAIN = "word/document.xml"
_SKIPPED = frozenset("del moveFrom pPr rPr sdtPr sdtEndPr tblPr instrText delText sectPr".split())
_BLANK = frozenset("tab br cr ptab".split())


def read_docx(raw: Raw) -> Iterator[Content]:
    """Yield the document: body, then headers and footers once, then comments."""
    archive = Archive(raw.data, raw.unpacked_mb)
    metadata = core_properties(archive)
    body = child(archive.xml(_MAIN), "body")
    reader = _Body(archive)
    if body is not None:
        reader.blocks(body)
    pieces = reader.finished()
    pieces += [Paragraph(line) for line in _margins(archive, reader)]
    pieces += _comments(archive, reader)
    yield Content(pieces, metadata.pop("title", ""), metadata)


@dataclass(slots=True)
class _Body:
    """Walks block elements and gathers what belongs together."""

    archive: Archive
    styles: Styles = field(init=False)
    numbering: Numbering = field(init=False)
    notes: dict[tuple[str, str], Element] = field(init=False)
    links: dict[str, tuple[str, str]] = field(init=False)
    pieces: list[Piece] = field(default_factory=list[Piece])
    items: list[str] = field(default_factory=list[str])
    code: list[str] = field(default_factory=list[str])
    after: list[Piece] = field(default_factory=list[Piece])
    """Text boxes, charts and notes anchored in the current paragraph."""

    def __post_init__(self) -> None:
        self.styles = Styles(_root(self.archive, "styles"))
        self.numbering = Numbering(_root(self.archive, "numbering"))
        self.links = relations(self.archive, _MAIN)
        self.notes = {
            (kind, attribute(note, "id")): note
            for kind in ("footnote", "endnote")
            for root in [_root(self.archive, f"{kind}s")]
            if root is not None
            for note in root
            if attribute(note, "type") not in {"separator", "continuationSeparator"}
        }

    def finished(self) -> list[Piece]:
        self._close()
        return self.pieces

    def blocks(self, parent: Element) -> None:
        for element in parent:
            name = local(element)
            if name == "p":
                self._paragraph(element)
            elif name == "tbl":
                self._table(element)
            elif name not in _SKIPPED:
                self.blocks(element)

    def _paragraph(self, element: Element) -> None:
        text = self.inline(element)
        properties = child(element, "pPr")
        style = self.styles.of(properties)
        mark = self.numbering.mark(properties, style) if text.strip() else None
        if text.strip():
            self._append(text, mark, style.level, is_code=style.is_code)
        if self.after:
            self._close()
            self.pieces += self.after
            self.after = []

    def _append(self, text: str, mark: str | None, level: int | None, *, is_code: bool) -> None:
        if level is not None:
            self._close()
            number = f"{mark} " if mark and mark != "-" else ""
            self.pieces.append(Heading(number + text, level))
        elif is_code:
            self._close(code=False)
            self.code.append(text)
        elif mark:
            self._close(items=False)
            self.items.append(f"{mark} {text}")
        else:
            self._close()
            self.pieces.append(Paragraph(text))

    def _close(self, *, items: bool = True, code: bool = True) -> None:
        if items and self.items:
            self.pieces.append(Items(tuple(self.items)))
            self.items = []
        if code and self.code:
            self.pieces.append(Code("\n".join(self.code)))
            self.code = []

    def inline(self, element: Element) -> str:
        """Return the text of a paragraph or of anything in one."""
        parts: list[str] = []
        self._collect(element, parts)
        return "".join(parts)

    def _collect(self, element: Element, parts: list[str]) -> None:
        for item in element:
            name = local(item)
            if name == "t":
                parts.append(item.text or "")
            elif name in _BLANK:
                parts.append("\n" if name in {"br", "cr"} else " ")
            elif name in {"oMath", "oMathPara"}:
                parts.append(f" {equation(item)} ")
            elif name == "AlternateContent":
                self._collect(_choice(item), parts)
            elif name in _ANCHORED:
                self._anchored(item, name, parts)
            elif name not in _SKIPPED:
                self._collect(item, parts)

    def _anchored(self, item: Element, name: str, parts: list[str]) -> None:
        if name == "txbxContent":
            inner = _Body(self.archive)
            inner.blocks(item)
            self.after += inner.finished()
        elif name in {"footnoteReference", "endnoteReference"}:
            note = self.notes.get((name.removesuffix("Reference"), attribute(item, "id")))
            if note is not None:
                self.after.append(Paragraph(f"Note: {self.inline(note).strip()}"))
        elif name == "chart":
            self._chart(attribute(item, "id"))
        elif name == "noBreakHyphen":
            parts.append("-")
        elif name == "docPr":
            parts.append(f" {attribute(item, 'descr')} ")

    def _chart(self, link: str) -> None:
        _, part = self.links.get(link, ("", ""))
        if part in self.archive.names:
            title, table = chart_table(self.archive.xml(part))
            self.after += [Paragraph(title), table]

    def _table(self, element: Element) -> None:
        rows = [row for row in find_all(element, "tr") if _owner(row) is element]
        grid = [_cells(row) for row in rows]
        if max((len(cells) for cells in grid), default=0) <= 1:  # a frame around text
            for cells in grid:
                for cell, _ in cells:
                    self.blocks(cell)
            return
        self._close()
        lines = _filled_down([self._row(cells) for cells in grid])
        heads = 0
        while heads < len(rows) and child(rows[heads], "trPr", "tblHeader") is not None:
            heads += 1
        if 0 < heads < len(lines):
            self.pieces.append(Table(tuple(lines[heads:]), merge_headers(lines[:heads])))
        else:
            self.pieces.append(with_headers(lines))
        self.pieces += self.after
        self.after = []

    def _row(self, cells: list[tuple[Element, int]]) -> list[str | None]:
        line: list[str | None] = []
        for cell, columns in cells:
            merge = child(cell, "tcPr", "vMerge")
            goes_on = merge is not None and attribute(merge, "val") != "restart"
            line.append(None if goes_on else self._cell(cell))
            line.extend([""] * (columns - 1))
        return line

    def _cell(self, cell: Element) -> str:
        lines = []
        for element in cell:
            if local(element) == "tbl":
                lines += ["; ".join(self._cell(c) for c, _ in _cells(r)) for r in _rows(element)]
            elif local(element) == "p":
                text = self.inline(element)
                properties = child(element, "pPr")
                mark = self.numbering.mark(properties, self.styles.of(properties))
                lines.append(f"{mark} {text}" if mark and text.strip() else text)
            elif local(element) not in _SKIPPED:
                lines.append(self._cell(element))
        return " ".join(filter(None, lines))


_ANCHORED = frozenset(
    "txbxContent footnoteReference endnoteReference chart noBreakHyphen docPr".split()
)


def _choice(alternatives: Element) -> Element:
    """Return one of the forms that say the same: the first that holds any text."""
    options = list(alternatives)
    return next(
        (o for o in options if any((t.text or "").strip() for t in find_all(o, "t"))),
        options[0] if options else alternatives,
    )


def _rows(table: Element) -> list[Element]:
    return [row for row in find_all(table, "tr") if _owner(row) is table]


def _cells(row: Element) -> list[tuple[Element, int]]:
    cells = [cell for cell in find_all(row, "tc") if _owner(cell, "tr") is row]
    spans = (attribute(child(cell, "tcPr", "gridSpan"), "val") for cell in cells)
    return [
        (c, min(int(s), 200) if s.isdecimal() else 1) for c, s in zip(cells, spans, strict=True)
    ]


def _owner(element: Element, name: str = "tbl") -> Element | None:
    parent = element.getparent()
    while parent is not None and local(parent) != name:
        parent = parent.getparent()
    return parent


def _filled_down(lines: list[list[str | None]]) -> list[Row]:
    """Give cells that are merged with the one above its text, so that each row stands alone."""
    filled: list[Row] = []
    for line in lines:
        above = filled[-1] if filled else ()
        filled.append(
            tuple(
                (above[c] if c < len(above) else "") if cell is None else cell
                for c, cell in enumerate(line)
            )
        )
    return filled


def _root(archive: Archive, kind: str) -> Element | None:
    names = parts_of_kind(archive, _MAIN, kind)
    return archive.xml(names[0]) if names else None


def _margins(archive: Archive, reader: _Body) -> list[str]:
    """Return the paragraphs of headers and footers, each once."""
    lines: dict[str, None] = {}
    for name in parts_of_kind(archive, _MAIN, "header", "footer"):
        for paragraph in find_all(archive.xml(name), "p"):
            text = reader.inline(paragraph).strip()
            if text and not text.isdecimal():
                lines[text] = None
    reader.after = []
    return list(lines)


def _comments(archive: Archive, reader: _Body) -> list[Piece]:
    pieces: list[Piece] = []
    for name in parts_of_kind(archive, _MAIN, "comments"):
        for comment in find_all(archive.xml(name), "comment"):
            text = " ".join(reader.inline(p) for p in find_all(comment, "p")).strip()
            author, date = attribute(comment, "author"), attribute(comment, "date")
            pieces.append(Paragraph(comment_line(text, author=author, date=date)))
    return pieces
