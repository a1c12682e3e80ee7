"""Text from a thread that writes to a reader with a deadline.

The libraries that run models block while they compute; a reader must not. The writing thread
asks after every piece whether to go on, and is told to stop when the reader has left or the
time is over.
"""

import queue
import threading
import time
from collections.abc import Callable, Iterator

from rag.errors import GeneratorFailed

Put = Callable[[str], bool]


def hand_over(
    name: str,
    write: Callable[[Put], None],
    *,
    deadline: float,
    since: float | None = None,
    daemon: bool = False,
) -> Iterator[str]:
    """Yield what `write` puts, while it is writing.

    Args:
        name: What people call the writer, for messages.
        write: Calls `put(text)` for each piece, and returns when that returns False. An empty
            text only asks whether to go on.
        deadline: Seconds within which everything must have come.
        since: When that time began, by the monotonic clock; now by default. A model that had
            to be loaded first has used some of it.
        daemon: Whether Python may exit while `write` waits. Only for pure Python: a library
            that calls back into an interpreter which is gone brings the process down.

    Raises:
        GeneratorFailed: If time runs out; what `write` raises is raised here too.
    """
    run = _Run(write, (time.monotonic() if since is None else since) + deadline)
    threading.Thread(target=run.work, name=f"writer-{name}", daemon=daemon).start()
    try:
        while (piece := run.next_piece()) is not None:
            if piece:
                yield piece
    except TimeoutError:
        raise GeneratorFailed(
            f"{name} did not finish within {deadline:g} s; raise generator.deadline_s or lower"
            " generator.max_tokens"
        ) from None
    finally:
        run.left.set()


class _Run:
    """One reply on its way from the thread that writes it to its reader."""

    def __init__(self, write: Callable[[Put], None], ends: float) -> None:
        self.left = threading.Event()
        self._write, self._ends, self._late = write, ends, False
        self._pieces: queue.SimpleQueue[str | Exception | None] = queue.SimpleQueue()

    def work(self) -> None:
        """Write everything, then say that it is over or what went wrong."""
        try:
            self._write(self._put)
        except Exception as error:  # noqa: BLE001  (raised again where it is read)
            self._pieces.put(error)
        else:
            self._pieces.put(None)

    def next_piece(self) -> str | None:
        """Return the next piece, None after the last one.

        Raises:
            TimeoutError: If time ran out.
        """
        try:
            piece = self._pieces.get(timeout=max(0.0, self._ends - time.monotonic()))
        except queue.Empty:
            raise TimeoutError from None
        if isinstance(piece, Exception):
            raise piece
        if piece is None and self._late:
            raise TimeoutError
        return piece

    def _put(self, text: str) -> bool:
        self._late = time.monotonic() > self._ends
        if not self._late:
            self._pieces.put(text)
        return not (self._late or self.left.is_set())
