"""Being asked to stop: a signal wakes whoever waits, at once and without a race."""

import os
import select
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Stop:
    """Set once, from a signal handler or another thread.

    A pipe, because a `threading.Event` set by a handler can find its own lock held.
    """

    def __init__(self) -> None:
        """Begin unasked."""
        self._read, self._write = os.pipe()
        os.set_blocking(self._write, False)
        self._asked = False

    def ask(self, _number: int = 0, _frame: FrameType | None = None) -> None:
        """Ask to stop; more than once is the same."""
        if not self._asked:
            self._asked = True
            os.write(self._write, b"x")

    def is_set(self) -> bool:
        """Return whether somebody asked."""
        return self._asked

    def wait(self, seconds: float) -> bool:
        """Wait until somebody asks, `seconds` by the monotonic clock at most."""
        select.select([self._read], [], [], max(0.0, seconds))
        return self._asked

    def close(self) -> None:
        """Release the pipe."""
        os.close(self._read)
        os.close(self._write)


@contextmanager
def stopping() -> Iterator[Stop]:
    """Give a `Stop` that SIGTERM and SIGINT ask, until the block ends."""
    stop = Stop()
    before = {number: signal.signal(number, stop.ask) for number in _SIGNALS}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        stop.close()
