"""Lexical retrieval: BM25 over terms, scored when the index is built (Lù, 2024).

A term's score in a chunk does not depend on the question, so it is computed once and a
question only adds up the rows of its terms. The index is three arrays and a list of terms.
"""

import json
from collections import Counter, deque
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from rag.errors import IndexDamaged
from rag.index.disk import Disk, FileSum
from rag.index.ranking import best, positions
from rag.index.terms import terms
from rag.protocols import Floats, Ids
from rag.types import ChunkId, Hit

_SATURATION = 1.2  # k1: how soon repeats of a term stop counting
_LENGTH = 0.75  # b: how much long chunks are held back
_Rows = npt.NDArray[np.int32]


class Bm25Index:
    """BM25 over the chunks of one build; implements `LexicalIndex`."""

    def __init__(
        self, ids: Ids, vocabulary: Sequence[str], starts: Ids, rows: _Rows, scores: Floats
    ) -> None:
        """Use arrays as a `Bm25Builder` makes them.

        Args:
            ids: Chunk ids, sorted, shape (n,).
            vocabulary: The terms.
            starts: Where each term's postings start, then their number, shape (terms + 1,).
            rows: The row in `ids` of each posting.
            scores: The BM25 score of each posting.
        """
        self._ids = ids
        self._terms = {term: number for number, term in enumerate(vocabulary)}
        self._starts = starts
        self._rows = rows
        self._scores = scores

    def __len__(self) -> int:
        """Return the number of chunks."""
        return len(self._ids)

    def search(self, query: str, k: int, allowed: Ids | None = None) -> list[Hit]:
        """Return at most `k` hits, best first, scores > 0; ties in chunk-id order.

        Any text is a legal query; one without a known term finds nothing.
        """
        scores = self._score(query)
        if scores is None:
            return []
        among = None if allowed is None else positions(self._ids, allowed)
        ids = self._ids if among is None else self._ids[among]
        scores = scores if among is None else scores[among]
        found = np.flatnonzero(scores)
        top, top_ids = best(scores[found], ids[found], k)
        return [
            Hit(ChunkId(id_), score)
            for id_, score in zip(top_ids.tolist(), top.tolist(), strict=True)
        ]

    def _score(self, query: str) -> Floats | None:
        """Return the score of every chunk, shape (n,), or None if no term is known."""
        known = Counter(self._terms[term] for term in terms(query) if term in self._terms)
        if not known:
            return None
        total = np.zeros(len(self._ids), dtype=np.float32)
        for term, times in known.items():
            postings = slice(self._starts[term], self._starts[term + 1])
            # Within one term no row occurs twice, so plain indexing adds each once.
            total[self._rows[postings]] += times * self._scores[postings]
        return total

    def save(self, folder: Path, disk: Disk) -> dict[str, FileSum]:
        """Write the index into `folder`; return the sum of each file by its name there."""
        arrays = {"ids": self._ids, "starts": self._starts}
        sums: dict[str, FileSum] = {}
        for name, array in (arrays | {"rows": self._rows, "scores": self._scores}).items():
            with disk.create(folder / f"{name}.npy") as sink:
                np.lib.format.write_array(sink, array, allow_pickle=False)
                sums[f"{name}.npy"] = sink.sum
        with disk.create(folder / "terms.json") as sink:
            sink.write(json.dumps(list(self._terms)).encode())
            sums["terms.json"] = sink.sum
        return sums

    @classmethod
    def open(cls, folder: Path) -> "Bm25Index":
        """Read what `save` wrote; call only after its checksums were verified.

        Raises:
            IndexDamaged: If the files do not fit together.
        """
        try:
            arrays = [
                np.load(folder / f"{name}.npy", allow_pickle=False)
                for name in ("ids", "starts", "rows", "scores")
            ]
            vocabulary = json.loads((folder / "terms.json").read_bytes())
        except (OSError, ValueError) as error:
            raise IndexDamaged(
                f"cannot read the lexical index in {folder}: {error}; "
                "make a new build with: rag ingest"
            ) from error
        ids, starts, rows, scores = arrays
        return cls(ids, vocabulary, starts, rows, scores)


class Bm25Builder:
    """Counts terms batch by batch and makes a `Bm25Index` of them.

    What it remembers of a batch is given back while the index is filled, so that building
    needs little more memory than what is built.
    """

    def __init__(self) -> None:
        """Start empty."""
        self._vocabulary: dict[str, int] = {}
        self._ids: list[Ids] = []
        self._lengths: list[int] = []
        self._counts: deque[tuple[_Rows, _Rows, _Rows]] = deque()

    def add(self, ids: Ids, texts: Sequence[str]) -> None:
        """Count the terms of `texts`, whose chunk ids are `ids`, shape (n,)."""
        vocabulary = self._vocabulary
        found = [
            [vocabulary.setdefault(term, len(vocabulary)) for term in terms(text)] for text in texts
        ]
        lengths = [len(row) for row in found]
        rows = np.repeat(np.arange(len(texts)), lengths) + len(self._lengths)
        flat = np.fromiter((term for row in found for term in row), dtype=np.int64)
        # A posting is one number, (term, row), so that sorting finds repeats.
        postings, times = np.unique(flat << 32 | rows, return_counts=True)
        self._counts.append(
            (
                (postings >> 32).astype(np.int32),
                (postings & 0xFFFFFFFF).astype(np.int32),
                times.astype(np.int32),
            )
        )
        self._ids.append(np.asarray(ids, dtype=np.int64))
        self._lengths += lengths

    def finish(self) -> Bm25Index:
        """Return the index of all that was added; the builder is empty then."""
        ids = np.concatenate([*self._ids, np.empty(0, np.int64)])
        by_id = np.argsort(ids, kind="stable")
        place = np.empty(len(ids), dtype=np.int32)
        place[by_id] = np.arange(len(ids), dtype=np.int32)
        frequency = self._frequency()
        starts = np.concatenate([[0], np.cumsum(frequency)]).astype(np.int64)
        rows = np.empty(starts[-1], dtype=np.int32)
        scores = np.empty(starts[-1], dtype=np.float32)
        free = starts[:-1].copy()  # where the next posting of each term goes
        score = self._scorer(frequency)
        while self._counts:
            term, row, times = self._counts.popleft()
            # Sorted by term, so the n-th of a run goes n places behind its first.
            first = np.searchsorted(term, term)
            where = free[term] + np.arange(len(term)) - first
            rows[where], scores[where] = place[row], score(term, row, times)
            np.add.at(free, term, 1)
        return Bm25Index(ids[by_id], list(self._vocabulary), starts, rows, scores)

    def _frequency(self) -> Ids:
        """Return in how many chunks each term occurs, shape (terms,)."""
        total = np.zeros(len(self._vocabulary), dtype=np.int64)
        for term, _, _ in self._counts:
            total += np.bincount(term, minlength=len(total))
        return total

    def _scorer(self, frequency: Ids) -> Callable[[_Rows, _Rows, _Rows], Floats]:
        """Return what scores postings (Robertson et al., 1994; idf as in Lucene)."""
        lengths = np.array(self._lengths, dtype=np.float32)
        idf = np.log1p((len(lengths) - frequency + 0.5) / (frequency + 0.5)).astype(np.float32)
        mean = max(float(lengths.mean()) if len(lengths) else 0.0, 1.0)
        held_back = _SATURATION * (1 - _LENGTH + _LENGTH * lengths / mean)

        def score(term: _Rows, row: _Rows, times: _Rows) -> Floats:
            return np.asarray(
                idf[term] * times * (_SATURATION + 1) / (times + held_back[row]), dtype=np.float32
            )

        return score
