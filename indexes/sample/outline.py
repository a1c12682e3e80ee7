"""The readable sources of the sample's binary documents.

A source is Markdown under TOML front matter. It knows headings, paragraphs, lists, tables,
code and block quotes; emphasis is dropped, because none of the documents needs it.
"""

import tomllib
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode


class Kind(StrEnum):
    """What a part is."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    BULLETS = "bullets"
    STEPS = "steps"
    TABLE = "table"
    CODE = "code"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of a document: rows of cells for a table, rows of one cell for the rest."""

    kind: Kind
    rows: tuple[tuple[str, ...], ...]
    level: int = 0
    """Depth of a heading, from 1; 0 for anything else."""

    @property
    def text(self) -> str:
        """Return the first cell: all there is of a heading, paragraph, note or code."""
        return self.rows[0][0]

    @property
    def lines(self) -> list[str]:
        """Return the first cell of every row: the items of a list."""
        return [row[0] for row in self.rows]


@dataclass(frozen=True, slots=True)
class Outline:
    """A document before it has a format."""

    title: str
    author: str
    date: date
    parts: tuple[Part, ...]

    def sections(self) -> list[tuple[str, list[Part]]]:
        """Return (heading, parts) for every heading of level 2, with what stands under it."""
        found: list[tuple[str, list[Part]]] = [(self.title, [])]
        for part in self.parts:
            if part.kind is Kind.HEADING and part.level == 2:
                found.append((part.text, []))
            else:
                found[-1][1].append(part)
        return found if found[0][1] else found[1:]


def read_outline(path: Path) -> Outline:
    """Return the outline written in `path`.

    Raises:
        ValueError: If the front matter lacks a title, an author or a date, or the text holds
            Markdown that no writer knows.
    """
    try:
        _, matter, text = path.read_text(encoding="utf-8").split("+++\n", 2)
        stated = tomllib.loads(matter)
        title, author, day = stated["title"], stated["author"], stated["date"]
    except (ValueError, KeyError) as error:
        raise ValueError(
            f"{path}: needs title, author and date in TOML between two lines of +++: {error}"
        ) from error
    tree = SyntaxTreeNode(MarkdownIt("commonmark").enable("table").parse(text))
    return Outline(title, author, day, tuple(_part(node, path) for node in tree.children))


def _part(node: SyntaxTreeNode, path: Path) -> Part:
    match node.type:
        case "heading":
            return Part(Kind.HEADING, ((_text(node),),), int(node.tag[1:]))
        case "paragraph":
            return Part(Kind.PARAGRAPH, ((_text(node),),))
        case "bullet_list" | "ordered_list":
            kind = Kind.BULLETS if node.type == "bullet_list" else Kind.STEPS
            return Part(kind, tuple((_text(item),) for item in node.children))
        case "table":
            rows = [row for half in node.children for row in half.children]
            return Part(Kind.TABLE, tuple(tuple(map(_text, row.children)) for row in rows))
        case "fence":
            return Part(Kind.CODE, ((node.content.rstrip("\n"),),))
        case "blockquote":
            return Part(Kind.NOTE, ((_text(node),),))
        case other:
            raise ValueError(f"{path}: no writer knows Markdown's {other!r}; write it otherwise")


def _text(node: SyntaxTreeNode) -> str:
    """Return the words under `node` on one line."""
    if node.type in {"text", "code_inline"}:
        return node.content
    if node.type == "softbreak":
        return " "
    return "".join(_text(child) for child in node.children)
