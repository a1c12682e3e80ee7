"""A process that has imported everything and forks for each job: a run costs no start.

It reads one job a line from its input and writes to its output what the job says, a line
each, and at the end how it ended. Run by `tests.faults.forge`, with the interposer
preloaded.
"""

import gc
import json
import os
import select
import signal
import sys
import traceback
from pathlib import Path

from rag.errors import RagError
from tests.faults.jobs import JOBS
from tests.faults.shim import Fault, Kind, Shim, When


def say(**words):
    """Write one line; the kernel keeps it whole and in order, whoever dies next."""
    os.write(1, json.dumps(words).encode() + b"\n")


def perform(shim, job):
    """Do one job and tell its acknowledgements, then its value or its error."""
    try:
        if job.get("fault"):
            fault = job["fault"]
            shim.arm(Fault(**{**fault, "kind": Kind(fault["kind"]), "when": When(fault["when"])}))
        value = JOBS[job["job"]](lambda *words: say(ack=words), **job["args"])
        shim.disarm()
        say(value=value)
    except Exception as error:  # noqa: BLE001  (what escapes is what the campaign judges)
        shim.disarm()
        typed = isinstance(error, RagError)
        trace = "" if typed else traceback.format_exc()
        say(error=type(error).__name__, typed=typed, message=str(error), trace=trace)


def wait(child, kill_after):
    """Wait for the child's end, or end it after `kill_after` seconds; return its status."""
    if kill_after is not None:
        handle = os.pidfd_open(child)
        ended, _, _ = select.select([handle], [], [], kill_after)
        if not ended:
            os.kill(child, signal.SIGKILL)
        os.close(handle)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def main(library):
    """Serve jobs until the input ends."""
    shim = Shim(Path(library))
    gc.freeze()  # what the children share is not copied by their collector
    say(ready=os.getpid())
    for line in sys.stdin:
        job = json.loads(line)
        shim.arm(Fault("/nowhere"))  # or the numbers of the job before would be told again
        shim.disarm()
        child = os.fork()
        if child == 0:
            perform(shim, job)
            os._exit(0)
        status = wait(child, job.get("kill_after"))
        struck = shim.struck()
        say(
            ended=status,
            operations=struck.operations,
            fired=struck.fired,
            where=struck.where,
        )


if __name__ == "__main__":
    main(sys.argv[1])
