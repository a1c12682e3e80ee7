"""What every compared system does, line by line: imported in any environment, stdlib only.

A system is a class made without arguments that has

    ingest(documents, folder) -> chunks      [{"_id", "title", "text"}]; the index is saved there
    search(question, k) -> ids               documents, best chunk first, over the whole corpus
    ask(question, scope) -> (text, sources)  only from the documents in scope, if any are named

A source is [id, start, text]: the passage that was handed to the model, and at which
character of the document the library says it begins (None when it does not say). A system
that cites by sentence returns [[sentence, [[title, quote, exact], ...]], ...] as a third value.
"""

import json
import os
import resource
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

MAX_TOKENS = 120
CONTEXT_TOKENS = 4096


class Writer:
    """The common generator, in this process by llama.cpp, greedy; loaded at the first use."""

    def __init__(self):
        self.server = None

    def write(self, messages):
        """Return the reply to chat messages.

        Raises:
            RuntimeError: With what llama.cpp says, as when the prompt does not fit.
        """
        if self.server is None:
            self.server = self._load()
        request = {"messages": messages, "max_tokens": MAX_TOKENS, "temperature": 0, "seed": 1}
        reply = self.server.handle_chat_completions(request)
        if "choices" not in reply:
            raise RuntimeError(str(reply.get("error", reply)))
        return reply["choices"][0]["message"]["content"]

    def _load(self):
        import xllamacpp  # noqa: PLC0415  (another environment has it)

        params = xllamacpp.CommonParams()
        params.model.path = os.environ["COMPARE_GENERATOR"]
        params.n_ctx, params.n_parallel, params.verbosity = CONTEXT_TOKENS, 1, -1
        params.fit_params, params.ui = False, False
        if threads := int(os.environ.get("COMPARE_THREADS", "0")):
            params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
        return xllamacpp.Server(params)


def serve(make, *packages):
    """Answer requests until stdin ends; what fails is answered with its error."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # a library may print what it likes, in C too
    system = None
    for line in sys.stdin:
        request = json.loads(line)
        started = time.perf_counter()
        try:
            if request["do"] == "start":
                system = make()
                reply = {"versions": {name: _version(name) for name in packages}}
            else:
                reply = _do(system, request)
        except Exception as error:  # noqa: BLE001  (whatever a library raises is its result)
            reply = {"error": f"{type(error).__name__}: {error}"[:300]}
        reply["ms"] = 1000 * (time.perf_counter() - started)
        reply["peak_mb"] = peak_mb()
        out.write(json.dumps(reply) + "\n")
        out.flush()


def peak_mb():
    """Return the most memory this process held at once, in MB, of its own program alone."""
    status = Path("/proc/self/status")  # getrusage counts what a parent held before exec
    if status.exists():
        line = next(t for t in status.read_text().splitlines() if t.startswith("VmHWM"))
        return int(line.split()[1]) * 1024 / 1e6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6


def _do(system, request):
    if request["do"] == "ingest":
        with Path(request["corpus"]).open(encoding="utf-8") as lines:
            documents = [json.loads(line) for line in lines]
        return {"chunks": system.ingest(documents, request["folder"])}
    if request["do"] == "search":
        return {"ids": system.search(request["question"], request["k"])}
    text, sources, *sentences = system.ask(request["question"], request["scope"])
    return {"text": text, "sources": sources, "sentences": sentences[0] if sentences else None}


def _version(name):
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
