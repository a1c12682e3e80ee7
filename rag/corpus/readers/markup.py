"""HTML as structure: headings, paragraphs, lists, code and tables; also what Markdown becomes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from selectolax.lexbor import LexborHTMLParser, LexborNode

from rag.corpus.decode import decode
from rag.corpus.normalize import one_line
from rag.corpus.pieces import Code, Content, Heading, Items, Paragraph, Piece, Raw, Table
from rag.corpus.tables import Cell, merge_headers, spread, with_headers

_DROPPED = frozenset(
    "script style template noscript head svg object iframe audio video canvas annotation "
    "annotation-xml colgroup datalist".split()
)
_BLOCKS = frozenset(
    "address article aside blockquote body center details dialog div fieldset figcaption figure "
    "footer form header hgroup html legend main nav p section summary td th tr tbody thead tfoot "
    "hr option optgroup select dt dd li ul ol dl menu table caption pre button".split()
)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_HIDDEN = re.compile(r"(?i)display\s*:\s*none|visibility\s*:\s*hidden")
_RAISED = {"sup": "^", "sub": "_"}
_EXPONENT = re.compile(r"[-+\u2212]?[\dn]{1,4}(?:\s?[-+\u2212]\s?[\dn]{1,3})?")
_CHARSET = re.compile(rb"""(?i)<meta[^>]{0,200}charset\s*=\s*["']?([\w-]{2,40})""")
_DEEPEST = 150
_METADATA = {
    "author": "author",
    "article:author": "author",
    "dc.creator": "author",
    "keywords": "keywords",
    "description": "subject",
    "date": "date",
    "article:modified_time": "date",
    "article:published_time": "date",
    "dcterms.modified": "date",
    "dc.date": "date",
}


def read_html(raw: Raw) -> Iterator[Content]:
    """Yield the page as one document."""
    stated = _CHARSET.search(raw.data[:4096])
    text = decode(raw.data, stated.group(1).decode("ascii", "replace") if stated else "")
    yield html_content(text)


def html_content(text: str) -> Content:
    """Return the content of a page or of a piece of one."""
    tree = LexborHTMLParser(text)
    title = tree.css_first("head > title")
    content = Content(title=title.text() if title else "", metadata=_metadata(tree))
    if tree.root is not None:
        walker = _Walker(has_main=tree.css_first("main, article") is not None)
        walker.visit(tree.root, 0)
        walker.flush()
        content.pieces = walker.pieces
    return content


def _metadata(tree: LexborHTMLParser) -> dict[str, str]:
    found: dict[str, str] = {}
    for node in tree.css("meta"):
        name = node.attributes.get("name") or node.attributes.get("property") or ""
        key = _METADATA.get(name.lower())
        if key and key not in found:
            found[key] = node.attributes.get("content") or ""
    language = tree.root.attributes.get("lang") if tree.root is not None else None
    return found | ({"language": language} if language else {})


