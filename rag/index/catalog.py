"""What one build holds: its documents as they were, and which chunk belongs to which.

The ledger moves on; a build keeps its own list, so that a later revision, name or owner
never shows in an older snapshot. When two documents had the same content at different
times, a chunk belongs to the one that held it when the build was made.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import asdict, dataclass
from datetime import datetime
from fnmatch import translate
from pathlib import Path

import numpy as np
import numpy.typing as npt

from rag.errors import IndexDamaged, QuestionError
from rag.index.disk import Disk, FileSum
from rag.protocols import Ids
from rag.types import ChunkId, DocumentId, Filter, Revision

_DATE = re.compile(r"\d{4}(?:-\d{2}(?:-\d{2})?)?")


@dataclass(frozen=True, slots=True)
class Entry:
    """A document without its text."""

    id: DocumentId
    revision: Revision
    source: str
    also: tuple[str, ...]
    metadata: Mapping[str, str]


class Catalog:
    """The documents and chunk ids of one build."""

    def __init__(self, entries: Sequence[Entry], ids: Ids, owners: npt.NDArray[np.int32]) -> None:
        """Hold a build's list.

        Args:
            entries: The documents.
            ids: Chunk ids, sorted, shape (n,).
            owners: The place in `entries` of each chunk's document, shape (n,).
        """
        self.entries = tuple(entries)
        self.ids = ids
        self._owners = owners
        self._by_id = {entry.id: entry for entry in self.entries}

    def entry(self, document_id: DocumentId) -> Entry | None:
        """Return the document of that id, or None."""
        return self._by_id.get(document_id)

    def owner(self, chunk_id: ChunkId) -> Entry | None:
        """Return the document a chunk belongs to, or None if the build has no such chunk."""
        row = int(np.searchsorted(self.ids, chunk_id))
        if row == len(self.ids) or self.ids[row] != chunk_id:
            return None
        return self.entries[int(self._owners[row])]

    def grouped(self) -> Iterator[tuple[Entry, Ids]]:
        """Yield every document with the ids of its chunks, sorted, shape (m,)."""
        order = np.argsort(self._owners, kind="stable")
        bounds = np.searchsorted(self._owners[order], np.arange(1, len(self.entries)))
        parts = np.split(self.ids[order], bounds)
        yield from zip(self.entries, parts, strict=False)  # one empty part of no documents

    def without(self, documents: Set[DocumentId]) -> "Catalog":
        """Return the list of a build that lacks these documents and their chunks."""
        stays = np.array([entry.id not in documents for entry in self.entries], dtype=bool)
        places = np.cumsum(stays, dtype=np.int32) - 1
        kept = stays[self._owners]
        entries = [entry for entry in self.entries if entry.id not in documents]
        return Catalog(entries, self.ids[kept], places[self._owners[kept]].astype(np.int32))

    def allowed(self, filter_: Filter) -> Ids | None:
        """Return the chunk ids `filter_` admits, sorted, shape (n,); None if it admits all.

        Raises:
            QuestionError: If a named document is not there, no source matches the patterns,
                or a date is none.
        """
        if not filter_:
            return None
        named = self._named(filter_.documents)
        patterns = [re.compile(translate(pattern)) for pattern in filter_.sources]
        if patterns and not any(_matches(entry, patterns) for entry in self.entries):
            example = self.entries[0].source if self.entries else "none"
            raise QuestionError(
                f"no source matches {' or '.join(filter_.sources)!r}; sources look like "
                f"{example!r}, and `rag sources` lists them"
            )
        since, until = (_checked_date(date) for date in (filter_.since, filter_.until))
        admitted = np.fromiter(
            (
                (named is None or entry.id in named)
                and (not patterns or _matches(entry, patterns))
                and all(entry.metadata.get(k) == v for k, v in filter_.metadata.items())
                and _within(entry.metadata.get("date"), since, until)
                for entry in self.entries
            ),
            dtype=bool,
            count=len(self.entries),
        )
        return np.asarray(self.ids[admitted[self._owners]], dtype=np.int64)

    def _named(self, names: Sequence[str]) -> set[DocumentId] | None:
        if not names:
            return None
        by_name = {name: e.id for e in self.entries for name in (*e.also, e.source, e.id)}
        unknown = [name for name in names if name not in by_name]
        if unknown:
            raise QuestionError(
                f"no document {unknown[0]!r} in the index; `rag sources` lists ids and sources, "
                "and a pattern such as 'folder/*.pdf' goes under sources"
            )
        return {by_name[name] for name in names}

    def save(self, folder: Path, disk: Disk) -> dict[str, FileSum]:
        """Write the catalog into `folder`; return the sum of each file by its name there."""
        sums: dict[str, FileSum] = {}
        with disk.create(folder / "documents.json") as sink:
            sink.write(json.dumps([asdict(entry) for entry in self.entries]).encode())
            sums["documents.json"] = sink.sum
        for name, array in (("chunks", self.ids), ("owners", self._owners)):
            with disk.create(folder / f"{name}.npy") as sink:
                np.lib.format.write_array(sink, array, allow_pickle=False)
                sums[f"{name}.npy"] = sink.sum
        return sums

    @classmethod
    def open(cls, folder: Path) -> "Catalog":
        """Read what `save` wrote; call only after its checksums were verified.

        Raises:
            IndexDamaged: If the files do not fit together.
        """
        try:
            rows = json.loads((folder / "documents.json").read_bytes())
            entries = [Entry(**{**row, "also": tuple(row["also"])}) for row in rows]
            ids, owners = (
                np.load(folder / f"{name}.npy", allow_pickle=False) for name in ("chunks", "owners")
            )
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise IndexDamaged(
                f"cannot read the list of documents in {folder}: {error}; "
                "make a new build with: rag ingest"
            ) from error
        return cls(entries, ids, owners)


def _matches(entry: Entry, patterns: Sequence[re.Pattern[str]]) -> bool:
    return any(p.match(name) for p in patterns for name in (entry.source, *entry.also))


def _checked_date(date: str | None) -> str | None:
    if date is not None and not (_DATE.fullmatch(date) and _exists(date)):
        raise QuestionError(
            f"not a date: {date!r}; write 2024, 2024-03 or 2024-03-31 (year, month, day)"
        )
    return date


def _exists(date: str) -> bool:
    try:
        datetime.strptime(f"{date}-01-01"[:10], "%Y-%m-%d")
    except ValueError:
        return False
    return True


def _within(date: str | None, since: str | None, until: str | None) -> bool:
    """Return whether `date` is known to lie in [since, until], as exactly as the bounds say."""
    if since is None and until is None:
        return True
    bounds = [bound for bound in (since, until) if bound is not None]
    # "2024" may or may not lie before "2024-03": not known, so not admitted.
    if date is None or any(len(date) < len(b) and b.startswith(date) for b in bounds):
        return False
    return (since is None or date[: len(since)] >= since) and (
        until is None or date[: len(until)] <= until
    )
