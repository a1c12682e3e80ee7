"""When a burst of changes is over: quiet for a while, or going on for too long."""

from dataclasses import dataclass

PATIENCE = 10
"""Times the quiet period after which a burst that does not end is acted on all the same."""


@dataclass
class Debounce:
    """Hears of changes and says when to act; every time is monotonic, in seconds."""

    quiet: float
    """How long nothing may have changed."""
    _first: float | None = None
    _last: float = 0.0

    def changed(self, at: float) -> None:
        """Hear of a change at `at`."""
        self._first = at if self._first is None else self._first
        self._last = at

    def ready(self, now: float) -> bool:
        """Return whether there was a change, and it is time to act on it."""
        if self._first is None:
            return False
        return now - self._last >= self.quiet or now - self._first >= PATIENCE * self.quiet

    def take(self) -> None:
        """Forget what was heard, because it is being acted on."""
        self._first = None
