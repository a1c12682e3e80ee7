"""A real HTTP server on loopback that plays one behaviour per request."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Play = Callable[["Handler"], None]


class Server(ThreadingHTTPServer):
    """Plays `plays` in turn, the last one for ever; keeps what it was asked."""

    daemon_threads = True

    def __init__(self, plays: list[Play]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.plays = plays
        self.asked: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.over = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing when a client has left."""


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        self.server.asked.append(json.loads(self.rfile.read(length)))
        self.server.headers.append(dict(self.headers))
        turn = min(len(self.server.asked), len(self.server.plays)) - 1
        self.server.plays[turn](self)

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def head(self, status: int = 200, kind: str = "text/event-stream", **more: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        for name, value in more.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def send(self, data: bytes) -> None:
        self.wfile.write(data)
        self.wfile.flush()

    def say(self, text: str, finish: str | None = None, **more: object) -> None:
        choice = {"index": 0, "delta": {"content": text}, "finish_reason": finish}
        tree = {"choices": [choice], **more}
        self.send(b"data: " + json.dumps(tree, ensure_ascii=False).encode() + b"\n\n")


@contextmanager
def serving(*plays: Play) -> Iterator[Server]:
    """Run a server that plays `plays`."""
    server = Server(list(plays))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.over.set()
        server.shutdown()
        server.server_close()
        thread.join(5)


def whole(*texts: str) -> Play:
    """Answer properly, word by word."""

    def play(handler: Handler) -> None:
        handler.head()
        handler.send(b": a comment\n\n")
        for text in texts:
            handler.say(text)
        handler.say("", "stop")
        handler.send(b"data: [DONE]\n\n")

    return play


def status(code: int, body: bytes = b"", kind: str = "application/json", **headers: str) -> Play:
    """Answer with an error."""

    def play(handler: Handler) -> None:
        handler.head(code, kind, Content_Length=str(len(body)), **headers)
        handler.send(body)

    return play


def raw(data: bytes, kind: str = "text/event-stream") -> Play:
    """Send exactly these bytes and close."""

    def play(handler: Handler) -> None:
        handler.head(200, kind)
        handler.send(data)

    return play


def silent(handler: Handler) -> None:
    """Accept and never answer."""
    handler.server.over.wait(20)


def headers_only(handler: Handler) -> None:
    """Send the head of a response and nothing else."""
    handler.head()
    handler.server.over.wait(20)


def endless(handler: Handler) -> None:
    """Talk, slowly, without an end."""
    handler.head()
    while not handler.server.over.is_set():
        handler.say("word ")
        time.sleep(0.005)


def flood(handler: Handler) -> None:
    """Send one line that never ends, fast."""
    handler.head()
    handler.send(b"data: ")
    while not handler.server.over.is_set():
        handler.send(b"x" * 100_000)


def hang_up(handler: Handler) -> None:
    """Close the connection without a word."""
    handler.connection.close()
