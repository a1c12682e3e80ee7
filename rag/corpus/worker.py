"""The child process that parses: bytes in, JSON out, under limits of memory and time.

Protocol, over stdin and stdout: it says `{"ready": true}`; then for each request, a line
of JSON followed by `size` bytes of the file, it answers one line of JSON. It opens no file
of the user and ends when its input ends.
"""

import json
import os
import resource
import signal
import sys
from typing import Any, BinaryIO

_GRACE_SECONDS = 5


def main() -> None:
    """Serve requests until there are no more."""
    memory_mb = int(sys.argv[1])
    limit = memory_mb * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    requests, answers = sys.stdin.buffer, _private_stdout()
    _send(answers, {"ready": True})
    while line := requests.readline():
        request = json.loads(line)
        data = requests.read(request["size"])
        # Should the parent be gone, nobody else would end a parser that hangs.
        signal.alarm(request["seconds"] + _GRACE_SECONDS)
        _send(answers, _answer(request, data, memory_mb))
        signal.alarm(0)


def _private_stdout() -> BinaryIO:
    """Return the answers' pipe; what a library prints goes to stderr instead."""
    private = os.dup(1)
    os.dup2(2, 1)
    return os.fdopen(private, "wb")


def _answer(request: dict[str, Any], data: bytes, memory_mb: int) -> dict[str, Any]:
    # Imported under the limits, and only by a process that parses.
    from rag.corpus.parse import parse  # noqa: PLC0415
    from rag.corpus.wire import document_to_json, report_to_json  # noqa: PLC0415

    try:
        *documents, report = parse(
            data,
            request["source"],
            name=request["name"],
            unpacked_mb=request["unpacked_mb"],
            ocr=request["ocr"],
            seconds=request["seconds"],
        )
        return {
            "documents": [document_to_json(document) for document in documents],  # type: ignore[arg-type]
            "report": report_to_json(report),  # type: ignore[arg-type]
            "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        }
    except MemoryError:
        reason = f"needs more than {memory_mb} MB to read; split it or raise ingest.parse_memory_mb"
    except Exception as error:  # noqa: BLE001  (whatever a stranger's file does to a parser)
        detail = f"{type(error).__name__}: {error}"[:120]
        reason = f"made its reader fail ({detail}); save it again or in another format"
    return {"failed": reason}


def _send(answers: BinaryIO, message: dict[str, Any]) -> None:
    answers.write(json.dumps(message).encode() + b"\n")
    answers.flush()


if __name__ == "__main__":
    main()
