"""The vector cache: what each text became under each embedder, so that nothing is paid twice.

A vector is kept under (embedder fingerprint, hash of the embedded text). A rebuild, a moved
file and a repeated paragraph find theirs again.
"""

import json
import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from itertools import groupby

import numpy as np

from rag.errors import IndexMismatch, ModelError
from rag.index.records import decode_text, embedding_text
from rag.protocols import Floats, Ids

# One chunk stands for all of the same text.
_MISSING = """
SELECT min(chunk.id) FROM document JOIN chunk ON chunk.content = document.content AND chunk.live
WHERE NOT EXISTS (
    SELECT 1 FROM vector WHERE embedder = ? AND vector.embed_key = chunk.embed_key)
GROUP BY chunk.embed_key ORDER BY chunk.content, start
"""
_TEXTS = """
SELECT content, id, start, end, heading, embed_key, embed_key FROM chunk
WHERE id IN (SELECT value FROM json_each(?)) ORDER BY content, start
"""
_LIVE = """
SELECT chunk.content, chunk.id, start, end, heading, chunk.embed_key, vector.vector
FROM document JOIN chunk ON chunk.content = document.content AND chunk.live
JOIN vector ON vector.embedder = ? AND vector.embed_key = chunk.embed_key
ORDER BY chunk.content, start
"""
_SOME = """
SELECT chunk.id FROM chunk JOIN document ON document.content = chunk.content
WHERE chunk.live AND chunk.id {} ? ORDER BY chunk.id LIMIT ?
"""
_ONLY = """
SELECT chunk.content, chunk.id, start, end, heading, chunk.embed_key, vector.vector
FROM chunk JOIN vector ON vector.embedder = ? AND vector.embed_key = chunk.embed_key
WHERE chunk.id IN (SELECT value FROM json_each(?)) ORDER BY chunk.content, start
"""


def missing(db: sqlite3.Connection, fingerprint: str) -> Ids:
    """Return a chunk id, shape (n,), for every live text without a vector."""
    rows = db.execute(_MISSING, (_embedder(db, fingerprint),))
    return np.fromiter((row[0] for row in rows), dtype=np.int64)


def texts(db: sqlite3.Connection, ids: Ids) -> list[tuple[bytes, str]]:
    """Return (key, text) of the chunks `ids`, shape (n,)."""
    cursor = db.execute(_TEXTS, (json.dumps(ids.tolist()),))
    return [(key, text) for _, text, key in _with_texts(db, cursor)]


def put(db: sqlite3.Connection, fingerprint: str, keys: Sequence[bytes], vectors: Floats) -> None:
    """Keep `vectors`, shape (n, dim), under the keys `missing` gave.

    Raises:
        ModelError: If the embedder returned another number of rows, or rows that are not
            unit vectors.
    """
    if vectors.ndim != 2 or len(vectors) != len(keys):
        raise ModelError(
            f"the embedder returned an array of shape {vectors.shape} for {len(keys)} texts; "
            f"it must return one row per text"
        )
    norms = np.linalg.norm(vectors, axis=1)
    if not np.all(np.abs(norms - 1) < 1e-2):  # false for NaN too
        raise ModelError(
            "the embedder returned a vector that is not of length 1 "
            f"(lengths {norms.min()} to {norms.max()}); nothing of this batch was kept"
        )
    db.execute("INSERT OR IGNORE INTO embedder (fingerprint) VALUES (?)", (fingerprint,))
    embedder = _embedder(db, fingerprint)
    rows = np.ascontiguousarray(vectors, dtype="<f4")
    db.executemany(
        "INSERT OR REPLACE INTO vector VALUES (?, ?, ?)",
        ((embedder, key, row.tobytes()) for key, row in zip(keys, rows, strict=True)),
    )


def live(
    db: sqlite3.Connection, fingerprint: str, dim: int, batch: int, only: Ids | None = None
) -> Iterator[tuple[Ids, Floats, list[str]]]:
    """Yield ids (n,), unit vectors (n, dim) and embedding texts of all live chunks.

    Args:
        db: The ledger.
        fingerprint: The embedder's.
        dim: Length of its vectors.
        batch: Rows in memory at a time.
        only: The chunks to give instead, live or not, shape (m,).

    Raises:
        IndexMismatch: If a kept vector is not of length `dim`.
    """
    embedder = _embedder(db, fingerprint)
    if only is None:
        cursor = db.execute(_LIVE, (embedder,))
    else:
        cursor = db.execute(_ONLY, (embedder, json.dumps(only.tolist())))
    rows: list[tuple[int, bytes, str]] = []
    for id_, text, vector in _with_texts(db, cursor):
        if len(vector) != 4 * dim:
            raise IndexMismatch(
                f"the ledger keeps vectors of {len(vector) // 4} numbers under the embedder's "
                f"fingerprint, which now says {dim}; give a changed model a new fingerprint"
            )
        rows.append((id_, vector, text))
        if len(rows) == batch:
            yield _arrays(rows, dim)
            rows = []
    if rows:
        yield _arrays(rows, dim)


def drawn(db: sqlite3.Connection, most: int) -> Ids:
    """Return the ids of at most `most` live chunks drawn by chance, shape (n,)."""
    # Ids are hashes, so the next ones after any number are drawn by chance.
    start = secrets.randbelow(2**63)
    rows = [row for test in (">=", "<") for row in db.execute(_SOME.format(test), (start, most))]
    return np.array([row[0] for row in rows][:most], dtype=np.int64)


def _arrays(rows: list[tuple[int, bytes, str]], dim: int) -> tuple[Ids, Floats, list[str]]:
    ids = np.array([id_ for id_, _, _ in rows], dtype=np.int64)
    flat = np.frombuffer(b"".join(vector for _, vector, _ in rows), dtype="<f4")
    return ids, flat.reshape(-1, dim).astype(np.float32), [text for _, _, text in rows]


def _embedder(db: sqlite3.Connection, fingerprint: str) -> int:
    """Return the row id of an embedder, or 0, which no row has."""
    row = db.execute("SELECT id FROM embedder WHERE fingerprint = ?", (fingerprint,)).fetchone()
    return 0 if row is None else int(row[0])


def _with_texts(db: sqlite3.Connection, cursor: sqlite3.Cursor) -> Iterator[tuple[int, str, bytes]]:
    """Yield (chunk id, embedding text, last column), reading each document's text once."""
    for content, rows in groupby(cursor, key=lambda row: row[0]):
        data = db.execute("SELECT text FROM content WHERE id = ?", (content,)).fetchone()[0]
        text = decode_text(data)
        for _, *row, last in rows:
            yield row[0], embedding_text(text, tuple(row)), last
