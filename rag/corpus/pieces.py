"""What a reader hands over: plain structural pieces, in reading order.

Readers know a format and nothing of offsets; `compose` knows offsets and no format.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

Row: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """A title above what follows; level 1 is outermost."""

    text: str
    level: int


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Prose, on one line once composed."""

    text: str
    continues: bool = False
    """Whether it goes on with the sentence of the paragraph before, across a page break."""


@dataclass(frozen=True, slots=True)
class Items:
    """Lines that stay lines: list items with their marks, verses, `key: value` pairs."""

    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Code:
    """Text whose line breaks and blanks carry meaning."""

    text: str


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells; every line of the composed table repeats the headers."""

    rows: tuple[Row, ...]
    headers: Row = ()


@dataclass(frozen=True, slots=True)
class PageStart:
    """What follows lies on page, slide or sheet `number`, counted from 1."""

    number: int


Piece: TypeAlias = Heading | Paragraph | Items | Code | Table | PageStart


@dataclass(slots=True)
class Content:
    """One document as a reader found it.

    A reader fills it while it reads, which is why it alone is not frozen.
    """

    pieces: list[Piece] = field(default_factory=list[Piece])
    title: str = ""
    metadata: dict[str, str] = field(default_factory=dict[str, str])
    key: str = ""
    """What tells this document from others of the same file; empty if it is the only one."""
    notes: list[str] = field(default_factory=list[str])
    """What could not be read, a sentence each."""


@dataclass(frozen=True, slots=True)
class Raw:
    """The bytes of one file and what a reader may spend on them."""

    data: bytes
    name: str
    """The file's name without folders."""
    format: str = ""
    unpacked_mb: int = 512
    ocr: bool = True
    seconds: int = 60
    """Time until the worker is stopped; readers that can be partial stop before."""


Reader: TypeAlias = Callable[[Raw], Iterator[Content]]
