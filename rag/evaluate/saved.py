"""Read back what a run wrote: a file of `--out`, or the folder of a report."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rag.errors import SettingsError

RUN_FILE = "run.json"
_NEEDED = ("set", "set_sha256", "tasks", "mode", "split", "settings", "models", "rows")


def read_run(path: Path) -> dict[str, Any]:
    """Return a run as its JSON has it.

    Raises:
        SettingsError: If there is no run, or it is of a version that kept no rows.
    """
    file = path / RUN_FILE if path.is_dir() else path
    try:
        run = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SettingsError(f"no run at {file}; make one with: rag eval SET --out FILE") from None
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"{file} cannot be read as a run ({error}); make one with: rag eval SET --out FILE"
        ) from error
    lacking = [key for key in _NEEDED if key not in run] if isinstance(run, dict) else ["rows"]
    if lacking or not _rows_fit(run["rows"]):
        what = f"has no {lacking[0]!r}" if lacking else "has rows that are none"
        raise SettingsError(
            f"{file} {what}: it is no run, or of an older version; measure again with "
            "rag eval SET --out FILE"
        )
    return dict(run)


def _rows_fit(rows: object) -> bool:
    return isinstance(rows, list) and all(
        isinstance(row, Mapping)
        and isinstance(row.get("id"), str)
        and isinstance(row.get("kind"), str)
        and isinstance(row.get("metrics"), Mapping)
        and all(isinstance(value, (int, float)) for value in row["metrics"].values())
        for row in rows
    )
