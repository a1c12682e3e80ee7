"""One environment a library, made by pip when it is first needed and kept below `.compare/`.

The library never becomes a dependency of this project: what is pinned in
`requirements/<library>.txt` is installed beside it, with the same limits on torch.
"""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PLACE = ROOT / ".compare"


class LibraryMissing(Exception):
    """A library cannot be installed; the message has pip's last words."""


def python_of(library: str, *, place: Path = PLACE, wanted: Path | None = None) -> Path:
    """Return the Python of a library's environment, made anew when its pins have changed.

    Raises:
        LibraryMissing: If the environment cannot be made.
    """
    wanted = wanted or HERE / "requirements" / f"{library}.txt"
    folder = place / library
    python, ready = folder / "bin" / "python", folder / "ready.txt"
    pins = wanted.read_text("utf-8")
    if not (ready.exists() and ready.read_text("utf-8") == pins):
        print(f"installing {library} into {folder} ...", file=sys.stderr, flush=True)
        _run(library, [sys.executable, "-m", "venv", str(folder)])
        limits = ["-c", str(ROOT / "constraints.txt"), "-r", str(wanted)]
        pip = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        _run(library, [*pip, *limits])
        ready.write_text(pins, "utf-8")
    return python


def _run(library: str, command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines() or ["no output"]
        raise LibraryMissing(f"{library} cannot be installed: {said[-1][:300]}")
