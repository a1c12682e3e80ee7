"""PPTX: slides in their order, each with title, text, tables, charts, notes and comments."""

from collections.abc import Iterator

from rag.corpus.archive import Archive
from rag.corpus.pieces import Content, Heading, Items, PageStart, Paragraph, Piece, Raw
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
from rag.corpus.tables import Cell, spread, with_headers

_MAIN = "ppt/presentation.xml"
_REPEATED = frozenset(("sldNum", "dt", "ftr", "hdr"))


def read_pptx(raw: Raw) -> Iterator[Content]:
    """Yield the presentation as one document, a page a slide."""
    archive = Archive(raw.data, raw.unpacked_mb)
    metadata = core_properties(archive)
    content = Content([], metadata.pop("title", ""), metadata)
    links = relations(archive, _MAIN)
    slides = [attribute(e, "id") for e in find_all(archive.xml(_MAIN), "sldId")]
    order = [_slide_link(e) for e in find_all(archive.xml(_MAIN), "sldId")]
    parts = [links[link][1] for link in (order or slides) if link in links]
    for number, part in enumerate(parts, start=1):
        content.pieces.append(PageStart(number))
        if part in archive.names:
            content.pieces += _slide(archive, part)
    yield content


def _slide_link(element: Element) -> str:
    """Return the relation of a slide: its `r:id`, not its plain `id`."""
    keys = [key for key in element.attrib if str(key).endswith("}id")]
    return str(element.attrib[keys[0]]) if keys else ""


def _slide(archive: Archive, part: str) -> list[Piece]:
    links = relations(archive, part)
    tree = child(archive.xml(part), "cSld", "spTree")
    pieces = [] if tree is None else list(_shapes(archive, links, tree))
    # The title may come last in the file; it is read first.
    pieces.sort(key=lambda piece: not isinstance(piece, Heading))
    for name in parts_of_kind(archive, part, "notesSlide"):
        lines = [t for shape in find_all(archive.xml(name), "sp") for t in _notes(shape)]
        pieces += [Paragraph(f"Notes: {' '.join(lines)}")] if lines else []
    pieces += [Paragraph(line) for line in _comments(archive, part)]
    return pieces


def _comments(archive: Archive, part: str) -> Iterator[str]:
    authors = {
        attribute(author, "id"): attribute(author, "name")
        for name in parts_of_kind(archive, _MAIN, "commentAuthors", "authors")
        for author in find_all(archive.xml(name), "cmAuthor", "author")
    }
    for name in parts_of_kind(archive, part, "comments", "comment"):
        for comment in find_all(archive.xml(name), "cm", "reply"):
            own = (e for e in find_all(comment, "text", "t") if _is_of(e, comment))
            yield comment_line(
                "".join(e.text or "" for e in own),
                author=authors.get(attribute(comment, "authorId"), ""),
                date=attribute(comment, "dt") or attribute(comment, "created"),
            )


def _is_of(text: Element, comment: Element) -> bool:
    """Return whether `text` is the comment's own, not that of a reply to it."""
    owner = text.getparent()
    while owner is not None and local(owner) not in {"cm", "reply"}:
        owner = owner.getparent()
    return owner is comment


def _notes(shape: Element) -> list[str]:
    return _lines(shape) if _placeholder(shape) == "body" else []


def _placeholder(shape: Element) -> str | None:
    """Return the kind of a placeholder, `body` if unsaid, or None for any other shape."""
    mark = next(find_all(shape, "ph"), None)
    return None if mark is None else attribute(mark, "type") or "body"


def _shapes(archive: Archive, links: dict[str, tuple[str, str]], tree: Element) -> Iterator[Piece]:
    for shape in tree:
        name = local(shape)
        if name in {"sp", "cxnSp"}:
            yield from _text_shape(shape)
        elif name == "graphicFrame":
            yield from _graphic(archive, links, shape)
        elif name == "pic":
            yield Paragraph(attribute(next(find_all(shape, "cNvPr"), None), "descr"))
        elif name == "AlternateContent":
            options = list(shape)
            yield from _shapes(archive, links, options[0]) if options else ()
        elif name in {"grpSp", "Choice"}:
            yield from _shapes(archive, links, shape)


def _text_shape(shape: Element) -> Iterator[Piece]:
    kind, lines = _placeholder(shape), _lines(shape)
    if kind in _REPEATED or not lines:
        return
    if kind in {"title", "ctrTitle"}:
        yield Heading(" ".join(lines), 1)
    elif len(lines) == 1:
        yield Paragraph(lines[0])
    else:
        yield Items(tuple(f"- {line}" for line in lines))


def _lines(shape: Element) -> list[str]:
    """Return the paragraphs of a shape; a line break within one is a blank."""
    lines = ["".join(map(_run, find_all(p, "t", "br", "oMath"))) for p in find_all(shape, "p")]
    return [line for line in lines if line.strip()]


def _run(element: Element) -> str:
    if local(element) == "oMath":
        return equation(element)
    inside = element.getparent()
    if inside is not None and "math" in str(inside.tag):
        return ""  # already told by its equation
    return (element.text or "") if local(element) == "t" else " "


def _graphic(
    archive: Archive, links: dict[str, tuple[str, str]], frame: Element
) -> Iterator[Piece]:
    for table in find_all(frame, "tbl"):
        marked = attribute(child(table, "tblPr"), "firstRow") in {"1", "true"}
        rows = [
            [_cell(cell) for cell in row if local(cell) == "tc"] for row in find_all(table, "tr")
        ]
        kept = [[cell for cell in row if cell is not None] for row in rows]
        yield with_headers(spread(kept), marked=marked)
    for chart in find_all(frame, "chart"):
        part = links.get(attribute(chart, "id"), ("", ""))[1]
        if part in archive.names:
            title, data = chart_table(archive.xml(part))
            yield Paragraph(title)
            yield data
    for diagram in find_all(frame, "relIds"):  # SmartArt keeps its words in a part of its own
        part = links.get(attribute(diagram, "dm"), ("", ""))[1]
        if part in archive.names:
            yield Items(tuple(f"- {line}" for line in _lines(archive.xml(part))))


def _cell(cell: Element) -> Cell | None:
    """Return text and spans; None for a cell that a neighbour covers."""
    if attribute(cell, "hMerge") == "1" or attribute(cell, "vMerge") == "1":
        return None
    spans = [attribute(cell, name) for name in ("gridSpan", "rowSpan")]
    columns, down = (int(s) if s.isdecimal() else 1 for s in spans)
    return " ".join(_lines(cell)), columns, down
