"""Is a file of a build what its manifest says? Asked before anything is opened."""

from pathlib import Path

from rag.errors import IndexDamaged
from rag.index.catalog import Catalog
from rag.index.disk import FileSum, file_sum
from rag.index.manifest import Manifest

_Mark = tuple[int, int, int, int]
_verified: dict[Path, tuple[_Mark, FileSum]] = {}
"""Files this process has hashed: (size in bytes, mtime and ctime in ns, inode) and their sum."""
_CATALOG = ("documents.json", "chunks.npy", "owners.npy")
_NEEDED = {
    *_CATALOG,
    "dense.faiss",
    *(f"lexical/{name}" for name in ("ids.npy", "starts.npy", "rows.npy", "scores.npy")),
    "lexical/terms.json",
}


def checked_build(path: Path) -> Manifest:
    """Return the manifest of the build in `path`, every file of it checked.

    Raises:
        IndexMismatch: If a newer Quotewell made the build.
        IndexDamaged: If a file is missing or altered, or the manifest belongs to another build.
    """
    manifest = read_manifest(path)
    check_files(path, manifest)
    return manifest


def check_files(path: Path, manifest: Manifest) -> None:
    """Check every file of the build in `path` against its manifest.

    Raises:
        IndexDamaged: If one is missing or altered.
    """
    for name, recorded in manifest.files.items():
        check_file(path / name, recorded)


def checked_catalog(path: Path) -> Catalog:
    """Return what the build in `path` holds, after checking the files that say so.

    Raises:
        IndexMismatch: If a newer Quotewell made the build.
        IndexDamaged: If one of these files is missing or altered.
    """
    manifest = read_manifest(path)
    for name in _CATALOG:
        check_file(path / name, manifest.files[name])
    return Catalog.open(path)


def read_manifest(path: Path) -> Manifest:
    """Return the manifest of the build in `path`, which must be its own and complete.

    Raises:
        IndexMismatch: If a newer Quotewell made the build.
        IndexDamaged: If it is missing, altered or another build's.
    """
    manifest = Manifest.read(path)
    if manifest.build != path.name:
        raise IndexDamaged(
            f"the manifest in {path} is that of build {manifest.build}; "
            "make a new build with: rag ingest"
        )
    lacking = _NEEDED - manifest.files.keys()
    if lacking:
        raise IndexDamaged(
            f"the manifest in {path} lists no {', '.join(sorted(lacking))}; "
            "make a new build with: rag ingest"
        )
    return manifest


def check_file(path: Path, recorded: FileSum) -> None:
    """Check one file's size and SHA-256; a file this process checked before is hashed once.

    Raises:
        IndexDamaged: If it is missing or altered.
    """
    remedy = "restore it from a backup, or make a new build with: rag ingest"
    try:
        stat = path.stat()
        mark = (stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino)
        if stat.st_size != recorded.bytes:
            raise IndexDamaged(
                f"{path} is {stat.st_size} bytes long, its manifest says {recorded.bytes}; {remedy}"
            )
        if _verified.get(path) == (mark, recorded):
            return
        found = file_sum(path)
    except OSError as error:
        raise IndexDamaged(f"cannot read {path}: {error}; {remedy}") from error
    if found != recorded:
        raise IndexDamaged(f"{path} does not match the SHA-256 in its manifest; {remedy}")
    _verified[path] = (mark, recorded)
