"""The test's end of the process that forks: give it jobs, read what they acknowledge."""

import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.faults.shim import Fault, compile_shim

REPOSITORY = Path(__file__).parents[2]


@dataclass
class Outcome:
    """What one job acknowledged and how it ended."""

    acked: list[tuple]
    value: object = None
    error: str = ""
    typed: bool = True
    message: str = ""
    trace: str = ""
    status: int = 0
    """Exit status; negative is the signal that ended it."""
    operations: int = 0
    fired: bool = False
    where: str = ""

    @property
    def killed(self) -> bool:
        """Return whether a SIGKILL ended it."""
        return self.status == -9

    @property
    def finished(self) -> bool:
        """Return whether the job returned a value."""
        return self.status == 0 and not self.error

    def acks(self, kind: str) -> list:
        """Return what was acknowledged of one kind, in order."""
        return [words[1] for words in self.acked if words[0] == kind]


@dataclass
class Forge:
    """Starts the forking server with the interposer and gives it jobs one by one."""

    folder: Path
    _process: subprocess.Popen = field(init=False)

    def __post_init__(self) -> None:
        library = compile_shim(self.folder)
        env = os.environ | {
            "LD_PRELOAD": str(library),
            "PYTHONPATH": str(REPOSITORY),
            "OMP_NUM_THREADS": "1",  # threads of a pool do not survive a fork
            "OPENBLAS_NUM_THREADS": "1",
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.server", str(library)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=env,
            cwd=REPOSITORY,
        )
        assert "ready" in self._line()

    def __enter__(self) -> "Forge":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the server."""
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(30)

    def run(
        self, job: str, *, fault: Fault | None = None, kill_after: float | None = None, **args
    ) -> Outcome:
        """Do `job` in a process of its own and return what came of it."""
        request = {"job": job, "args": args, "kill_after": kill_after}
        request["fault"] = asdict(fault) if fault else None
        self._process.stdin.write(json.dumps(request, default=str).encode() + b"\n")
        self._process.stdin.flush()
        outcome = Outcome([])
        while True:
            line = self._line()
            if "ended" in line:
                outcome.status = line.pop("ended")
                vars(outcome).update(line)
                return outcome
            if "ack" in line:
                outcome.acked.append(tuple(line["ack"]))
            else:
                vars(outcome).update(line)

    def done(self, job: str, **args) -> object:
        """Do `job`, which must succeed, and return its value."""
        outcome = self.run(job, **args)
        assert outcome.finished, f"{job}: {outcome.error} {outcome.message}\n{outcome.trace}"
        return outcome.value

    def _line(self) -> dict:
        line = self._process.stdout.readline()
        assert line, f"the server of the fault tests ended ({self._process.poll()})"
        return json.loads(line)
