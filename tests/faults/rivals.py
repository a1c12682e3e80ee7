"""Jobs of several processes that want the same index at the same moment."""

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from rag.errors import RagError
from rag.index.journal import begin_run
from rag.index.layout import IndexFolder
from rag.index.ledger import Ledger


class Rival:
    """A forked process that does `what` when told and reports what came of it."""

    def __init__(self, what: Callable[["Rival"], object]) -> None:
        self._report, told = os.pipe()
        waits, self._go = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self._report)
            os.close(self._go)
            self._waits, self._told = waits, told
            self._perform(what)
            os._exit(0)
        os.close(told)
        os.close(waits)

    def _perform(self, what: Callable[["Rival"], object]) -> None:
        try:
            self.wait()
            said = {"value": what(self)}
        except RagError as error:
            said = {"error": type(error).__name__, "message": str(error)}
        except Exception as error:  # noqa: BLE001  (what escapes is what the campaign judges)
            said = {"error": f"escaped: {error!r}"}
        self.tell(said)

    def wait(self) -> None:
        """Wait in the rival until the parent says so once."""
        os.read(self._waits, 1)

    def tell(self, said: dict[str, object]) -> None:
        """Tell the parent something."""
        os.write(self._told, json.dumps(said, default=str).encode() + b"\n")

    def go(self) -> None:
        """Let the rival go on."""
        os.write(self._go, b".")

    def heard(self) -> dict[str, object]:
        """Return the next thing the rival tells."""
        line = bytearray()
        while not line.endswith(b"\n"):
            byte = os.read(self._report, 1)
            if not byte:
                return {"error": "died"}
            line += byte
        return json.loads(line)

    def gone(self) -> None:
        """Wait for its end."""
        os.waitpid(self.pid, 0)
        os.close(self._report)
        os.close(self._go)


def race_writers(ack, index, races):
    """Let two processes take the index at once, `races` times; return how often each number won.

    A winner records a run and keeps the index until the other has reported.
    """
    folder = IndexFolder(Path(index))

    def take(rival):
        with Ledger.open(folder) as ledger, ledger.writing():
            number = begin_run(ledger, "person")
            rival.tell({"value": number})
            rival.wait()

    won = []
    for _ in range(races):
        rivals = [Rival(take), Rival(take)]
        for rival in rivals:
            rival.go()
        said = [rival.heard() for rival in rivals]
        for rival, words in zip(rivals, said, strict=True):
            if "value" in words:
                rival.go()
                ack("run", words["value"])
            elif words["error"] != "IndexBusy":
                ack("wrong", words)
        for rival in rivals:
            rival.gone()
        won.append(sum("value" in words for words in said))
    return won


def race_schedulers(ack, index, races, rebuild):
    """Let two processes rebuild for the same occurrence, `races` times.

    The second begins with the first, while it works, or when it is done, in turn: the lock
    keeps it out in the one case, the claim in the other.
    """

    def claim(due):
        def run(_):
            return rebuild(index, due)

        return run

    won = []
    for number in range(races):
        due = f"2026-01-{1 + number // 1440:02d}T{number // 60 % 24:02d}:{number % 60:02d}Z"
        first, second = rivals = [Rival(claim(due)), Rival(claim(due))]
        first.go()
        if number % 3 == 2:
            said = [first.heard()]
            second.go()
        else:
            time.sleep(0.02 * (number % 3))
            second.go()
            said = [first.heard()]
        said.append(second.heard())
        for rival, words in zip(rivals, said, strict=True):
            rival.gone()
            if "value" in words:
                ack("due", due)
            elif words["error"] != "IndexBusy":
                ack("wrong", words)
        won.append(sum("value" in words for words in said))
    return won


def kill_holder(ack, index, update):
    """Kill a process that holds the index; return after how many seconds another had its turn."""
    folder = IndexFolder(Path(index))

    def hold(rival):
        with Ledger.open(folder) as ledger, ledger.writing():
            begin_run(ledger, "person")
            rival.tell({"holds": True})
            time.sleep(600)

    holder = Rival(hold)
    holder.go()
    ack("held", holder.heard())
    os.kill(holder.pid, signal.SIGKILL)
    holder.gone()
    begin = time.monotonic()
    update(index)
    return time.monotonic() - begin


def pause_holder(ack, index, update, stage):
    """Stop a writer at `stage`, let another take over by force, and let the first go on.

    Returns what the first one's end was, and the build the second one published.
    """
    folder = IndexFolder(Path(index))

    def paused(rival):
        stopped = []

        def stop(heard, *_):
            if heard == stage and not stopped:
                stopped.append(heard)
                os.kill(os.getpid(), signal.SIGSTOP)

        return update(index, stop)

    first = Rival(paused)
    first.go()
    os.waitpid(first.pid, os.WUNTRACED)
    ack("paused", stage)
    try:
        update(index)
        busy = ""
    except RagError as error:
        busy = type(error).__name__
    folder.lock.unlink()  # what a person does who believes that the writer is gone
    second = update(index)
    ack("publish", second)
    os.kill(first.pid, signal.SIGCONT)
    ended = first.heard()
    first.gone()
    return {"busy": busy, "ended": ended, "second": second}
