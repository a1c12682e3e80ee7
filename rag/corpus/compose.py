"""Pieces become a `Document`: the one place where text, blocks and pages get their offsets."""

import hashlib
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from rag.corpus.describe import pick_title, tidy, written_title
from rag.corpus.normalize import code_lines, one_line
from rag.corpus.pieces import Code, Content, Heading, Items, PageStart, Paragraph, Piece, Table
from rag.corpus.tables import table_lines
from rag.types import Block, BlockKind, Document, DocumentId, Page, Span, revision_of

_GAP = "\n\n"


def document_id(source: str) -> DocumentId:
    """Return the provisional id of what lies at `source`; the ledger may replace it."""
    return DocumentId(hashlib.sha256(source.encode("utf-8", "replace")).hexdigest()[:16])


def compose(content: Content, source: str) -> Document:
    """Return the canonical document of `content`.

    Blocks are parted by one empty line, list items and table rows by a line break. Empty
    pieces leave no trace. The text may be empty; then there are no blocks.
    """
    name = PurePosixPath(source).name
    page = _Composer(above=_stated_title(content, name))
    for piece in content.pieces:
        page.add(piece)
    page.close_page()
    text = "".join(page.parts)
    title = pick_title(content.title, page.first_heading, name)
    # A file's name is no content: the same text under two names is the same revision.
    own_title = pick_title(content.title, page.first_heading, "")
    metadata = tidy(content.metadata)
    return Document(
        id=document_id(source),
        revision=revision_of(own_title, text, metadata),
        text=text,
        source=source,
        title=title,
        metadata=metadata,
        pages=tuple(page.pages),
        blocks=tuple(page.blocks),
    )


def _stated_title(content: Content, name: str) -> list[tuple[int, str]]:
    """Return the title the file states as outermost heading, unless its text opens with it.

    A chunk is then found by the name of its document even where the text never repeats it.
    """
    title = written_title(content.title, name)
    opening = next((p.text for p in content.pieces if isinstance(p, Heading | Paragraph)), "")
    return [(0, title)] if title and one_line(opening) != title else []


@dataclass(slots=True)
class _Composer:
    parts: list[str] = field(default_factory=list[str])
    length: int = 0
    blocks: list[Block] = field(default_factory=list[Block])
    pages: list[Page] = field(default_factory=list[Page])
    above: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])
    first_heading: str = ""
    page_number: int | None = None
    page_start: int | None = None

    def add(self, piece: Piece) -> None:
        if isinstance(piece, PageStart):
            self.close_page()
            self.page_number = piece.number
        elif isinstance(piece, Heading):
            self._add_heading(piece)
        elif isinstance(piece, Paragraph):
            self._add_paragraph(piece)
        elif isinstance(piece, Items):
            lines = [line for line in map(one_line, piece.lines) if line]
            self._append(BlockKind.LIST, "\n".join(lines))
        elif isinstance(piece, Code):
            self._append(BlockKind.CODE, code_lines(piece.text))
        elif isinstance(piece, Table):
            self._append(BlockKind.TABLE, "\n".join(table_lines(piece)))

    def _add_heading(self, piece: Heading) -> None:
        text = one_line(piece.text)
        if not text:
            return
        while self.above and self.above[-1][0] >= piece.level:
            self.above.pop()
        self._append(BlockKind.HEADING, text)
        self.above.append((piece.level, text))
        self.first_heading = self.first_heading or text

    def _add_paragraph(self, piece: Paragraph) -> None:
        text = one_line(piece.text)
        last = self.blocks[-1] if self.blocks else None
        if not (text and piece.continues and last and last.kind is BlockKind.PARAGRAPH):
            self._append(BlockKind.PARAGRAPH, text)
            return
        # One sentence over two pages stays one block; only the page starts inside it.
        self._write(" ")
        self._mark_page()
        self._write(text)
        self.blocks[-1] = Block(last.kind, Span(last.span.start, self.length), last.heading)

    def _append(self, kind: BlockKind, text: str) -> None:
        if not text.strip():
            return
        if self.blocks:
            self._write(_GAP)
        self._mark_page()
        start = self.length
        self._write(text)
        path = tuple(title for _, title in self.above)
        self.blocks.append(Block(kind, Span(start, self.length), path))

    def _write(self, text: str) -> None:
        self.parts.append(text)
        self.length += len(text)

    def _mark_page(self) -> None:
        if self.page_start is None:
            self.page_start = self.length

    def close_page(self) -> None:
        if self.page_number is not None:
            span = None if self.page_start is None else Span(self.page_start, self.length)
            self.pages.append(Page(self.page_number, span))
        self.page_number, self.page_start = None, None
