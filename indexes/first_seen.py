"""When each schedule was first seen, kept in one small file of the home folder.

What a schedule missed is caught up from then on, however often the scheduler is started and
stopped; nothing that lies before it is. A changed expression or zone is a new schedule.
"""

import json
import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rag.index.disk import disk_errors, replace_text
from rag.index.lock import turn

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FirstSeen:
    """Remembers first sight in `path`; a file that cannot be read counts as empty."""

    path: Path

    def look(self, name: str, cron: str, zone: str) -> datetime | None:
        """Return when this schedule of index `name` was first seen, if it was."""
        at = self._read().get(name, {}).get(f"{cron} {zone}")
        return _moment(at)

    def note(self, name: str, cron: str, zone: str, now: datetime) -> datetime:
        """Return when this schedule was first seen; that is `now` if it never was.

        A first sight in the future, from a clock that was ahead, is now as well.
        """
        seen = self.look(name, cron, zone)
        if seen is not None and seen <= now:
            return seen
        with disk_errors(f"writing {self.path}"), turn(self.path.with_suffix(".lock")):
            kept = self._read() | {name: {f"{cron} {zone}": now.isoformat(timespec="seconds")}}
            replace_text(self.path, json.dumps(kept, indent=1))
        return now

    def _read(self) -> dict[str, dict[str, str]]:
        try:
            tree = json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            _log.warning("%s cannot be read (%s); schedules count as new", self.path, error)
            return {}
        rows = tree.items() if isinstance(tree, dict) else ()
        return {name: row for name, row in rows if isinstance(row, dict)}


def _moment(text: object) -> datetime | None:
    try:
        at = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
