"""Is a new build what the ledger says it should be? Asked before anybody is answered from it."""

import numpy as np

from rag.errors import IndexDamaged
from rag.index.layout import IndexFolder
from rag.index.ledger import Ledger
from rag.index.snapshot import FolderSnapshot, open_snapshot
from rag.index.whole import checked_build
from rag.protocols import Floats

_PROBES = 24
"""How many chunks, drawn anew each time, are looked up by their own vector and words."""
_SAME = 1 - 1e-4
"""A vector's cosine with itself is 1, as far as single precision goes."""


def check_build(folder: IndexFolder, ledger: Ledger, build: str) -> None:
    """Pass when build `build` is whole and finds its own texts.

    Its checksums are compared, its counts with the ledger's, and each chunk of a sample must
    be found by its own vector and its own words, in the revision that the ledger holds.

    Raises:
        IndexDamaged: Saying what is amiss; such a build must not go live.
    """
    manifest = checked_build(folder.build(build))
    counts, held = ledger.counts(), manifest.counts
    if (held["documents"], held["chunks"]) != (counts.documents, counts.chunks):
        raise _amiss(
            build,
            f"it holds {held['documents']} documents in {held['chunks']} chunks, the ledger "
            f"{counts.documents} in {counts.chunks}",
        )
    mark = manifest.embedder
    snapshot = open_snapshot(
        folder, fingerprint=mark.fingerprint, dim=mark.dim, embedder_name=mark.name, build=build
    )
    try:
        for ids, vectors, texts in ledger.some_rows(mark.fingerprint, mark.dim, _PROBES):
            for id_, vector, text in zip(ids.tolist(), vectors, texts, strict=True):
                _probe(snapshot, id_, vector, text)
    finally:
        snapshot.close()


def _probe(snapshot: FolderSnapshot, id_: int, vector: Floats, text: str) -> None:
    alone = np.array([id_], dtype=np.int64)
    nearest = snapshot.dense(vector, 1, alone)
    if not nearest or nearest[0].score < _SAME or snapshot.dense(vector, 1)[0].score < _SAME:
        raise _amiss(snapshot.build, f"chunk {id_} is not found by its own vector")
    snapshot.chunks([nearest[0].chunk_id])  # refuses what is not of the revision it was made of
    words = snapshot.lexical(text, 1)
    if words and not snapshot.lexical(text, 1, alone):
        raise _amiss(snapshot.build, f"chunk {id_} is not found by its own words")


def _amiss(build: str, what: str) -> IndexDamaged:
    return IndexDamaged(
        f"build {build} was not made live, since {what}; run the rebuild again, and see "
        "`rag doctor` if that does not help"
    )
