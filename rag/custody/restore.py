"""Make an index of an exported file: taken apart, checked, built anew, and only then named.

    archive -> .importing-NAME/ -> checked -> a build made of the ledger's vectors -> NAME/

No file of a build is ever taken from an archive: a checksum by a stranger proves nothing, and
FAISS trusts the sizes in its files. Dense and lexical part are made again from the ledger.
"""

import json
import shutil
import sqlite3
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

from rag.calibrate.file import read as read_calibration
from rag.custody.bundle import LIVE
from rag.custody.unpack import Contents, unpack
from rag.custody.vetting import check_ledger, read_live
from rag.errors import ArchiveRefused, IndexDamaged, IndexFault, IndexMismatch, LoadError
from rag.evaluate.feedback import read as read_feedback
from rag.index.aside import REPLACED, aside_of, import_lock
from rag.index.build import live_build, make_build, publish
from rag.index.disk import Disk, disk_errors
from rag.index.journal import runs
from rag.index.layout import IndexFolder
from rag.index.ledger import Ledger
from rag.index.lock import turn, writer_lock
from rag.index.reading import open_reader
from rag.index.schema import sqlite_errors
from rag.index.whole import checked_build

_IMPORTING = ".importing-"
_ELSEWHERE = "DELETE FROM seen", "DELETE FROM publication", "UPDATE lease SET holder = ''"
"""What only holds on the machine an index comes from."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What was made of an archive."""

    index: str
    build: str
    was: str
    """The build that was live where the archive was made."""
    documents: int
    chunks: int
    recipe: Path | None
    """Where its recipe lies to be read; it is not installed, for it says what to fetch."""

    def to_dict(self) -> dict[str, object]:
        """Return plain values, ready for JSON."""
        return {**asdict(self), "recipe": self.recipe and str(self.recipe)}


def import_index(
    path: Path, indexes: Path, name: str | None, *, replace: bool = False, max_mb: int = 10_240
) -> Imported:
    """Make the index `name` of the archive at `path`; interrupted, it leaves what was there.

    Args:
        path: What `export_index` wrote, or what claims to be that.
        indexes: The folder of all indexes.
        name: The index's name; None takes that in the archive.
        replace: Whether an index of that name may be replaced.
        max_mb: Most that the archive may unpack to, in MB.

    Raises:
        ArchiveRefused: If the archive is damaged, unsafe, too large or of another format.
        IndexFault: If there is an index of that name, and `replace` is false.
        IndexBusy: If another process is writing to the index that would be replaced.
        SettingsError: If the name is none.
        DiskFull: If there is no room; nothing was imported.
    """
    with disk_errors(f"importing {path} into {indexes}"), turn(import_lock(indexes)):
        _tidy(indexes)
        work = indexes / f"{_IMPORTING}index"
        work.mkdir()
        try:
            contents = unpack(path, work, max_bytes=max_mb << 20)
            folder = IndexFolder.named(indexes, name or contents.index)
            _check_free(folder, replace=replace)
            made = _build(IndexFolder(work), contents)
            _name(work, folder)
        except BaseException:
            shutil.rmtree(work, ignore_errors=True)
            raise
    recipe = folder.root / "recipe.toml"
    return Imported(
        folder.name, made[0], contents.build, *made[1:], recipe if recipe.exists() else None
    )


def _tidy(indexes: Path) -> None:
    """Clear away what an import left that was killed; an index it had put aside comes back.

    One put aside is deleted only beside a whole one of its name; beside anything else it stays.
    """
    for left in indexes.glob(f"{_IMPORTING}*"):
        shutil.rmtree(left)
    for aside in indexes.glob(f"{REPLACED}*"):
        folder = IndexFolder(indexes / aside.name.removeprefix(REPLACED))
        if not folder.root.exists():
            Disk().rename(aside, folder.root)
        elif _is_whole(folder):
            shutil.rmtree(aside)


def _is_whole(folder: IndexFolder) -> bool:
    """Return whether the live build of an index, and the ledger it reads, are undamaged."""
    try:
        live = live_build(folder)
        if live is None:
            return False
        checked_build(folder.build(live))
        with open_reader(folder) as ledger, ledger.reading() as db:
            found: object = db.execute("PRAGMA quick_check(1)").fetchone()
    except (IndexFault, IndexDamaged):
        return False
    return found == ("ok",)


def _check_free(folder: IndexFolder, *, replace: bool) -> None:
    if folder.root.exists() and not replace:
        raise IndexFault(
            f"there is an index {folder.name!r} already; import under another name with "
            "--index NAME, or put it in the place of that one with --replace"
        )


def _build(folder: IndexFolder, contents: Contents) -> tuple[str, int, int]:
    """Check what was unpacked and make a build of it; return its id and its counts."""
    mark = contents.embedder
    check_ledger(folder.ledger, mark.dim)
    live = read_live(folder.root / LIVE, folder.ledger)
    _check_beside(folder)
    with sqlite_errors(folder.ledger), closing(sqlite3.connect(folder.ledger)) as db:
        for statement in _ELSEWHERE:
            db.execute(statement)
        db.commit()
    (folder.root / LIVE).unlink()
    try:
        runs(folder)
        with Ledger.open(folder) as ledger:
            manifest = make_build(
                folder,
                ledger,
                embedder_name=mark.name,
                fingerprint=mark.fingerprint,
                dim=mark.dim,
                splitter=contents.splitter,
                model=mark.model,
                only=live,
            )
        publish(folder, manifest.build)
    except (IndexDamaged, IndexMismatch, ValueError) as error:
        raise ArchiveRefused(
            f"the ledger in the archive does not hold what its build needs ({error}); "
            "nothing was imported, make a new one with: rag export"
        ) from error
    return manifest.build, manifest.counts["documents"], manifest.counts["chunks"]


def _check_beside(folder: IndexFolder) -> None:
    """Read every small file once, as the commands that use it will."""
    try:
        read_calibration(folder.calibration)
        read_feedback(folder)
        if folder.made_questions.exists():
            for line in folder.made_questions.read_text(encoding="utf-8").splitlines():
                json.loads(line)
        recipe = folder.root / "recipe.toml"
        if recipe.exists():
            recipe.read_text(encoding="utf-8")
    except (IndexDamaged, LoadError, ValueError, RecursionError) as error:
        raise ArchiveRefused(
            f"a file beside the ledger in the archive makes no sense ({error}); "
            "nothing was imported"
        ) from error


def _name(work: Path, folder: IndexFolder) -> None:
    """Give the finished index its name; one that had it is put aside first, then deleted."""
    disk = Disk()
    if not folder.root.exists():
        disk.rename(work, folder.root)
        disk.sync_folder(folder.root.parent)
        return
    aside = aside_of(folder)
    if aside.exists():
        raise IndexFault(
            f"an earlier import put an index {folder.name!r} aside in {aside} and was stopped, "
            f"and the one in {folder.root} is not whole; move one of the two elsewhere first"
        )
    with writer_lock(folder):
        disk.rename(folder.root, aside)
        disk.rename(work, folder.root)
        disk.sync_folder(folder.root.parent)
    disk.remove_folder(aside)
