"""What an ingest will have to do: which files are new, changed, moved, gone or as they were.

A file that looks as it did when it was last read is not opened; one that only looks different
is hashed; only what is new or changed is parsed. Planning reads, and changes nothing.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rag.corpus.intake import sha256
from rag.corpus.load import READERS
from rag.corpus.walk import Found
from rag.errors import LoadError
from rag.index.held import KnownFile
from rag.index.reading import LedgerReader
from rag.index.seen import looks, seen
from rag.index.tombstones import any_forgotten, forgotten_on
from rag.reports import FileReport, FileStatus, Refusal


@dataclass(frozen=True, slots=True)
class Gone:
    """A file that was read once and is not among the files any more."""

    source: str
    file: str


@dataclass(frozen=True, slots=True)
class Moved:
    """A file whose bytes were known under another path, which is gone."""

    found: Found
    was: Gone


@dataclass(frozen=True, slots=True)
class Plan:
    """Every file in exactly one place; `items` keeps the order in which they were found."""

    items: tuple[Found | FileReport, ...]
    new: tuple[Found, ...]
    changed: tuple[Found, ...]
    moved: tuple[Moved, ...]
    retried: tuple[Found, ...]
    """Files that could not be read the last time, and are tried again."""
    unchanged: tuple[Found, ...]
    forgotten: tuple[FileReport, ...]
    """Files that were forgotten and still lie there; they are not read."""
    refused: tuple[FileReport, ...]
    gone: tuple[Gone, ...]
    """Without those that moved."""
    known: Collection[str]
    """The location of every file that was read before, or could not be."""
    looks: Mapping[str, str]
    """How each file that was hashed looked just before, by its location."""
    stamps: Mapping[str, str]
    """What marks its bytes."""

    @property
    def to_read(self) -> tuple[Found, ...]:
        """Return what has to be parsed, in the order found."""
        wanted = {location_of(found) for found in (*self.new, *self.changed, *self.retried)}
        wanted |= {location_of(one.found) for one in self.moved}
        return tuple(
            item for item in self.items if isinstance(item, Found) and location_of(item) in wanted
        )

    @property
    def to_drop(self) -> tuple[Gone, ...]:
        """Return what has to be forgotten: what is gone, and the old places of what moved."""
        return (*self.gone, *(one.was for one in self.moved))

    def counts(self) -> dict[str, int]:
        """Return how many files are in each place."""
        names = ("new", "changed", "moved", "retried", "unchanged", "forgotten", "refused", "gone")
        return {name: len(getattr(self, name)) for name in names}


def make_plan(
    ledger: LedgerReader,
    items: Iterable[Found | FileReport],
    *,
    max_mb: int,
    is_gone: Callable[[str], bool],
    progress: Callable[[int, str], None] | None = None,
) -> Plan:
    """Compare what was found with what the ledger knows.

    Args:
        ledger: The index's.
        items: The files, and reports of those that cannot be read.
        max_mb: Largest file that is hashed, in MB.
        is_gone: Whether a known file that was not found counts as gone.
        progress: Told the number of files looked at, and the last one.
    """
    items = tuple(items)
    planner = _Planner(ledger, max_mb)
    for done, item in enumerate(items, 1):
        planner.look(item)
        if progress is not None:
            progress(done, item.source)
    missing = [one for one in planner.missing() if is_gone(one.file)]
    new, moved = _moved(planner, missing)
    elsewhere = {one.was for one in moved}
    gone = [one for one in missing if one not in elsewhere]
    return Plan(
        items,
        tuple(new),
        tuple(planner.changed),
        tuple(moved),
        tuple(planner.retried),
        tuple(planner.unchanged),
        tuple(planner.forgotten),
        tuple(item for item in items if isinstance(item, FileReport)),
        tuple(gone),
        planner.known,
        planner.looks,
        planner.stamps,
    )


def location_of(item: Found) -> str:
    """Return the name under which the ledger knows a file: its absolute path."""
    return str(item.path.absolute())


def stamp_of(sha: str) -> str:
    """Return what tells whether a file has to be read again: its bytes, and who read them."""
    return f"{sha}/{READERS}" if sha else ""


class _Planner:
    """Looks at one file after the other."""

    def __init__(self, ledger: LedgerReader, max_mb: int) -> None:
        self._ledger = ledger
        self._max_mb = max_mb
        self._known = ledger.known_files()
        self._seen = seen(ledger)
        self._forgets = any_forgotten(ledger)
        self._found: set[str] = set()
        self._refused: list[str] = []
        self._hidden: list[str] = []
        self.new: list[Found] = []
        self.changed: list[Found] = []
        self.retried: list[Found] = []
        self.unchanged: list[Found] = []
        self.forgotten: list[FileReport] = []
        self.looks: dict[str, str] = {}
        self.stamps: dict[str, str] = {}

    def look(self, item: Found | FileReport) -> None:
        if isinstance(item, FileReport):
            self._refused.append(item.source)
            if isinstance(item, Refusal):
                self._hidden.append(item.path)
            return
        location = location_of(item)
        self._found.add(location)
        known = self._known.get(location)
        look = looks(item.path)
        if known is not None and look and self._as_before(location, look, known):
            self.unchanged.append(item)
        else:
            self._hash(item, location, look, known)

    def _as_before(self, location: str, look: str, known: KnownFile) -> bool:
        read_so = known.stamp.endswith(f"/{READERS}")
        return read_so and self._seen.get(location) == (look, known.stamp)

    def _hash(self, item: Found, location: str, look: str, known: KnownFile | None) -> None:
        try:
            sha = sha256(item.path, self._max_mb)
        except LoadError:
            sha = ""  # the loader will say why it cannot be read
        self.stamps[location] = stamp_of(sha)
        self.looks[location] = look
        if self._forgets and (at := forgotten_on(self._ledger, location, sha)):
            self.forgotten.append(_forgotten(item, at))
        elif known is None:
            self.new.append(item)
        elif not known.documents:
            self.retried.append(item)
        elif sha and known.stamp == stamp_of(sha):
            self.unchanged.append(item)
        else:
            self.changed.append(item)

    @property
    def known(self) -> Collection[str]:
        return self._known.keys()

    def missing(self) -> list[Gone]:
        """Return the known files that were not found, unless the folder could not be listed."""
        hidden, below = set(self._hidden), tuple(f"{path}/" for path in self._hidden)
        return [
            Gone(known.source, file)
            for file, known in self._known.items()
            if file not in self._found
            and known.source not in self._refused
            and not (file in hidden or file.startswith(below))
        ]

    def stamp_before(self, file: str) -> str:
        return self._known[file].stamp


def _moved(planner: _Planner, missing: Sequence[Gone]) -> tuple[list[Found], list[Moved]]:
    """Tell new files whose bytes were those of a gone one from files that are really new."""
    left = {planner.stamp_before(one.file): one for one in missing}
    new: list[Found] = []
    moved: list[Moved] = []
    for found in planner.new:
        was = left.pop(planner.stamps[location_of(found)], None)
        if was is None:
            new.append(found)
        else:
            moved.append(Moved(found, was))
    return new, moved


def _forgotten(item: Found, at: str) -> FileReport:
    reason = f"The file was forgotten on {at[:10]}; `rag forget --lift` lets it be read again."
    return FileReport(item.source, FileStatus.REJECTED, reason=reason)


def below(folders: Iterable[Path]) -> Callable[[str], bool]:
    """Return whether a file lies below one of `folders` and is not there any more."""
    roots = [folder.absolute() for folder in folders]

    def gone(file: str) -> bool:
        path = Path(file)
        return any(path.is_relative_to(root) for root in roots) and not path.exists()

    return gone
