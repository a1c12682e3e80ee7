"""Embed a text once a question, however often the question looks at it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from rag.protocols import Embedder, Floats


@dataclass
class Remembering:
    """Passes an embedder's query vectors through and keeps them, for one question."""

    embedder: Embedder
    recalls: bool = True
    """Whether what is known is given back; what is embedded is kept either way."""
    vectors: dict[str, Floats] = field(default_factory=dict[str, Floats])

    @property
    def name(self) -> str:
        """What people call the model."""
        return self.embedder.name

    @property
    def fingerprint(self) -> str:
        """The embedder's own."""
        return self.embedder.fingerprint

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return self.embedder.dim

    @property
    def max_tokens(self) -> int:
        """Longest input in tokens."""
        return self.embedder.max_tokens

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return the length of each text in tokens."""
        return self.embedder.count_tokens(texts)

    def embed_queries(self, queries: Sequence[str]) -> Floats:
        """Return unit rows, shape (n, dim); while it recalls, only what is new is embedded."""
        if not queries:
            return self.embedder.embed_queries(queries)
        new = [q for q in dict.fromkeys(queries) if not (self.recalls and q in self.vectors)]
        if new:
            rows = self.embedder.embed_queries(new)
            self.vectors.update(zip(new, rows, strict=True))
        return np.stack([self.vectors[query] for query in queries])

    def forget(self) -> None:
        """Drop the vectors of the last question, and recall nothing until told to."""
        self.vectors, self.recalls = {}, False

    def embed_texts(self, texts: Sequence[str]) -> Floats:
        """Return unit rows, shape (n, dim)."""
        return self.embedder.embed_texts(texts)
