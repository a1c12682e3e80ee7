"""Files and folders of this machine, read where they lie."""

import glob
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from indexes.keys import REQUIRED, bad, key
from indexes.sources.content import Content
from rag.corpus.walk import Found, walk
from rag.errors import LoadError, SourceUnreachable
from rag.reports import FileReport
from rag.settings import IngestSettings

_MAGIC = set("*?[")


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """Paths and globs; a file goes by the source's name and its path below their folder."""

    name: str = key(REQUIRED, "name of the source, unique in the recipe")
    paths: tuple[Path, ...] = key(
        REQUIRED, "files, folders and globs, relative to the recipe; `~` and `$NAME` are filled in"
    )
    include: tuple[str, ...] = key(
        IngestSettings().include, "patterns of files to read; empty reads every format"
    )
    exclude: tuple[str, ...] = key(
        IngestSettings().exclude, "patterns never read, in .gitignore syntax"
    )

    def __post_init__(self) -> None:
        """Refuse a source without a path."""
        if not self.paths:
            raise bad("paths", "a list of at least one path", [])

    @property
    def root(self) -> Path:
        """Return the deepest folder that all its files lie below."""
        return _root(self.paths)

    def gather(self, mirror: Path) -> Content:  # noqa: ARG002  (nothing is copied)
        """Return the files there are; nothing is copied.

        Raises:
            SourceUnreachable: If a path does not exist, as when a drive is not mounted.
        """
        root = self.root
        given = list(self._existing())
        try:
            items = list(walk(given, include=self.include, exclude=self.exclude)) if given else []
        except LoadError as error:  # nothing to read, or gone since we looked
            if missing := [path for path in given if not os.path.lexists(path)]:
                raise self._unreachable(missing[0]) from None
            return Content((), root, (f"{self.name}: {error}.",))
        notes = () if given else (f"{self.name}: no file matches its globs.",)
        return Content(tuple(self._named(item, root) for item in items), root, notes)

    def watched(self) -> tuple[Path, ...]:
        """Return the files and folders that a change of what it holds happens in or below."""
        return tuple(dict.fromkeys(fixed(path) for path in self.paths))

    def _existing(self) -> Iterator[Path]:
        """Yield the paths, with what globs match in the place of these."""
        for path in self.paths:
            if os.path.lexists(path):
                yield path
            elif not _is_glob(path) or not fixed(path).is_dir():
                raise self._unreachable(path)
            else:
                yield from map(Path, sorted(glob.glob(str(path), recursive=True)))  # noqa: PTH207  (an absolute one)

    def _unreachable(self, path: Path) -> SourceUnreachable:
        return SourceUnreachable(
            f"the source {self.name!r} cannot be reached: {path} does not exist; mount its drive, "
            "or take the path out of the recipe. What it held stays."
        )

    def _named(self, item: Found | FileReport, root: Path) -> Found | FileReport:
        """Return `item` under the source's name and its path below `root`."""
        if isinstance(item, FileReport):
            return replace(item, source=self._below(item.source))
        above = f"{str(root).rstrip('/')}/"
        inside = item.path.name if item.path == root else str(item.path).removeprefix(above)
        return Found(item.path, f"{self.name}/{_shown(inside)}")

    def _below(self, label: str) -> str:
        """Return the name of a refused file, of which only the label is known."""
        if len(self.paths) == 1:
            label = label.removeprefix(f"{self.paths[0].name}/")
        return f"{self.name}/{label}"


def _root(paths: tuple[Path, ...]) -> Path:
    """Return the deepest path that everything the `paths` name lies below."""
    return Path(os.path.commonpath([fixed(path) for path in paths]))


def fixed(path: Path) -> Path:
    """Return `path` as far as it holds no glob."""
    if os.path.lexists(path) or not _is_glob(path):
        return path
    return next(parent for parent in path.parents if not _is_glob(parent))


def _is_glob(path: Path) -> bool:
    return bool(_MAGIC & set(str(path)))


def _shown(name: str) -> str:
    return os.fsencode(name).decode("utf-8", "replace")
