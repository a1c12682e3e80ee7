"""The runner's end of a system's process: started, asked line by line, ended whatever happens."""

import json
import os
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

Line = dict[str, object]


class SystemFailed(Exception):
    """A system's process ended, was late, or said what is no line; the message has its log."""


@dataclass
class Talk:
    """A running system."""

    process: "subprocess.Popen[str]"
    log: Path
    patience_s: float = 900.0

    def say(self, **request: object) -> Line:
        """Send one request and return the answer, which may have an `error`.

        Raises:
            SystemFailed: If none comes within `patience_s` seconds.
        """
        if self.process.stdin is None or self.process.stdout is None:
            raise SystemFailed("the process was started without pipes")
        late = threading.Timer(self.patience_s, self.process.kill)
        late.start()
        try:
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        finally:
            late.cancel()
        try:
            answer = json.loads(line)
        except json.JSONDecodeError:
            raise SystemFailed(f"no answer to {request['do']!r}: {self._last_words()}") from None
        return dict(answer)

    def must(self, **request: object) -> Line:
        """Send a request without which nothing else makes sense, and return the answer.

        Raises:
            SystemFailed: Also if the answer is an error.
        """
        answer = self.say(**request)
        if "error" in answer:
            raise SystemFailed(f"{request['do']} failed: {answer['error']}")
        return answer

    def _last_words(self) -> str:
        self.process.kill()  # one that wrote nonsense may still be there
        self.process.wait()
        lines = self.log.read_text("utf-8", errors="replace").strip().splitlines()
        code = self.process.returncode
        return f"exit {code}" + (f", {lines[-1][:200]}" if lines else "")


@contextmanager
def talking(
    command: Sequence[str], *, environment: Mapping[str, str], cwd: Path, log: Path
) -> Iterator[Talk]:
    """Start a system in a session of its own and end it and its children, whatever happens."""
    with log.open("w", encoding="utf-8") as errors:
        process = subprocess.Popen(
            command, env=dict(environment), cwd=cwd, text=True, encoding="utf-8",
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
            start_new_session=True,  # Ctrl-C reaches the runner alone, which then ends it
        )  # fmt: skip
        try:
            yield Talk(process, log)
        finally:
            _end(process)


def _end(process: "subprocess.Popen[str]") -> None:
    with suppress(ProcessLookupError):  # it has ended already, and so has all it started
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for pipe in (process.stdin, process.stdout):
        with suppress(BrokenPipeError):  # what was left to write has no reader any more
            if pipe is not None:
                pipe.close()
