"""Deterministic stand-ins for every seam, for our tests and for yours. No weights needed.

rag = pipeline_of({"opening.md": "The mill opens at nine."})
assert rag.ask("When does the mill open?").citations[0].quote == "The mill opens at nine."
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

import numpy as np

from rag.errors import GeneratorFailed, QuestionError
from rag.pipeline import Pipeline, Policy
from rag.protocols import Floats, Generator, Ids, Message, Reading
from rag.text import content_stems, sentences, stems
from rag.types import (
    Block,
    BlockKind,
    Chunk,
    ChunkId,
    Document,
    DocumentId,
    Filter,
    Hit,
    Span,
    chunk_id,
    revision_of,
)


class HashingEmbedder:
    """Adds up one pseudo-random direction per word: texts that share words are similar."""

    name = "hashing"
    fingerprint = "hashing-256"
    dim = 256
    max_tokens = 256

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return the number of words, plus two as a tokenizer would add."""
        return [len(text.split()) + 2 for text in texts]

    def embed_queries(self, queries: Sequence[str]) -> Floats:
        """Return unit rows, shape (n, 256)."""
        return self.embed_texts(queries)

    def embed_texts(self, texts: Sequence[str]) -> Floats:
        """Return unit rows, shape (n, 256)."""
        rows = np.zeros((len(texts), self.dim), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for stem in content_stems(text) or stems(text) or [text]:
                np.add(row, _direction(stem, self.dim), out=row)
        norms = np.linalg.norm(rows, axis=1, keepdims=True)
        return np.asarray(rows / np.where(norms > 0, norms, 1), dtype=np.float32)


class SubstringVerifier:
    """Entails a hypothesis exactly when the premise holds it, blanks aside."""

    name = "substring"

    def infer(self, premises: Sequence[str], hypotheses: Sequence[str]) -> Floats:
        """Return one-hot (entailment, neutral, contradiction), shape (n, 3)."""
        pairs = zip(premises, hypotheses, strict=True)
        held = [" ".join(h.split()) in " ".join(p.split()) for p, h in pairs]
        return np.asarray([[h, not h, False] for h in held], dtype=np.float32).reshape(-1, 3)


class OverlapReranker:
    """Scores a text by the share of the question's words it contains."""

    def score(self, question: str, texts: Sequence[str]) -> Floats:
        """Return overlap in [0, 1], shape (n,)."""
        asked = set(content_stems(question))
        shares = [len(asked & set(content_stems(t))) / max(1, len(asked)) for t in texts]
        return np.asarray(shares, dtype=np.float32)


@dataclass(frozen=True)
class WordReader:
    """Marks one of `words` wherever it stands; a text that holds none of them answers nothing."""

    words: Set[str]
    name: str = "words"

    def read(self, question: str, texts: Sequence[str]) -> list[Reading]:
        """Return one reading per text, a token a word."""
        del question
        return [self._read(text) for text in texts]

    def _read(self, text: str) -> Reading:
        found = list(re.finditer(r"\w+", text))
        held = np.asarray([match.group() in self.words for match in found], dtype=bool)
        offsets = np.asarray([match.span() for match in found], dtype=np.int64).reshape(-1, 2)
        scores = np.where(held, 5.0, -5.0).astype(np.float32)
        verdict = 5.0 if held.any() else -5.0
        return Reading(offsets, scores, scores, verdict, verdict)


@dataclass(frozen=True)
class ScriptedGenerator:
    """Writes the same text whatever it is asked; `fails` makes it raise after `text`."""

    text: str
    fails: bool = False
    name: str = "scripted"

    def count_tokens(self, text: str) -> int:
        """Return the number of words."""
        return len(text.split())

    def stream(
        self, messages: Sequence[Message], *, max_tokens: int, deadline: float
    ) -> Iterator[str]:
        """Yield the script word by word."""
        del messages, deadline
        for word in self.text.split(" ")[:max_tokens]:
            yield word + " "
        if self.fails:
            raise GeneratorFailed("the script says so")


@dataclass
class MemorySnapshot:
    """A few documents in memory; a chunk is a paragraph."""

    documents: Sequence[Document]
    build: str = "memory"
    unread: str | None = None
    closed: bool = False
    _chunks: dict[ChunkId, Chunk] = field(default_factory=dict[ChunkId, Chunk])
    _vectors: Floats = field(default_factory=lambda: np.zeros((0, 0), np.float32))

    def __post_init__(self) -> None:
        """Cut and embed the documents."""
        self._chunks = {c.id: c for document in self.documents for c in _paragraphs(document)}
        texts = [chunk.embedding_text for chunk in self._chunks.values()]
        self._vectors = HashingEmbedder().embed_texts(texts)

    def __len__(self) -> int:
        """Return the number of chunks."""
        return len(self._chunks)

    def allowed(self, filter_: Filter) -> Ids | None:
        """Return the chunk ids `filter_` admits, sorted; None when it admits all."""
        if not filter_:
            return None
        known = {name for d in self.documents for name in (d.id, d.source, *d.also)}
        if unknown := set(filter_.documents) - known:
            raise QuestionError(f"no document {min(unknown)!r} in this index")
        admitted = {d.id for d in self.documents if _admits(filter_, d)}
        ids = [c.id for c in self._chunks.values() if c.document_id in admitted]
        return np.asarray(sorted(ids), dtype=np.int64)

    def dense(self, query: Floats, k: int, allowed: Ids | None = None) -> list[Hit]:
        """Return nearest chunks by cosine."""
        return self._best(self._vectors @ query, k, allowed, floor=-2.0)

    def lexical(self, query: str, k: int, allowed: Ids | None = None) -> list[Hit]:
        """Return chunks by the number of query words they hold."""
        asked = set(stems(query))
        counts = [len(asked & set(stems(c.embedding_text))) for c in self._chunks.values()]
        return self._best(np.asarray(counts, dtype=np.float32), k, allowed, floor=0.0)

    def chunks(self, ids: Sequence[ChunkId]) -> list[Chunk]:
        """Return the chunks, in the order of `ids`."""
        return [self._chunks[id_] for id_ in ids]

    def document(self, document_id: DocumentId) -> Document:
        """Return the document."""
        return next(d for d in self.documents if d.id == document_id)

    def close(self) -> None:
        """Remember that it was closed."""
        self.closed = True

    def _best(self, scores: Floats, k: int, allowed: Ids | None, *, floor: float) -> list[Hit]:
        admitted = None if allowed is None else set(allowed.tolist())
        hits = [
            Hit(id_, float(score))
            for id_, score in zip(self._chunks, scores, strict=True)
            if score > floor and (admitted is None or id_ in admitted)
        ]
        return sorted(hits, key=lambda hit: (-hit.score, hit.chunk_id))[:k]


def document_of(source: str, text: str, metadata: Mapping[str, str] | None = None) -> Document:
    """Return a document whose paragraphs are blocks; a line starting with # is a heading."""
    blocks: list[Block] = []
    heading: tuple[str, ...] = ()
    start = 0
    for piece in text.split("\n\n"):
        if piece.strip():
            kind = BlockKind.HEADING if piece.startswith("#") else BlockKind.PARAGRAPH
            above = () if kind is BlockKind.HEADING else heading
            blocks.append(Block(kind, Span(start, start + len(piece)), above))
            heading = (piece.lstrip("# "),) if kind is BlockKind.HEADING else heading
        start += len(piece) + 2
    title = source.rsplit("/", 1)[-1].rsplit(".", 1)[0]
    id_ = DocumentId(hashlib.sha256(source.encode()).hexdigest()[:16])
    revision = revision_of(title, text, metadata or {})
    return Document(id_, revision, text, source, title, dict(metadata or {}), (), tuple(blocks))


def pipeline_of(
    texts: Mapping[str, str],
    *,
    generator: Generator | None = None,
    policy: Policy | None = None,
) -> Pipeline:
    """Return a pipeline over `texts` (source to text) that needs no weights."""
    snapshot = MemorySnapshot([document_of(source, text) for source, text in texts.items()])
    policy = policy or Policy(relevance_floor=0.05)
    return Pipeline(snapshot, HashingEmbedder(), SubstringVerifier(), generator, policy=policy)


def _paragraphs(document: Document) -> list[Chunk]:
    return [
        Chunk(
            chunk_id(document.revision, block.span),
            document.id,
            document.revision,
            block.span,
            block.span.of(document.text),
            block.heading,
        )
        for block in document.blocks
        if sentences(document.text, block.span)
    ]


def _admits(filter_: Filter, document: Document) -> bool:
    names = {document.id, document.source, *document.also}
    date = document.metadata.get("date", "")
    return (
        (not filter_.documents or bool(names & set(filter_.documents)))
        and (not filter_.sources or any(fnmatchcase(document.source, p) for p in filter_.sources))
        and all(document.metadata.get(k) == v for k, v in filter_.metadata.items())
        and (filter_.since is None or (bool(date) and date >= filter_.since))
        and (filter_.until is None or (bool(date) and date <= filter_.until))
    )


def _direction(word: str, dim: int) -> Floats:
    seed = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "big")
    return np.random.default_rng(seed).standard_normal(dim).astype(np.float32)
