"""Rebuilds at work, each in a process of its own: never two of one recipe, few at a time.

A rebuild that crashes or takes all the memory harms neither the scheduler nor the others.
"""

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rag.closing import Closing
from rag.settings import Settings

BUSY = 75
"""Exit code of a rebuild that found somebody else writing (EX_TEMPFAIL of sysexits.h)."""
_STOPPED = (130, -signal.SIGINT, -signal.SIGTERM)
_GRACE_SECONDS = 60.0
_log = logging.getLogger(__name__)
Command = Callable[[str, str, str], Sequence[str]]
"""(name, why, due) -> the words of the command."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A rebuild that is over: what it was for, its exit code and the seconds it took."""

    name: str
    why: str
    due: str
    code: int
    seconds: float

    def __str__(self) -> str:
        said = {0: "done", BUSY: "left to another process that is writing this index"}
        said |= dict.fromkeys(_STOPPED, "stopped")
        how = f"killed by signal {-self.code}" if self.code < 0 else f"failed (exit {self.code})"
        return f"{self.name}: {said.get(self.code, how)} after {self.seconds:.1f} s"


@dataclass(frozen=True, slots=True)
class _Working:
    process: subprocess.Popen[bytes]
    why: str
    due: str
    began: float


class Crew(Closing):
    """Starts rebuilds and notices when they end; use it from one thread."""

    def __init__(
        self, command: Command, *, jobs: int = 1, env: dict[str, str] | None = None
    ) -> None:
        """Run what `command` says, `jobs` at a time at most, with the variables `env`."""
        self._command = command
        self._jobs = jobs
        self._env = env
        self._working: dict[str, _Working] = {}
        self._over: list[Ended] = []

    def close(self) -> None:
        """Stop whatever runs."""
        self.stop()

    def free(self, name: str) -> bool:
        """Return whether a rebuild of `name` may begin now."""
        return name not in self._working and len(self._working) < self._jobs

    def working(self) -> bool:
        """Return whether anything runs."""
        return bool(self._working)

    def begin(self, name: str, why: str, due: str = "") -> None:
        """Start a rebuild of `name`, which must be free."""
        words = list(self._command(name, why, due))
        try:
            process = subprocess.Popen(words, stdin=subprocess.DEVNULL, env=self._env)  # noqa: S603
        except OSError:  # no memory or no process left: this one failed, the next may not
            _log.exception("cannot start %s", " ".join(words))
            self._over.append(Ended(name, why, due, 1, 0.0))
            return
        self._working[name] = _Working(process, why, due, time.monotonic())

    def ended(self) -> list[Ended]:
        """Return the rebuilds that have ended since the last call."""
        over, self._over = self._over, []
        for name, work in list(self._working.items()):
            code = work.process.poll()
            if code is not None:
                del self._working[name]
                seconds = time.monotonic() - work.began
                over.append(Ended(name, work.why, work.due, code, seconds))
        return over

    def stop(self, grace: float = _GRACE_SECONDS) -> list[Ended]:
        """Ask every rebuild to stop, wait `grace` seconds, kill the rest; return them all.

        A rebuild that is stopped or killed goes on where it was the next time.
        """
        for work in self._working.values():
            work.process.send_signal(signal.SIGINT)  # Python ends in order, as for Ctrl-C
        end = time.monotonic() + grace
        for work in self._working.values():
            try:
                work.process.wait(max(0.0, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                work.process.kill()
                work.process.wait()
        return self.ended()


def rebuild_words(name: str, why: str, due: str) -> list[str]:
    """Return the command that rebuilds index `name` in a process of its own."""
    words = [sys.executable, "-m", "indexes", "rebuild", name, "--why", why]
    return [*words, "--due", due] if due else words


def environment(settings: Settings, config: Path | None) -> dict[str, str]:
    """Return the variables under which a rebuild reads the same settings as this process."""
    env = dict(os.environ) | {"RAG_HOME": str(settings.home.absolute())}
    return env | {"RAG_CONFIG": str(config.absolute())} if config else env
