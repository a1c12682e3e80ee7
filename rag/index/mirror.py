"""Copies of what lies elsewhere: one file a document, and what is known of each.

<mirror>/state.json    what each copy is a copy of, and how to ask whether it still is
<mirror>/files/        the copies, named after a hash of what they are copies of
<mirror>/forgotten.json    marks of what was forgotten, if anything was

A name from elsewhere never becomes a path, and a document keeps its file from run to run.
One that was forgotten is barred: no copy of it is ever made again, and only a keyed hash
says so.
Copies are written beside and renamed; the state is written after them. So a stop at any
point leaves at worst copies that the state does not vouch for: they are fetched again.
"""

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from rag.errors import IndexDamaged, IndexFault
from rag.index.disk import Disk, FileSum, disk_errors, replace_text

_FORMAT = 1
_NAME = re.compile(r"[0-9a-f]{32}(?:\.[a-z0-9]{1,10})?")
_SAVE_AFTER = 200
"""Copies after which the state is saved, or a tenth of all: a stop costs no more than these."""


@dataclass(frozen=True, slots=True)
class Copy:
    """One copy: its file, what it goes by, and what tells whether it is still right."""

    file: str
    source: str
    bytes: int
    mtime_ns: int
    sha256: str
    stamp: Mapping[str, str] = field(default_factory=dict)
    """What the place it came from said of it: an ETag, a blob id, a date."""


@dataclass(slots=True)
class _Bars:
    """Marks of what was forgotten; the key is the mirror's own, so they tell nobody what."""

    key: str = field(default_factory=lambda: secrets.token_hex(32))
    marks: set[str] = field(default_factory=set[str])

    def mark(self, stem: str) -> str:
        return hmac.new(self.key.encode(), stem.encode(), "sha256").hexdigest()


class Mirror:
    """The copies of one source; `with Mirror(folder) as mirror` ends with a saved state."""

    def __init__(self, folder: Path, disk: Disk | None = None) -> None:
        """Open the mirror in `folder`, empty if there is none.

        Raises:
            IndexDamaged: If what was forgotten cannot be told any more.
        """
        self._folder = folder.absolute()
        self._disk = disk or Disk()
        self.root = self._folder / "files"
        with disk_errors(f"making the folder {self.root}"):
            self._disk.make_folder(self.root)
        self._copies = _read_state(self._state)
        self._bars = _read_bars(self._barred)
        self._skipped: set[str] = set()
        self._unsaved = 0

    @property
    def _state(self) -> Path:
        return self._folder / "state.json"

    @property
    def _barred(self) -> Path:
        return self._folder / "forgotten.json"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Keep what was fetched, even if the rest was not."""
        if not isinstance(error, IndexFault):  # the disk has refused once already
            self.save()

    @property
    def skipped(self) -> int:
        """Return of how many documents a copy was wanted since they were forgotten."""
        return len(self._skipped)

    def keys(self) -> set[str]:
        """Return what there are copies of."""
        return set(self._copies)

    def stamp(self, key: str) -> Mapping[str, str] | None:
        """Return what is known of the copy of `key`, None if there is no intact copy."""
        copy = self._copies.get(key)
        return copy.stamp if copy and self._intact(copy) else None

    def path(self, key: str) -> Path | None:
        """Return the file of the copy of `key`, None if there is no intact copy."""
        copy = self._copies.get(key)
        return self.root / copy.file if copy and self._intact(copy) else None

    def put(
        self, key: str, source: str, suffix: str, blocks: Iterable[bytes], stamp: Mapping[str, str]
    ) -> None:
        """Make `blocks` the copy of `key`; equal bytes leave the file untouched.

        An error while `blocks` are drawn leaves the copy there was. Of what was forgotten no
        copy is made, and no block is drawn.

        Args:
            key: What it is a copy of: an address, or a path in a repository.
            source: The name that people know it by.
            suffix: Such as ".pdf", so that a reader knows what it is.
            blocks: Its bytes; drawing them raises no `OSError`, which here is the disk's.
            stamp: What tells whether it is still right.
        """
        if self.is_barred(key):
            return
        name = _file_name(key, suffix)
        path, part = self.root / name, self.root / f".{name}.part"
        try:
            with disk_errors(f"writing a copy of {source}"), self._disk.create(part) as sink:
                for block in blocks:
                    sink.write(block)
            old = self._copies.get(key)
            if not (
                old and old.file == name and old.sha256 == sink.sum.sha256 and self._intact(old)
            ):
                with disk_errors(f"writing a copy of {source}"):
                    self._disk.rename(part, path)
        finally:
            part.unlink(missing_ok=True)
        self._copies[key] = _copy(path, source, sink.sum, stamp)
        self._unsaved += 1
        if self._unsaved >= max(_SAVE_AFTER, len(self._copies) // 10):
            self.save()

    def is_barred(self, key: str) -> bool:
        """Return whether `key` was forgotten, so that no copy of it is wanted."""
        barred = bool(self._bars.marks) and self._bars.mark(_stem(key)) in self._bars.marks
        if barred:
            self._skipped.add(key)
        return barred

    def keep(self, key: str, stamp: Mapping[str, str]) -> None:
        """Go on with the copy of `key`, of which `stamp` is known now."""
        self._copies[key] = replace(self._copies[key], stamp=dict(stamp))

    def drop(self, key: str) -> None:
        """Let go of the copy of `key`, if there is one."""
        self._copies.pop(key, None)

    def retain(self, keys: Collection[str]) -> None:
        """Let go of the copies of everything but `keys`, and clear the folder of the rest."""
        self._copies = {key: copy for key, copy in self._copies.items() if key in keys}
        self.save()  # first, or a stop in between would leave a state without its files
        known = {copy.file for copy in self._copies.values()}
        with disk_errors(f"clearing {self.root}"):
            for path in self.root.iterdir():
                if path.name not in known:
                    path.unlink()

    def save(self) -> None:
        """Write what is known, after what it speaks of."""
        copies = {key: _plain(copy) for key, copy in sorted(self._copies.items())}
        with disk_errors(f"writing {self._state}"):
            self._disk.sync_folder(self.root)
            replace_text(self._state, json.dumps({"format": _FORMAT, "copies": copies}))
        self._unsaved = 0

    def copies(self) -> list[tuple[Path, str]]:
        """Return the intact copies and the names that people know, in order of these."""
        copies = sorted(self._copies.values(), key=lambda copy: (copy.source, copy.file))
        return [(self.root / copy.file, copy.source) for copy in copies if self._intact(copy)]

    def forget(self, name: str) -> None:
        """Delete the copy in the file `name`, and make none of the same document again."""
        self._bars.marks.add(self._bars.mark(Path(name).stem))
        self._save_bars()
        self._copies = {key: copy for key, copy in self._copies.items() if copy.file != name}
        self.save()
        with disk_errors(f"deleting {self.root / name}"):
            for path in (self.root / name, self.root / f".{name}.part"):
                path.unlink(missing_ok=True)

    def lift(self, name: str) -> None:
        """Let a copy be made again of what was in the file `name`."""
        self._bars.marks.discard(self._bars.mark(Path(name).stem))
        self._save_bars()

    def _save_bars(self) -> None:
        bars = {"key": self._bars.key, "marks": sorted(self._bars.marks)}
        with disk_errors(f"writing {self._barred}"):
            replace_text(self._barred, json.dumps(bars))

    def _intact(self, copy: Copy) -> bool:
        try:
            status = (self.root / copy.file).lstat()
        except OSError:
            return False
        return (status.st_size, status.st_mtime_ns) == (copy.bytes, copy.mtime_ns)


def plain_suffix(name: str) -> str:
    """Return the suffix of a name from elsewhere, "" if it is anything unusual."""
    suffix = Path(name.rpartition("/")[2]).suffix.lower()
    return suffix if re.fullmatch(r"\.[a-z0-9]{1,10}", suffix) else ""


def shown(name: str) -> str:
    """Return `name` as text that can be stored: bytes that are no UTF-8 are shown as a mark."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def forget_copies(mirrors: Path, files: Iterable[Path]) -> int:
    """Delete `files`, as far as they are copies below `mirrors`, and bar them from now on.

    Return how many there were.
    """
    count = 0
    for file in files:
        if (folder := _mirror_of(mirrors, file)) is not None:
            count += file.is_file()
            Mirror(folder).forget(file.name)
    return count


