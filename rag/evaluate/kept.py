"""Results that were slow to get, kept line by line, so that an interrupted run goes on."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class Kept:
    """Values by key in a file that only ever grows; a later line of a key counts."""

    def __init__(self, path: Path, *, fresh: bool = False) -> None:
        """Keep them at `path`; `fresh` forgets what is there."""
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        if fresh:
            path.unlink(missing_ok=True)
        self._known: dict[str, Any] = {}
        text = path.read_text("utf-8", errors="replace") if path.exists() else ""
        if text and not text.endswith("\n"):  # killed while it wrote: what comes next stands alone
            with path.open("a", encoding="utf-8") as out:
                out.write("\n")
        for line in text.split("\n"):
            try:
                key, value = json.loads(line)
            except ValueError:  # blank, or the end of a run that was killed while it wrote
                continue
            self._known[key] = value

    @property
    def known(self) -> Mapping[str, Any]:
        """Return everything kept so far."""
        return self._known

    def add(self, key: str, value: object) -> None:
        """Write one value at once."""
        with self._path.open("a", encoding="utf-8") as out:
            out.write(json.dumps([key, value], ensure_ascii=False) + "\n")
        self._known[key] = value
