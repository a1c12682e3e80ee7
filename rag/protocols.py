"""The seams. Write a class with one of these shapes and pass it in; nothing to inherit.

Models see strings and return arrays or text. What a number *means* is decided elsewhere.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from rag.types import Chunk, ChunkId, Document, DocumentId, Filter, Hit

Floats: TypeAlias = npt.NDArray[np.float32]
Ids: TypeAlias = npt.NDArray[np.int64]
Message: TypeAlias = dict[str, str]


class Loader(Protocol):
    """Reads a source."""

    def load(self, source: str) -> Iterable[Document]:
        """Yield the documents found at `source`."""
        ...


class Splitter(Protocol):
    """Cuts a document."""

    @property
    def fingerprint(self) -> str:
        """What a build records: equal exactly when the same text gives the same chunks."""
        ...

    def split(self, document: Document) -> list[Chunk]:
        """Return chunks in text order, each an exact slice of `document.text`."""
        ...


class Embedder(Protocol):
    """Maps text to unit vectors."""

    @property
    def name(self) -> str:
        """What people call the model."""
        ...

    @property
    def fingerprint(self) -> str:
        """What a build records: equal exactly when vectors may be compared."""
        ...

    @property
    def dim(self) -> int:
        """Length of a vector."""
        ...

    @property
    def max_tokens(self) -> int:
        """Longest input in tokens, special tokens included; more would be cut off."""
        ...

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return the length of each text in tokens, special tokens included, nothing cut."""
        ...

    def embed_queries(self, queries: Sequence[str]) -> Floats:
        """Return unit rows, shape (n, dim)."""
        ...

    def embed_texts(self, texts: Sequence[str]) -> Floats:
        """Return unit rows, shape (n, dim)."""
        ...


class VectorIndex(Protocol):
    """Nearest vectors by inner product."""

    def add(self, ids: Ids, vectors: Floats) -> None:
        """Add rows, ids of shape (n,) and unit vectors of shape (n, dim)."""
        ...

    def remove(self, ids: Ids) -> None:
        """Forget `ids`; unknown ones are ignored."""
        ...

    def search(self, queries: Floats, k: int, allowed: Ids | None = None) -> tuple[Floats, Ids]:
        """Return (scores, ids), each (q, k') with k' <= k, best first, never an id of -1.

        `allowed` restricts the search before the best k are taken; None allows all.
        """
        ...


class LexicalIndex(Protocol):
    """Nearest texts by words (BM25)."""

    def search(self, query: str, k: int, allowed: Ids | None = None) -> list[Hit]:
        """Return at most `k` hits, best first, scores > 0; any text is a legal query."""
        ...


class Snapshot(Protocol):
    """One immutable build of one index, and the documents its hits point into."""

    @property
    def build(self) -> str:
        """The build's id; every answer carries it."""
        ...

    @property
    def unread(self) -> str | None:
        """What could not be read when it was made, in one sentence, or None."""
        ...

    def __len__(self) -> int:
        """Return the number of chunks."""
        ...

    def allowed(self, filter_: Filter) -> Ids | None:
        """Return the chunk ids `filter_` admits, sorted; None when it admits all.

        Raises:
            QuestionError: If a document named in the filter is not in the index.
        """
        ...

    def dense(self, query: Floats, k: int, allowed: Ids | None = None) -> list[Hit]:
        """Return nearest chunks to one vector of shape (dim,): cosine in [-1, 1]."""
        ...

    def lexical(self, query: str, k: int, allowed: Ids | None = None) -> list[Hit]:
        """Return best chunks by BM25 score, greater than 0."""
        ...

    def chunks(self, ids: Sequence[ChunkId]) -> list[Chunk]:
        """Return the chunks, in the order of `ids`."""
        ...

    def document(self, document_id: DocumentId) -> Document:
        """Return the document as this build knows it."""
        ...

    def close(self) -> None:
        """Release files; safe to call twice."""
        ...


class Reranker(Protocol):
    """Scores texts against a question."""

    def score(self, question: str, texts: Sequence[str]) -> Floats:
        """Return one relevance per text, shape (n,), higher is better."""
        ...


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader makes of one text; numbers without bounds, higher is more likely."""

    offsets: Ids
    """Shape (tokens, 2): the characters of the text each token covers, half-open."""
    starts: Floats
    """Shape (tokens,). `starts[i] + ends[j]` compares an answer from i to j with no answer, 0."""
    ends: Floats
    """Shape (tokens,)."""
    answerable: float
    """A logit: the text answers the question."""
    relevant: float
    """A logit: the text is about what the question asks."""


class Reader(Protocol):
    """Marks the words of a text that answer a question (extractive question answering)."""

    @property
    def name(self) -> str:
        """What people call the model."""
        ...

    def read(self, question: str, texts: Sequence[str]) -> list[Reading]:
        """Return one reading per text, in order; a text of any length is read to its end."""
        ...


class Generator(Protocol):
    """Writes."""

    @property
    def name(self) -> str:
        """What people call the model."""
        ...

    def count_tokens(self, text: str) -> int:
        """Return the length of `text` in tokens, exactly or over-estimated."""
        ...

    def stream(
        self, messages: Sequence[Message], *, max_tokens: int, deadline: float
    ) -> Iterator[str]:
        """Yield text as it is written.

        Args:
            messages: `{"role": "system" | "user" | "assistant", "content": text}`, in order.
            max_tokens: Longest reply in tokens.
            deadline: Seconds from now within which the whole reply must have come.

        Raises:
            GeneratorFailed: If the model cannot be reached, answers nonsense or is late.
        """
        ...


class Verifier(Protocol):
    """Natural-language inference."""

    @property
    def name(self) -> str:
        """What people call the model."""
        ...

    def infer(self, premises: Sequence[str], hypotheses: Sequence[str]) -> Floats:
        """Return (entailment, neutral, contradiction), rows summing to 1, shape (n, 3)."""
        ...
