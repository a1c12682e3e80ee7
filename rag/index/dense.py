"""Dense retrieval: exact inner products over every chunk's vector, kept by FAISS."""

from pathlib import Path
from typing import Any

import faiss as _faiss
import numpy as np

from rag.errors import IndexDamaged, IndexMismatch
from rag.index.disk import Disk, FileSum
from rag.index.ranking import best, positions
from rag.protocols import Floats, Ids

faiss: Any = _faiss  # its types show the C++ signatures, not those Python adds


class FaissIndex:
    """Exact nearest vectors; implements `VectorIndex`."""

    def __init__(self, dim: int) -> None:
        """Start empty, for vectors of length `dim`."""
        self._index: Any = faiss.IndexIDMap2(faiss.IndexFlatIP(dim))
        self._sorted: tuple[Ids, Ids] | None = None

    def __len__(self) -> int:
        """Return the number of vectors."""
        return int(self._index.ntotal)

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return int(self._index.d)

    def add(self, ids: Ids, vectors: Floats) -> None:
        """Add rows, ids of shape (n,) and unit vectors of shape (n, dim).

        An id that is already there gets the new vector.

        Raises:
            IndexMismatch: If the vectors are of another length.
            ValueError: If the ids repeat, or are not one per row.
        """
        self._check(vectors)
        if len(ids) != len(vectors) or len(np.unique(ids)) != len(ids):
            raise ValueError(f"{len(vectors)} vectors need as many different ids, got {len(ids)}")
        self.remove(ids)
        self._index.add_with_ids(np.ascontiguousarray(vectors, np.float32), ids.astype(np.int64))
        self._sorted = None

    def remove(self, ids: Ids) -> None:
        """Forget `ids`; unknown ones are ignored."""
        known = positions(self._by_id()[0], ids)
        if len(known):
            self._index.remove_ids(self._by_id()[0][known])
            self._sorted = None

    def search(self, queries: Floats, k: int, allowed: Ids | None = None) -> tuple[Floats, Ids]:
        """Return (scores, ids), each (q, k') with k' <= k, best first, never an id of -1.

        Ties are in id order. `allowed` restricts the search before the best k are taken.

        Raises:
            IndexMismatch: If the queries are of another length than the vectors.
        """
        self._check(queries)
        queries = np.ascontiguousarray(queries, np.float32)
        among = None if allowed is None else self._rows(allowed)
        size = len(self) if among is None else len(among)
        k = max(0, min(k, size))
        if k == 0:
            empty = np.empty((len(queries), 0))
            return empty.astype(np.float32), empty.astype(np.int64)
        found = [self._scan(query[None], k, size, among) for query in queries]
        return np.stack([scores for scores, _ in found]), np.stack([ids for _, ids in found])

    def _scan(self, query: Floats, k: int, size: int, among: Ids | None) -> tuple[Floats, Ids]:
        """Return the best k of the `size` rows in `among`, or of all rows."""
        parameters = None if among is None else faiss.SearchParameters(sel=self._selector(among))
        # One more than asked shows whether the k-th place is tied; if so, look further.
        wanted = min(k + 1, size)
        while True:
            scores, found = self._index.index.search(query, wanted, params=parameters)
            if wanted == size or scores[0, k - 1] > scores[0, wanted - 1]:
                return best(scores[0], self._ids()[found[0]], k)
            wanted = min(4 * wanted, size)

    def _selector(self, rows: Ids) -> Any:  # noqa: ANN401  (FAISS has no types)
        # One bit per row: as fast as FAISS's other selectors for few rows, faster for many.
        bits = np.zeros(len(self), dtype=bool)
        bits[rows] = True
        return faiss.IDSelectorBitmap(np.packbits(bits, bitorder="little"))

    def save(self, path: Path, disk: Disk) -> FileSum:
        """Write the index to `path`; return what its manifest must record."""
        with disk.create(path) as sink:
            faiss.write_index(self._index, faiss.PyCallbackIOWriter(sink.write, 1 << 20))
            return sink.sum

    @classmethod
    def open(cls, path: Path, dim: int) -> "FaissIndex":
        """Read what `save` wrote; call only after its checksum was verified.

        Raises:
            IndexDamaged: If it is no flat index of vectors of length `dim`.
        """
        try:
            read = faiss.read_index(str(path))
        except RuntimeError as error:
            raise IndexDamaged(
                f"cannot read {path}: {error}; make a new build with: rag ingest"
            ) from error
        flat = isinstance(read, faiss.IndexIDMap2) and isinstance(
            faiss.downcast_index(read.index), faiss.IndexFlatIP
        )
        if not flat or read.d != dim:
            raise IndexDamaged(
                f"{path} holds no flat index of vectors of {dim} numbers; "
                "make a new build with: rag ingest"
            )
        index = cls(dim)
        index._index = read
        return index

    def _check(self, vectors: Floats) -> None:
        if vectors.ndim != 2 or vectors.shape[1] != self.dim:
            raise IndexMismatch(
                f"the index holds vectors of {self.dim} numbers, got an array of shape "
                f"{vectors.shape}; use the embedder the index was built with, or rebuild it"
            )

    def _ids(self) -> Ids:
        return np.asarray(faiss.vector_to_array(self._index.id_map))

    def _by_id(self) -> tuple[Ids, Ids]:
        """Return the ids, sorted, and the row of each, both of shape (n,)."""
        if self._sorted is None:
            ids = self._ids()
            order = np.argsort(ids, kind="stable")
            self._sorted = ids[order], order
        return self._sorted

    def _rows(self, allowed: Ids) -> Ids:
        ids, rows = self._by_id()
        return np.sort(rows[positions(ids, np.unique(allowed))])
