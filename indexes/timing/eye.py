"""Watch folders for changes, through unmounting and replacing, until told to stop."""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from pathspec import GitIgnoreSpec
from watchfiles import watch
from watchfiles.main import FileChange

_TROUBLE_SECONDS = 30.0
_Standing: TypeAlias = dict[Path, tuple[int, int] | None]
"""What stands at each place: device and inode, or None for nothing."""


@dataclass(frozen=True, slots=True)
class Watched:
    """A folder or file, and the patterns (.gitignore syntax) of what does not count below it."""

    root: Path
    ignored: GitIgnoreSpec

    def counts(self, path: Path) -> bool:
        """Return whether a change of `path` is one to act on."""
        if not path.is_relative_to(self.root):
            return False
        below = path.relative_to(self.root).as_posix()
        # What was deleted may have been a folder.
        return not (self.ignored.match_file(below) or self.ignored.match_file(f"{below}/"))


class Eye:
    """A thread that looks at what one recipe reads."""

    def __init__(
        self,
        places: Sequence[Watched],
        changed: Callable[[], None],
        say: Callable[[str], None],
        *,
        check: float = 1.0,
    ) -> None:
        """Begin to look.

        Args:
            places: What to watch.
            changed: Called, in this thread, when something that counts has changed, or a place
                has appeared or become another one; nobody knows what changed meanwhile.
            say: Told what cannot be watched.
            check: Seconds after which it is looked whether a place is still the one watched.
        """
        self._places = tuple(places)
        self._changed = changed
        self._say = say
        self._check = check
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop looking and wait for the thread."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        before: _Standing = {}
        while not self._stop.is_set():
            now = self._standing()
            for root in [root for root in now if not now[root] and before.get(root, (0, 0))]:
                self._say(f"{root} is not there; watching goes on when it is")
            fresh = any(mark and before.get(root) != mark for root, mark in now.items())
            before = now
            self._look(now, fresh=fresh)

    def _look(self, standing: _Standing, *, fresh: bool) -> None:
        """Watch what is there until told to stop, or until a place is not what it was."""
        there = [root for root, mark in standing.items() if mark]
        try:
            for changes in self._changes(there) if there else self._pauses():
                # Only now is the watch set up, so that no change falls between.
                if fresh or self._count(changes):
                    self._changed()
                fresh = False
                if self._standing() != standing:
                    return
        except (OSError, RuntimeError) as error:
            self._say(
                f"cannot watch {', '.join(map(str, there))}: {error}; trying again every "
                f"{_TROUBLE_SECONDS:.0f} s (too many folders? raise fs.inotify.max_user_watches)"
            )
            self._stop.wait(_TROUBLE_SECONDS)

    def _changes(self, paths: Sequence[Path]) -> Iterator[set[FileChange]]:
        """Yield changes as they come, and an empty set now and then if none do."""
        period = round(self._check * 1000)  # milliseconds
        return watch(
            *paths,
            watch_filter=None,
            debounce=period,
            step=max(1, period // 10),
            stop_event=self._stop,
            rust_timeout=period,
            yield_on_timeout=True,
            raise_interrupt=False,
            ignore_permission_denied=True,
        )

    def _pauses(self) -> Iterator[set[FileChange]]:
        while not self._stop.wait(self._check):
            yield set()

    def _count(self, changes: set[FileChange]) -> bool:
        return any(place.counts(Path(path)) for _, path in changes for place in self._places)

    def _standing(self) -> _Standing:
        return {place.root: _mark(place.root) for place in self._places}


def _mark(path: Path) -> tuple[int, int] | None:
    """Return what tells the thing at `path` from another one there; None if there is nothing."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
