"""What every compared system answers, line by line; runs in any environment, stdlib only.

A system is a class with `ingest(documents)`, `search(question, scope, k)` and
`ask(question, scope)`. `serve` puts it behind JSON lines on stdin and stdout.
"""

import http.client
import json
import os
import resource
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

MAX_TOKENS = 120


def chat(messages):
    """Return what the model at `COMPARE_LLM` writes, greedily; the same for all systems."""
    address = urlsplit(os.environ["COMPARE_LLM"])
    connection = http.client.HTTPConnection(address.netloc, timeout=120)
    body = {"messages": messages, "max_tokens": MAX_TOKENS, "temperature": 0, "seed": 1}
    headers = {
        "Content-Type": "application/json",
        "Authorization": f"Bearer {os.environ['COMPARE_KEY']}",
    }
    try:
        connection.request("POST", "/v1/chat/completions", json.dumps(body), headers)
        reply = json.load(connection.getresponse())
    finally:
        connection.close()
    if "choices" not in reply:  # the prompt did not fit the window
        raise RuntimeError(str(reply)[:300])
    return reply["choices"][0]["message"]["content"]


def serve(make):
    """Answer requests until stdin ends; a failed one is answered with its error."""
    out, sys.stdout = sys.stdout, sys.stderr  # a library may print what it likes
    system = make()
    for line in sys.stdin:
        request = json.loads(line)
        started = time.perf_counter()
        try:
            reply = _do(system, request)
        except Exception as error:  # noqa: BLE001  (whatever a library raises is its result)
            reply = {"error": f"{type(error).__name__}: {error}"[:300]}
        reply["ms"] = 1000 * (time.perf_counter() - started)
        reply["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        out.write(json.dumps(reply) + "\n")
        out.flush()


def _do(system, request):
    if request["do"] == "ingest":
        with Path(request["documents"]).open(encoding="utf-8") as lines:
            documents = [json.loads(line) for line in lines]
        return {"chunks": system.ingest(documents)}
    if request["do"] == "search":
        return {"ids": system.search(request["question"], request["scope"], request["k"])}
    text, sources = system.ask(request["question"], request["scope"])
    return {"text": text, "sources": sources}
