"""Which files there are, in a stable order, under names that people can read."""

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pathspec import GitIgnoreSpec

from rag.corpus.intake import refusal
from rag.errors import LoadError
from rag.reports import FileReport, FileStatus, Refusal


@dataclass(frozen=True, slots=True)
class Found:
    """A file to read, and the name it goes by: `contracts/2023/a.pdf`."""

    path: Path
    source: str


def walk(
    paths: Sequence[Path], *, include: Sequence[str] = (), exclude: Sequence[str] = ()
) -> Iterator[Found | FileReport]:
    """Yield the files under `paths` in the order of their names, and reports of refused ones.

    Links are not followed. A file that several paths lead to comes once.

    Args:
        paths: Files and folders.
        include: Patterns in .gitignore syntax, against the path below the given folder;
            empty includes all.
        exclude: Patterns of files and folders that are left out.

    Raises:
        LoadError: If a path does not exist, or if there is nothing to read.
    """
    roots = [Path(os.path.abspath(path)) for path in paths]  # noqa: PTH100  (resolve follows links)
    for root, given in zip(roots, paths, strict=True):
        if not os.path.lexists(root):
            raise LoadError(f"{given} does not exist; check the path")
    labels = _labels(list(dict.fromkeys(roots)))
    return _files(labels, GitIgnoreSpec.from_lines(include), GitIgnoreSpec.from_lines(exclude))


def _labels(roots: list[Path]) -> dict[Path, str]:
    """Name each root by its last parts, as many as tell it from the others."""
    depth = 1
    while True:
        labels = {root: "/".join(root.parts[-depth:]).lstrip("/") for root in roots}
        longest = max((len(root.parts) for root in roots), default=0)
        if len(set(labels.values())) == len(roots) or depth >= longest:
            return labels
        depth += 1


def _files(
    roots: dict[Path, str], include: GitIgnoreSpec, exclude: GitIgnoreSpec
) -> Iterator[Found | FileReport]:
    seen: set[tuple[int, int]] = set()
    nothing = True
    for root, label in roots.items():
        for entry, relative in _below(root, exclude):
            source = _display(f"{label}/{relative}" if relative else label)
            hidden = entry.is_dir() and not entry.is_symlink()
            wanted = not include.patterns or include.match_file(relative)
            if relative and not wanted and not hidden:
                continue
            nothing = False
            reason = _reason(entry, seen)
            if reason is None:
                continue
            yield _refused(source, reason, entry) if reason else Found(entry, source)
    if nothing:
        names = ", ".join(map(str, roots)) or "an empty list of paths"
        raise LoadError(f"there is no file to read in {names}; add files or check the patterns")


def _reason(path: Path, seen: set[tuple[int, int]]) -> str | None:
    """Return why `path` is refused, "" if it is not, None if it has been met before."""
    try:
        status = path.lstat()
    except OSError as error:
        return f"cannot be opened ({error.strerror}); check its permissions"
    key = (status.st_dev, status.st_ino)
    if key in seen and status.st_nlink == 1:
        return None
    seen.add(key)
    if stat.S_ISDIR(status.st_mode):
        return "is a folder that cannot be listed; check its permissions"
    return refusal(status.st_mode)


def _below(root: Path, exclude: GitIgnoreSpec) -> Iterator[tuple[Path, str]]:
    """Yield (path, path below the root) of everything that is no folder, in name order."""
    if root.is_symlink() or not root.is_dir():
        yield root, ""
        return
    stack: list[tuple[str, str, bool]] = [(str(root), "", True)]
    while stack:
        path, relative, is_folder = stack.pop()
        entries = _listed(path) if is_folder else None
        if entries is None:
            yield Path(path), relative
            continue
        for name, folder in entries:
            below = f"{relative}/{name}" if relative else name
            if not exclude.match_file(f"{below}/" if folder else below):
                stack.append((f"{path}/{name}", below, folder))


def _listed(folder: str) -> list[tuple[str, bool]] | None:
    """Return the names in a folder, last first, and whether each is a folder; None if it hides."""
    try:
        with os.scandir(folder) as entries:
            found = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
    except OSError:
        return None
    return sorted(found, reverse=True)


def _display(source: str) -> str:
    """Return a name that can be stored: bytes that are no UTF-8 are shown as a mark."""
    return os.fsencode(source).decode("utf-8", "replace")


def _refused(source: str, reason: str, path: Path) -> Refusal:
    reason = f"The file {reason}."
    return Refusal(source, FileStatus.REJECTED, reason=reason, path=str(path))
