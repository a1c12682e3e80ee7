"""What is stored and found: documents, their chunks, and the passages an answer may draw on."""

import hashlib
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NewType

DocumentId = NewType("DocumentId", str)
Revision = NewType("Revision", str)
ChunkId = NewType("ChunkId", int)


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Half-open character range `[start, end)`, never empty."""

    start: int
    end: int

    def __post_init__(self) -> None:
        """Reject a range that is empty or runs backwards."""
        if not 0 <= self.start < self.end:
            raise ValueError(f"not a span: [{self.start}, {self.end})")

    def of(self, text: str) -> str:
        """Return the characters of `text` this span covers."""
        return text[self.start : self.end]

    def overlaps(self, other: "Span") -> bool:
        """Return whether both spans share a character."""
        return self.start < other.end and other.start < self.end


class BlockKind(StrEnum):
    """What a stretch of a document is; the splitter keeps these whole where they fit."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    LIST = "list"
    CODE = "code"
    TABLE = "table"


@dataclass(frozen=True, slots=True)
class Block:
    """One structural piece of a document and the headings above it, outermost first."""

    kind: BlockKind
    span: Span
    heading: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """One page, slide or sheet: its number as printed by a viewer (from 1) and its text."""

    number: int
    span: Span | None
    """Where the page's text lies; None when the page holds no text that could be read."""


@dataclass(frozen=True, slots=True)
class Document:
    """One source as the canonical text every later offset refers to."""

    id: DocumentId
    revision: Revision
    text: str
    source: str
    title: str
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])
    pages: tuple[Page, ...] = ()
    blocks: tuple[Block, ...] = ()
    also: tuple[str, ...] = ()
    """Other sources that hold exactly the same content."""

    def page_at(self, offset: int) -> int | None:
        """Return the number of the page that holds character `offset`, if pages are known."""
        spans = [page for page in self.pages if page.span is not None]
        starts = [page.span.start for page in spans if page.span is not None]
        row = bisect_right(starts, offset) - 1
        return spans[row].number if row >= 0 else None

    def block_at(self, offset: int) -> Block | None:
        """Return the block that holds character `offset`; None between blocks."""
        row = bisect_right(self.blocks, offset, key=lambda block: block.span.start) - 1
        return self.blocks[row] if row >= 0 and offset < self.blocks[row].span.end else None


def revision_of(title: str, text: str, metadata: Mapping[str, str]) -> Revision:
    """Return the revision of a document's content: SHA-256 over title, metadata and text."""
    digest = hashlib.sha256()
    for part in (title, text, *(f"{key}={metadata[key]}" for key in sorted(metadata))):
        digest.update(part.encode("utf-8", "surrogatepass") + b"\0")
    return Revision(digest.hexdigest())


@dataclass(frozen=True, slots=True)
class Chunk:
    """A retrievable stretch of a document; `span.of(document.text) == text`."""

    id: ChunkId
    document_id: DocumentId
    revision: Revision
    span: Span
    text: str
    heading: tuple[str, ...] = ()

    @property
    def embedding_text(self) -> str:
        """Return what the embedder and the lexical index read: heading path, then text."""
        return f"{' > '.join(self.heading)}\n{self.text}" if self.heading else self.text


def chunk_id(revision: Revision, span: Span) -> ChunkId:
    """Return the id of a chunk: 63 bits that depend on nothing but its content and place.

    The same stretch of the same revision has the same id in every build and on every
    machine, and fits the integer ids of FAISS, SQLite, Milvus and PostgreSQL.
    """
    key = f"{revision}:{span.start}:{span.end}".encode()
    return ChunkId(int.from_bytes(hashlib.blake2b(key, digest_size=8).digest(), "big") >> 1)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which chunks may be seen at all; applied before the best k are taken.

    Conditions are joined by "and", the values of one condition by "or". Empty allows all.
    """

    documents: tuple[str, ...] = ()
    """Document ids, or sources exactly as `rag sources` prints them."""
    sources: tuple[str, ...] = ()
    """Shell patterns against the source, such as `contracts/*.pdf`."""
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])
    since: str | None = None
    """Earliest document date, ISO 8601, inclusive. Documents without a date do not match."""
    until: str | None = None
    """Latest document date, ISO 8601, inclusive. Documents without a date do not match."""

    def __post_init__(self) -> None:
        """Refuse a text where several are meant: its characters would be the values."""
        for name in ("documents", "sources"):
            if isinstance(getattr(self, name), str):
                raise TypeError(f"Filter.{name} takes several texts: ({getattr(self, name)!r},)")

    def __bool__(self) -> bool:
        """Return whether anything is restricted."""
        return bool(self.documents or self.sources or self.metadata or self.since or self.until)


@dataclass(frozen=True, slots=True)
class Hit:
    """What a retriever returns: a chunk's id and its score, higher is better."""

    chunk_id: ChunkId
    score: float


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk, with its document, under a `label` that answers cite, counted from 1."""

    label: int
    document: Document
    chunk: Chunk
    relevance: float
    """Fused retrieval score or reranker score; higher is better, comparable in one list."""

    def to_dict(self) -> dict[str, object]:
        """Return plain values; `start` and `end` count characters of the document."""
        return {
            "label": self.label,
            "document_id": self.document.id,
            "revision": self.document.revision,
            "title": self.document.title,
            "source": self.document.source,
            "page": self.document.page_at(self.chunk.span.start),
            "heading": list(self.chunk.heading),
            "start": self.chunk.span.start,
            "end": self.chunk.span.end,
            "relevance": round(self.relevance, 4),
            "text": self.chunk.text,
        }
