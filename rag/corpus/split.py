"""Documents become chunks: exact slices, along the structure, never longer than the embedder reads.

The text is tiled without a gap by `RecursiveCharacterTextSplitter`; offsets are cumulative
lengths, for its own `start_index` is wrong when length is counted in tokens. Cuts are
placed by estimate and then counted, all chunks in one batch: counting is what costs.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import TypeAlias

from rag.errors import SettingsError
from rag.types import Block, BlockKind, Chunk, Document, Span, chunk_id

CountTokens: TypeAlias = Callable[[Sequence[str]], list[int]]
Path: TypeAlias = tuple[str, ...]

_VERSION = "structure-1"
# Where a long text is cut, best place first.
_SEPARATORS = [
    r"\n{2,}",
    r"\n",
    r"[.!?\u2026][\"')\]\u00bb\u201d\u2019]*\s+|[\u3002\uff01\uff1f]+",
    r"[;:,\u3001\uff0c\uff1b]\s+|[\u3001\uff0c\uff1b]",
    r"\s+",
    "",
]
_HEADING_SHARE = 4  # headings may take a quarter of what the embedder reads
_FILL = 0.9  # of the budget: room for stretches denser in tokens than the average
_LEAST = 8


@dataclass(frozen=True, slots=True)
class _Above:
    """The headings above a block as a chunk carries them: without the outer ones if too long."""

    path: Path
    tokens: int


@dataclass(frozen=True, slots=True)
class _Part:
    """A stretch of one section; `tokens` and `room` without special tokens."""

    span: Span
    section: Path
    above: _Above
    tokens: int
    room: int
    """Tokens that a chunk beginning here may hold."""
    opens: bool
    """Whether it begins with a heading, and so begins a chunk."""


class StructureSplitter:
    """Packs whole blocks of one section together; cuts only what is longer than a chunk."""

    def __init__(
        self,
        size: int,
        overlap: int,
        count_tokens: CountTokens,
        max_tokens: int,
        tokenizer: str = "",
    ) -> None:
        """Check the sizes.

        Args:
            size: Longest chunk in tokens, special tokens included, headings above it not.
            overlap: Tokens that a chunk repeats from the one before, within a section.
            count_tokens: The embedder's own, special tokens included.
            max_tokens: What the embedder reads, special tokens and headings included.
            tokenizer: Which tokenizer counts, for the fingerprint.

        Raises:
            SettingsError: If chunks of this size cannot be embedded whole.
        """
        if not _LEAST <= size <= max_tokens:
            raise SettingsError(
                f"setting 'split.size' is {size}, but must be in [{_LEAST}, {max_tokens}]: "
                f"the embedder reads no more than {max_tokens} tokens"
            )
        if not 0 <= overlap <= size // 2:
            raise SettingsError(
                f"setting 'split.overlap' is {overlap}, but must be in [0, {size // 2}]: "
                f"no more than half of split.size"
            )
        self._size, self._overlap, self._max_tokens = size, overlap, max_tokens
        self._count = count_tokens
        self._special = count_tokens([""])[0]
        self._tokenizer = tokenizer

    @property
    def fingerprint(self) -> str:
        """Return what decides where the cuts are."""
        sizes = f"size={self._size}:overlap={self._overlap}:max={self._max_tokens}"
        return f"{_VERSION}:{sizes}:{self._tokenizer}"

    def split(self, document: Document) -> list[Chunk]:
        """Return chunks in text order that cover every non-blank character of the document.

        Raises:
            SettingsError: If one character alone is longer than a chunk.
        """
        text = document.text
        blocks = _covering(document)
        if not blocks:
            return []
        parts = _packed(self._parts(text, blocks))
        parts = self._fitted(text, [p for part in parts if (p := _trimmed(text, part))])
        if self._overlap:
            parts = self._overlapped(text, parts)
        return [_chunk(document, part) for part in parts]

    def _parts(self, text: str, blocks: list[Block]) -> list[_Part]:
        """Return the blocks as parts, those too long for a chunk as several."""
        aboves = self._aboves({block.heading for block in blocks})
        counts = self._count([block.span.of(text) for block in blocks])
        parts: list[_Part] = []
        left: int | None = None  # what the headings just before leave of their chunk
        for block, count in zip(blocks, counts, strict=True):
            above = aboves[block.heading]
            room = self._room(above)
            opens = block.kind is BlockKind.HEADING
            part = _Part(block.span, block.heading, above, count - self._special, room, opens)
            budget = room if left is None or left < room // 2 else left
            parts += [part] if part.tokens <= room else _cut(text, part, budget)
            left = (room if left is None else left) - part.tokens if opens else None
        return parts

    def _room(self, above: _Above) -> int:
        whole = min(self._size - self._overlap, self._max_tokens - above.tokens)
        return whole - self._special

    def _aboves(self, paths: set[Path]) -> dict[Path, _Above]:
        """Map each heading path to the longest inner part of it that a chunk can carry."""
        most = min(self._max_tokens // _HEADING_SHARE, self._max_tokens - _LEAST)
        found: dict[Path, _Above] = {}
        tried = {path: path for path in paths}
        while tried:
            counts = self._count([_heading_line(inner) for inner in tried.values()])
            longer: dict[Path, Path] = {}
            for (path, inner), count in zip(tried.items(), counts, strict=True):
                tokens = count - self._special
                if tokens <= most or not inner:
                    found[path] = _Above(inner, tokens)
                else:
                    longer[path] = inner[1:]
            tried = longer
        return found

    def _most(self, part: _Part) -> int:
        """Return how long the embedding text of `part` may be before it has an overlap."""
        return min(self._max_tokens, self._size - self._overlap + part.above.tokens)

    def _counts(self, text: str, parts: Sequence[_Part]) -> list[int]:
        return self._count([f"{_heading_line(p.above.path)}{p.span.of(text)}" for p in parts])

    def _fitted(self, text: str, parts: list[_Part]) -> list[_Part]:
        """Cut again what is too long by the tokenizer's own count, until nothing is."""
        done: dict[int, _Part] = {}  # by the start of its span
        open_ = parts
        while open_:
            counts = self._counts(text, open_)
            again: list[_Part] = []
            for part, count in zip(open_, counts, strict=True):
                if count <= self._most(part):
                    done[part.span.start] = replace(part, tokens=count)
                else:
                    again += self._smaller(text, part, count)
            open_ = again
        return [done[start] for start in sorted(done)]

    def _smaller(self, text: str, part: _Part, count: int) -> Iterator[_Part]:
        length = part.span.end - part.span.start
        if length == 1:
            if part.above.path:  # the last resort: the headings give way to the text
                bare = _Above((), 0)
                yield replace(part, above=bare)
                return
            raise SettingsError(
                f"one character is {count} tokens, more than split.size {self._size} holds; "
                "raise split.size"
            )
        target = int(length * self._most(part) / count * _FILL)
        for piece in _pieces(text, part, max(1, min(target, length - 1))):
            trimmed = _trimmed(text, piece)
            if trimmed:
                yield trimmed

    def _overlapped(self, text: str, parts: list[_Part]) -> list[_Part]:
        """Move starts left by `overlap` tokens, or less where the chunk would be too long."""
        result = list(parts)
        wanted = {
            row: ceil(self._overlap * _density(parts[row - 1]))
            for row in range(1, len(parts))
            if not parts[row].opens
        }
        while wanted:
            tries = {
                row: replace(parts[row], span=span)
                for row, characters in wanted.items()
                if (span := _reaching_left(text, parts[row - 1].span, parts[row].span, characters))
            }
            counts = self._counts(text, list(tries.values()))
            longer: dict[int, int] = {}
            for (row, part), count in zip(tries.items(), counts, strict=True):
                if count <= min(self._max_tokens, self._size + part.above.tokens):
                    result[row] = part
                elif wanted[row] > 1:
                    longer[row] = wanted[row] // 2
            wanted = longer
        return result


