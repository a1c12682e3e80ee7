"""What a source is, and what it gives: files on this machine, under names people know."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from rag.corpus.describe import counted
from rag.corpus.walk import Found
from rag.index.mirror import Mirror
from rag.reports import FileReport


@dataclass(frozen=True, slots=True)
class Content:
    """Everything a source holds now."""

    items: tuple[Found | FileReport, ...]
    """Files to read, under their address or display name, and those refused."""
    root: Path
    """Every file of this source lies below it, so what is known there and not given has gone."""
    notes: tuple[str, ...] = ()
    """What was not fetched and why, one sentence each."""


def mirrored(
    copies: Mirror, *, refused: Iterable[FileReport] = (), notes: Iterable[str] = ()
) -> Content:
    """Return the content of a source that lies in a mirror."""
    found: list[Found | FileReport] = [Found(path, name) for path, name in copies.copies()]
    told = list(notes)
    if copies.skipped:
        told.append(f"Not fetched again, since forgotten: {counted(copies.skipped, 'document')}.")
    return Content((*found, *refused), copies.root, tuple(told))


class Source(Protocol):
    """A place documents come from. Local ones are read in place, others through a mirror."""

    @property
    def name(self) -> str:
        """Return its name, unique in the recipe."""
        ...

    def gather(self, mirror: Path) -> Content:
        """Bring the copies in the folder `mirror` up to date and return what the source holds.

        Raises:
            SourceUnreachable: If it cannot be reached at all; its copies are left as they were.
            DiskFull: If there is no room for its copies.
        """
        ...
