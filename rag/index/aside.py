"""An index that an import put aside, and how it comes back if the import was killed.

    NAME/ -> .replaced-NAME/        the one that is there steps aside
    .importing-index/ -> NAME/      the new one takes its name
    .replaced-NAME/ is deleted

Killed between the two, nothing of that name is left but the copy put aside. Whoever looks
for the index or locks it next puts that back, before another one is made from nothing.
"""

from pathlib import Path

from rag.index.disk import Disk, disk_errors
from rag.index.layout import IndexFolder
from rag.index.turn import turn

REPLACED = ".replaced-"


def aside_of(folder: IndexFolder) -> Path:
    """Return where an import puts the index of that name until it is done."""
    return folder.root.parent / f"{REPLACED}{folder.name}"


def import_lock(indexes: Path) -> Path:
    """Return the path of the file that an import locks, from begin to end."""
    return indexes / ".import.lock"


def put_back(folder: IndexFolder) -> bool:
    """Give the index its name again if a killed import left it put aside; return whether.

    An import that is at work is waited for: the name is free for a moment while it swaps.
    """
    aside = aside_of(folder)
    if folder.root.exists() or not aside.exists():
        return False
    with disk_errors(f"putting {aside} back"), turn(import_lock(folder.root.parent)):
        if folder.root.exists() or not aside.exists():
            return False
        disk = Disk()
        disk.rename(aside, folder.root)
        disk.sync_folder(folder.root.parent)
    return True