def _covering(document: Document) -> list[Block]:
    """Return the blocks, and as paragraphs whatever text lies between them."""
    text, end = document.text, 0
    covering: list[Block] = []
    path: Path = ()
    for block in document.blocks:
        if text[end : block.span.start].strip():
            covering.append(Block(BlockKind.PARAGRAPH, Span(end, block.span.start), path))
        covering.append(block)
        end, path = block.span.end, block.heading
    if text[end:].strip():
        covering.append(Block(BlockKind.PARAGRAPH, Span(end, len(text)), path))
    return covering


def _packed(parts: list[_Part]) -> list[_Part]:
    """Join neighbours of one section while they fit; headings go with what follows."""
    packed: list[_Part] = []
    before: _Part | None = None
    for part in parts:
        last = packed[-1] if packed else None
        joins = before and (before.opens or (not part.opens and part.section == before.section))
        if last and joins and last.tokens + part.tokens <= last.room:
            span = Span(last.span.start, part.span.end)
            packed[-1] = replace(last, span=span, tokens=last.tokens + part.tokens)
        else:
            packed.append(part)
        before = part
    return packed


def _cut(text: str, part: _Part, budget: int) -> list[_Part]:
    """Return a part as several of nearly equal length, each about within `budget` tokens."""
    most = max(1.0, budget * _FILL)
    count = ceil(part.tokens / most)
    # A little above the mean, or a sentence too many starts one more piece.
    tokens = min(most, part.tokens / count * 1.15)
    return _pieces(text, part, max(1, int(tokens * _density(part))))


