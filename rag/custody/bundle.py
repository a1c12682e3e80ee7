"""Write one index into one file: a tar whose first member lists the others with their sums.

    list.json  live.json  ledger.sqlite  [calibration.json  feedback.jsonl  ...]

The ledger is copied at one moment while others may write; `live.json` says what the live build
holds, so that whoever opens the file elsewhere gets the answers of this build.
"""

import io
import json
import sqlite3
import tarfile
import tempfile
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from os import close
from pathlib import Path

from rag.errors import IndexFault, IndexNotFound
from rag.index.build import live_build
from rag.index.catalog import Catalog
from rag.index.disk import Disk, disk_errors, file_sum
from rag.index.layout import IndexFolder
from rag.index.manifest import NAME, Manifest
from rag.index.pruning import hold
from rag.index.reading import check_exists
from rag.index.schema import connect, sqlite_errors
from rag.index.whole import checked_catalog, read_manifest

KIND = "quotewell index"
FORMAT = 1
LIST = "list.json"
LEDGER = "ledger.sqlite"
LIVE = "live.json"
NEEDED = (LIVE, LEDGER)
BESIDE = ("calibration.json", "feedback.jsonl", "calibration-questions.jsonl", "recipe.toml")
"""Files of an index that may lie in the archive, under the names they have in its folder."""
_TRIES = 5
_HELD = "SELECT count(*) FROM chunk WHERE id IN (SELECT value FROM json_each(?))"


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written."""

    path: Path
    index: str
    build: str
    documents: int
    bytes: int
    files: tuple[str, ...]

    def to_dict(self) -> dict[str, object]:
        """Return plain values, ready for JSON."""
        return {**asdict(self), "path": str(self.path)}


def export_index(folder: IndexFolder, path: Path, recipe: Path | None = None) -> Exported:
    """Write the index in `folder` to `path`, all of it or nothing; others may write meanwhile.

    Args:
        folder: The index.
        path: The file; one of that name is replaced in the end.
        recipe: The recipe's file, if it lies in the data folder.

    Raises:
        IndexNotFound: If there is no such index, or nothing was published yet.
        IndexDamaged: If the live build or the ledger cannot be read.
        DiskFull: If there is no room.
    """
    check_exists(folder)
    with (
        disk_errors(f"writing {path}"),
        tempfile.TemporaryDirectory(dir=path.absolute().parent, prefix=f".{path.name}-") as beside,
    ):
        work = Path(beside)
        manifest, catalog = _copy(folder, work)
        (work / LIVE).write_text(json.dumps(_entries(catalog)), encoding="utf-8")
        for name, source in _beside(folder, recipe).items():
            if source.is_file():
                (work / name).write_bytes(source.read_bytes())
        names = [name for name in (*NEEDED, *BESIDE) if (work / name).exists()]
        part = work / "whole.tar"
        _write(part, work, names, _about(folder, manifest))
        disk = Disk()
        disk.rename(part, path)
        disk.sync_folder(path.absolute().parent)
    return Exported(
        path, folder.name, manifest.build, len(catalog.entries), path.stat().st_size, tuple(names)
    )


def _beside(folder: IndexFolder, recipe: Path | None) -> Mapping[str, Path]:
    return {
        "calibration.json": folder.calibration,
        "feedback.jsonl": folder.feedback,
        "calibration-questions.jsonl": folder.made_questions,
        "recipe.toml": recipe or folder.root / "recipe.toml",
    }


def _copy(folder: IndexFolder, work: Path) -> tuple[Manifest, Catalog]:
    """Copy the ledger, and return what the live build holds of that copy."""
    for _ in range(_TRIES):
        build_id = live_build(folder)
        if build_id is None:
            raise IndexNotFound(
                f"index {folder.name!r} has no build yet; make one with: rag ingest"
            )
        try:
            held = hold(folder.build(build_id) / NAME)  # its texts stay in the ledger meanwhile
        except FileNotFoundError:
            continue  # replaced and deleted at this moment
        try:
            manifest = read_manifest(folder.build(build_id))
            catalog = checked_catalog(folder.build(build_id))
            _back_up(folder, work / LEDGER)
        finally:
            close(held)
        if _holds(work / LEDGER, catalog):
            return manifest, catalog
    raise IndexFault(f"index {folder.name!r} changes faster than it can be copied; try again")


def _back_up(folder: IndexFolder, copy: Path) -> None:
    """Copy the ledger as it is at one moment into a file that needs no log beside it."""
    copy.unlink(missing_ok=True)
    with (
        sqlite_errors(folder.ledger),
        closing(connect(folder.ledger, read_only=True)) as source,
        closing(sqlite3.connect(copy)) as target,
    ):
        source.backup(target)
    with sqlite_errors(copy), closing(connect(copy)) as db:  # brings an old format up to date
        mode = db.execute("PRAGMA journal_mode = DELETE").fetchone()[0]
        if mode != "delete":  # SQLite does not say why it could not
            raise IndexFault(
                f"cannot finish the copy {copy}; see to the disk and whether it is full, and run "
                "it again"
            )


def _holds(copy: Path, catalog: Catalog) -> bool:
    """Return whether a copy of the ledger has every chunk of a build; a forget may take some."""
    with sqlite_errors(copy), closing(connect(copy, read_only=True)) as db:
        found = db.execute(_HELD, (json.dumps(catalog.ids.tolist()),)).fetchone()[0]
    return int(found) == len(catalog.ids)


def _entries(catalog: Catalog) -> list[dict[str, object]]:
    return [{**asdict(entry), "chunks": ids.tolist()} for entry, ids in catalog.grouped()]


def _about(folder: IndexFolder, manifest: Manifest) -> dict[str, object]:
    return {
        "kind": KIND,
        "format": FORMAT,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "version": version("quotewell"),
        "index": folder.name,
        "build": manifest.build,
        "embedder": asdict(manifest.embedder),
        "splitter": manifest.splitter,
    }


def _write(part: Path, work: Path, names: list[str], about: Mapping[str, object]) -> None:
    files = []
    for name in names:
        total = file_sum(work / name)
        files.append({"name": name, "bytes": total.bytes, "sha256": total.sha256})
    first = json.dumps({**about, "files": files}, indent=1).encode()
    with part.open("wb") as out:
        with tarfile.open(fileobj=out, mode="w|", format=tarfile.GNU_FORMAT) as tar:
            tar.addfile(_member(LIST, len(first)), io.BytesIO(first))
            for name in names:
                with (work / name).open("rb") as data:
                    tar.addfile(_member(name, (work / name).stat().st_size), data)
        out.flush()
        Disk().sync(out.fileno())


def _member(name: str, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)  # no owner, no time: the same content gives the same bytes
    member.size = size
    return member