def lift_copy(mirrors: Path, file: Path) -> None:
    """Let a copy be made again in `file`, if it is one below `mirrors`."""
    if (folder := _mirror_of(mirrors, file)) is not None:
        Mirror(folder).lift(file.name)


def clear_mirrors(mirrors: Path, names: Collection[str]) -> None:
    """Delete the mirrors of all sources but those of these `names`."""
    disk = Disk()
    with disk_errors(f"clearing {mirrors}"):
        for folder in mirrors.iterdir() if mirrors.is_dir() else ():
            if folder.name not in names and (folder / "files").is_dir():
                disk.remove_folder(folder)


def _mirror_of(mirrors: Path, file: Path) -> Path | None:
    """Return the folder of the mirror that `file` is a copy in, None if it is none."""
    folder = file.parent.parent
    is_copy = _NAME.fullmatch(file.name) and file.parent.name == "files"
    return folder if is_copy and folder.parent == mirrors and folder.is_dir() else None


def _stem(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()[:32]


def _file_name(key: str, suffix: str) -> str:
    return _stem(key) + suffix


def _copy(path: Path, source: str, sum_: FileSum, stamp: Mapping[str, str]) -> Copy:
    mtime_ns = path.lstat().st_mtime_ns
    return Copy(path.name, source, sum_.bytes, mtime_ns, sum_.sha256, dict(stamp))


def _plain(copy: Copy) -> dict[str, object]:
    return {leaf.name: getattr(copy, leaf.name) for leaf in fields(copy)}


def _read_state(path: Path) -> dict[str, Copy]:
    """Return the known copies; none if the state is missing or damaged: all is fetched anew."""
    try:
        state = json.loads(path.read_bytes())
        copies = {str(key): Copy(**item) for key, item in state["copies"].items()}
        valid = state["format"] == _FORMAT and all(_is_valid(copy) for copy in copies.values())
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}
    return copies if valid else {}


def _read_bars(path: Path) -> _Bars:
    try:
        bars = json.loads(path.read_bytes())
        return _Bars(str(bars["key"]), set(map(str, bars["marks"])))
    except FileNotFoundError:
        return _Bars()
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise IndexDamaged(
            f"{path} cannot be read ({error}), and it says what was forgotten and must not be "
            f"fetched again; restore it, or delete it if nothing was ever forgotten"
        ) from None


def _is_valid(copy: Copy) -> bool:
    texts = (copy.file, copy.source, copy.sha256)
    return (
        all(isinstance(text, str) for text in texts)
        and _NAME.fullmatch(copy.file) is not None
        and isinstance(copy.stamp, dict)
        and all(isinstance(text, str) for text in copy.stamp.values())
    )