def _density(part: _Part) -> float:
    """Return characters per token."""
    return (part.span.end - part.span.start) / max(part.tokens, 1)


def _pieces(text: str, part: _Part, characters: int) -> list[_Part]:
    density = _density(part)
    return [
        replace(part, span=span, tokens=ceil((span.end - span.start) / density), opens=opens)
        for span, opens in _tiles(text, part, characters)
    ]


def _tiles(text: str, part: _Part, characters: int) -> Iterator[tuple[Span, bool]]:
    # Slow to import, and short documents never need it.
    from langchain_text_splitters import RecursiveCharacterTextSplitter  # noqa: PLC0415

    splitter = RecursiveCharacterTextSplitter(
        separators=_SEPARATORS,
        is_separator_regex=True,
        keep_separator="end",
        strip_whitespace=False,
        chunk_size=characters,
        chunk_overlap=0,
    )
    start = part.span.start
    for tile in splitter.split_text(part.span.of(text)):
        yield Span(start, start + len(tile)), part.opens and start == part.span.start
        start += len(tile)
    if start != part.span.end:
        raise RuntimeError(f"tiling lost {part.span.end - start} characters")


def _trimmed(text: str, part: _Part) -> _Part | None:
    piece = part.span.of(text)
    start = part.span.start + len(piece) - len(piece.lstrip())
    end = part.span.end - len(piece) + len(piece.rstrip())
    return replace(part, span=Span(start, end)) if start < end else None


def _reaching_left(text: str, before: Span, span: Span, characters: int) -> Span | None:
    """Return `span` from a word's start at most `characters` further left, or None."""
    low = max(before.start + 1, span.start - characters)  # past it, or nothing is new
    if not text[low - 1].isspace():
        while low < span.start and not text[low].isspace():
            low += 1
    while low < span.start and text[low].isspace():
        low += 1
    return Span(low, span.end) if low < span.start else None


def _heading_line(path: Path) -> str:
    """Return what `Chunk.embedding_text` puts before the text."""
    return f"{' > '.join(path)}\n" if path else ""


def _chunk(document: Document, part: _Part) -> Chunk:
    number = chunk_id(document.revision, part.span)
    text = part.span.of(document.text)
    return Chunk(number, document.id, document.revision, part.span, text, part.above.path)