@dataclass(slots=True)
class _Walker:
    """Collects inline text until a block ends, then writes a piece."""

    has_main: bool
    pieces: list[Piece] = field(default_factory=list[Piece])
    inline: list[str] = field(default_factory=list[str])
    lines: list[str] = field(default_factory=list[str])
    lists: int = 0
    """How many lists are open around the current place."""
    mark: str | None = None
    """What opens the next line of a list; None goes on with the last line."""
    joiner: str = " "

    def visit(self, node: LexborNode, depth: int) -> None:
        for child in node.iter(include_text=True):
            tag = child.tag or ""
            if tag == "-text":
                self.inline.append(child.text_content or "")
            elif not tag.startswith(("-", "!")) and not self._is_dropped(child, tag):
                self._element(child, tag, depth + 1)

    def _is_dropped(self, node: LexborNode, tag: str) -> bool:
        if tag in _DROPPED or "hidden" in node.attributes:
            return True
        if tag in {"nav", "footer"} and self.has_main:
            return tag == "nav" or not _inside(node, {"main", "article"})
        style = node.attributes.get("style")
        return bool(style and _HIDDEN.search(style))

    def _element(self, node: LexborNode, tag: str, depth: int) -> None:
        if depth > _DEEPEST:
            self.inline.append(node.text(separator=" "))
        elif tag in _SPECIAL:
            _SPECIAL[tag](self, node, depth)
        elif tag in _BLOCKS:
            self.flush()
            self.visit(node, depth)
            self.flush()
        elif tag in _RAISED and _EXPONENT.fullmatch(node.text().strip()):
            # Without a mark, two to the eighth would read "28".
            self.inline.append(_RAISED[tag] + node.text().strip())
        else:
            self.visit(node, depth)

    def flush(self) -> None:
        text = one_line("".join(self.inline))
        self.inline.clear()
        if not text:
            return
        if not self.lists:
            self.pieces.append(Paragraph(text))
        elif self.mark is None and self.lines:
            self.lines[-1] += self.joiner + text
            self.joiner = " "
        else:
            self.lines.append((self.mark or "") + text)
            self.mark = None

    def close_lines(self) -> None:
        self.flush()
        if self.lines:
            self.pieces.append(Items(tuple(self.lines)))
            self.lines = []

    def heading(self, node: LexborNode, depth: int) -> None:
        self.close_lines()
        self.visit(node, depth)
        text = one_line("".join(self.inline))
        self.inline.clear()
        self.pieces.append(Heading(text, _HEADINGS[node.tag or "h6"]))

    def listing(self, node: LexborNode, depth: int) -> None:
        self.flush()
        self.lists += 1
        number = _number(node.attributes.get("start"), 1)
        for child in node.iter():
            if child.tag == "li":
                number = _number(child.attributes.get("value"), number)
                self.flush()
                self.mark = f"{number}. " if node.tag == "ol" else "- "
                number += 1
            if not self._is_dropped(child, child.tag or ""):
                self._element(child, child.tag or "", depth + 1)
        self._close_list()

    def definitions(self, node: LexborNode, depth: int) -> None:
        self.flush()
        self.lists += 1
        self.visit(node, depth)
        self._close_list()

    def _close_list(self) -> None:
        self.flush()
        self.lists -= 1
        self.mark = ""  # what follows in the outer item is a line of its own
        if not self.lists:
            self.close_lines()
            self.mark = None

    def term(self, node: LexborNode, depth: int) -> None:
        self.flush()
        self.mark = ""
        self.visit(node, depth)
        self.flush()

    def definition(self, node: LexborNode, depth: int) -> None:
        self.flush()
        self.joiner = ": "
        self.visit(node, depth)
        self.flush()
        self.joiner = " "

    def preformatted(self, node: LexborNode, _depth: int) -> None:
        self.close_lines()
        self.pieces.append(Code(node.text()))

    def image(self, node: LexborNode, _depth: int) -> None:
        self.inline.append(f" {node.attributes.get('alt') or ''} ")

    def line_break(self, _node: LexborNode, _depth: int) -> None:
        self.inline.append(" ")

    def entry(self, node: LexborNode, _depth: int) -> None:
        if node.attributes.get("type") not in {"hidden", "password", "checkbox", "radio"}:
            self.inline.append(f" {node.attributes.get('value') or ''} ")

    def table(self, node: LexborNode, depth: int) -> None:
        rows = [row for row in node.css("tr") if _inside(row, {"table"}) == node]
        widest = max((len(_cells(row)) for row in rows), default=0)
        plain = not any(cell.tag == "th" for row in rows for cell in _cells(row))
        nested = plain and node.css_first("table table") is not None
        if widest <= 1 or nested:  # laid out, not tabulated
            self.flush()
            self.visit(node, depth)
            self.flush()
            return
        self.close_lines()
        caption = node.css_first("caption")
        if caption is not None:
            self.pieces.append(Paragraph(_text(caption)))
        while len(rows) > 1 and len(_cells(rows[0])) == 1 and _is_header(rows[0]):
            self.pieces.append(Paragraph(_text(rows.pop(0))))  # a title over all columns
        self.pieces.append(_table(rows))


_SPECIAL = {
    **dict.fromkeys(_HEADINGS, _Walker.heading),
    **dict.fromkeys(("ul", "ol", "menu"), _Walker.listing),
    "dl": _Walker.definitions,
    "dt": _Walker.term,
    "dd": _Walker.definition,
    "pre": _Walker.preformatted,
    "img": _Walker.image,
    "br": _Walker.line_break,
    "input": _Walker.entry,
    "table": _Walker.table,
}


def _table(rows: list[LexborNode]) -> Table:
    count = next((i for i, row in enumerate(rows) if not _is_header(row)), len(rows))
    cells = [[_cell(cell) for cell in _cells(row)] for row in rows]
    if not count or count == len(rows):
        return with_headers(spread(cells), marked=False)
    headers = merge_headers(spread(cells[:count], across=True))
    return Table(tuple(spread(cells[count:])), headers)


def _is_header(row: LexborNode) -> bool:
    cells = _cells(row)
    in_head = row.parent is not None and row.parent.tag == "thead"
    return in_head or (bool(cells) and all(cell.tag == "th" for cell in cells))


def _cells(row: LexborNode) -> list[LexborNode]:
    return [cell for cell in row.iter() if cell.tag in {"td", "th"}]


def _cell(node: LexborNode) -> Cell:
    attributes = node.attributes
    columns, down = (_number(attributes.get(name), 1) for name in ("colspan", "rowspan"))
    return _text(node), columns, down


def _text(node: LexborNode) -> str:
    """Return all text of `node` on one line."""
    walker = _Walker(has_main=False)
    walker.visit(node, 0)
    walker.close_lines()
    return " ".join(filter(None, map(_flat, walker.pieces)))


def _flat(piece: Piece) -> str:
    if isinstance(piece, Items):
        return " ".join(piece.lines)
    if isinstance(piece, Table):
        return "; ".join(" ".join(filter(None, row)) for row in (piece.headers, *piece.rows))
    return "" if not isinstance(piece, Heading | Paragraph | Code) else piece.text


def _inside(node: LexborNode, tags: set[str]) -> LexborNode | None:
    parent = node.parent
    while parent is not None and parent.tag not in tags:
        parent = parent.parent
    return parent


def _number(text: str | None, otherwise: int) -> int:
    digits = (text or "").strip()
    return int(digits) if digits.isdecimal() and len(digits) < 6 else otherwise
