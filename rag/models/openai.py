"""Any server that speaks OpenAI's chat completions, hosted or on your own machine."""

import json
import os
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import httpx

from rag.errors import GeneratorFailed, SettingsError
from rag.models.handover import Put, hand_over
from rag.protocols import Message

_CONNECT_S = 10.0
_FIRST_WAIT_S = 0.5
_LONGEST_WAIT_S = 30.0
_LONGEST_REPLY = 4_000_000  # bytes; no answer is that long, an endless stream is
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_SEED = 1
_LOOK_S = 0.05  # between two looks whether somebody still reads
_SHOWN = 200  # bytes of a server's words that go into a message


class OpenAIGenerator:
    """Writes with a model behind `/chat/completions`, streamed as server-sent events.

    Failed connections, "too many requests" and server errors are tried again, with waits that
    double and vary, until the first text has come; after that a failure is final. The key is
    read from the environment at each request and appears in no message.
    """

    def __init__(
        self,
        url: str,
        model: str,
        *,
        api_key_env: str = "",
        retries: int = 2,
        first_wait: float = _FIRST_WAIT_S,
    ) -> None:
        """Remember whom to ask.

        Args:
            url: Base address, such as `http://localhost:8000/v1`.
            model: The name the server knows the model by.
            api_key_env: Name of the environment variable that holds the key; empty for none.
            retries: Further tries of a failed request.
            first_wait: Wait before the second try, in seconds.

        Raises:
            SettingsError: If `url` is no http address.
        """
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise SettingsError(
                f"generator.url must be an http(s) address such as http://localhost:8000/v1,"
                f" got {url!r}"
            )
        self.name = model
        self._url = url.rstrip("/") + "/chat/completions"
        self._key_env, self._retries, self._first_wait = api_key_env, retries, first_wait
        # A proxy cannot reach what listens on this machine only.
        self._use_proxies = parts.hostname not in _LOOPBACK

    def count_tokens(self, text: str) -> int:
        """Return an over-estimate of the length in tokens, since the tokenizer is the server's.

        One token for every three bytes of UTF-8 and every word, which exceeds what byte-pair
        encodings need for prose, code and other scripts.
        """
        return (len(text.encode("utf-8", "replace")) + 2) // 3 + len(text.split())

    def stream(
        self, messages: Sequence[Message], *, max_tokens: int, deadline: float
    ) -> Iterator[str]:
        """Yield text as it comes; to stop reading closes the connection at the next piece.

        Args:
            messages: `{"role": "system" | "user" | "assistant", "content": text}`, in order.
            max_tokens: Longest reply in tokens.
            deadline: Seconds from now within which the whole reply must have come.

        Raises:
            SettingsError: If the variable that should hold the key is not set.
            GeneratorFailed: If the server cannot be reached, is late or answers nonsense.
        """
        body = {
            "model": self.name,
            "messages": list(messages),
            "max_tokens": max_tokens,
            "temperature": 0,
            "seed": _SEED,
            "stream": True,
        }
        headers = {"Accept-Encoding": "identity", **self._authorization()}
        timeout = httpx.Timeout(deadline, connect=min(_CONNECT_S, deadline))
        ends = time.monotonic() + deadline

        def write(put: Put) -> None:
            with httpx.Client(timeout=timeout, trust_env=self._use_proxies) as client:
                request = client.build_request("POST", self._url, json=body, headers=headers)
                self._try(client, request, put, ends)

        yield from hand_over(self.name, write, deadline=deadline, daemon=True)

    def _authorization(self) -> dict[str, str]:
        if not self._key_env:
            return {}
        key = os.environ.get(self._key_env, "").strip()
        if not key:
            raise SettingsError(
                f"the variable {self._key_env} (generator.api_key_env) is not set; put the key of"
                f" {urlsplit(self._url).hostname} into it"
            )
        return {"Authorization": f"Bearer {key}"}

    def _try(self, client: httpx.Client, request: httpx.Request, put: Put, ends: float) -> None:
        """Ask until text has come, waiting between tries; never past `ends`."""
        for attempt in range(self._retries + 1):
            try:
                self._ask(client, request, put)
                return
            except _Passing as passing:
                wait = self._wait(attempt) if passing.wait is None else passing.wait
                if attempt == self._retries or time.monotonic() + wait > ends:
                    asks = "" if passing.wait is None else f" and asks to wait {wait:g} s"
                    tries = f"{attempt + 1} {'try' if attempt == 0 else 'tries'}"
                    raise GeneratorFailed(f"{passing}{asks}; gave up after {tries}") from passing
                if not _sleep(wait, put):
                    return

    def _wait(self, attempt: int) -> float:
        """Return seconds until the next try: doubling, and varied so that clients spread out."""
        longest = min(_LONGEST_WAIT_S, self._first_wait * 2.0**attempt)
        return longest * random.uniform(0.5, 1)  # noqa: S311  (no secret)

    def _ask(self, client: httpx.Client, request: httpx.Request, put: Put) -> None:
        written = False

        def put_text(text: str) -> bool:
            nonlocal written
            written = written or bool(text)
            return put(text)

        try:
            response = client.send(request, stream=True)
            try:
                self._check(response)
                self._copy(response, put_text)
            finally:
                response.close()
        except httpx.RequestError as error:
            said = str(error) or type(error).__name__
            if written:
                raise self._failed(f"broke off in the middle of a reply: {said}") from error
            raise _Passing(self._words(f"cannot be reached: {said}")) from error

    def _check(self, response: httpx.Response) -> None:
        """Pass when the response is a stream of events."""
        status, kind = response.status_code, response.headers.get("content-type", "")
        if status == httpx.codes.OK and "html" not in kind:
            return
        if status == httpx.codes.TOO_MANY_REQUESTS or status >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise _Passing(self._words(f"answered {status}"), _retry_after(response.headers))
        if status == httpx.codes.OK:
            raise self._failed("answered with a web page; check generator.url")
        if status in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
            raise self._failed(f"refused the key ({status}); check generator.api_key_env")
        if status == httpx.codes.NOT_FOUND:
            advice = "check generator.url and generator.model"
            raise self._failed(f"answered 404: {_message(response)}; {advice}")
        raise self._failed(f"answered {status}: {_message(response)}")

    def _copy(self, response: httpx.Response, put: Put) -> None:
        """Hand on the text of every event, up to the one that ends the reply."""
        written = False
        for line in self._lines(response):
            text, over = self._event(line)
            written = written or bool(text)
            if not put(text) or (over and written):
                return
            if over:
                raise self._failed("ended its reply without a word")
        raise self._failed("closed the connection in the middle of a reply")

    def _lines(self, response: httpx.Response) -> Iterator[bytes]:
        size, rest = 0, b""
        for piece in response.iter_bytes():
            size += len(piece)
            if size > _LONGEST_REPLY:
                raise self._failed(f"sent more than {_LONGEST_REPLY / 1e6:.0f} MB and no end")
            *lines, rest = (rest + piece).split(b"\n")
            yield from (line.rstrip(b"\r") for line in lines)
        if rest:
            yield rest

    def _event(self, line: bytes) -> tuple[str, bool]:
        """Return the text of one line of the stream, and whether the reply ends with it."""
        if not line.startswith(b"data:"):
            if line[:1] in (b"", b":") or line.split(b":")[0] in (b"event", b"id", b"retry"):
                return "", False
            raise self._failed(f"sent something that is no event: {_shown(line)}")
        data = line[5:].strip()
        if data == b"[DONE]":
            return "", True
        try:
            tree = json.loads(data)
            if "error" in tree:
                raise self._failed(f"reported {_shown(str(tree['error']).encode())}")
            return _first_choice(tree["choices"])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise self._failed(f"sent an event that cannot be read: {_shown(data)}") from error

    def _failed(self, what: str) -> GeneratorFailed:
        return GeneratorFailed(self._words(what))

    def _words(self, what: str) -> str:
        key = os.environ.get(self._key_env, "").strip() if self._key_env else ""
        if key:  # some servers repeat it in their complaint
            what = what.replace(key, "***")
        return f"{self.name} at {urlsplit(self._url).netloc.rpartition('@')[2]} {what}"


class _Passing(Exception):
    """A failure that may pass, with the wait in seconds the server asks for, if any."""

    def __init__(self, message: str, wait: float | None = None) -> None:
        super().__init__(message)
        self.wait = wait


def _first_choice(choices: Any) -> tuple[str, bool]:  # noqa: ANN401  (a stranger's JSON)
    if not choices:  # a last event with figures of usage has none
        return "", False
    text = (choices[0].get("delta") or {}).get("content") or ""
    if not isinstance(text, str):
        raise TypeError(text)
    return text, choices[0].get("finish_reason") is not None


def _retry_after(headers: Mapping[str, str]) -> float | None:
    try:
        seconds = float(headers.get("retry-after", ""))
    except ValueError:  # absent, or a date
        return None
    return seconds if seconds >= 0 else None  # also drops "nan"


def _sleep(seconds: float, put: Put) -> bool:
    """Wait; return whether somebody still reads."""
    ends = time.monotonic() + seconds
    while (left := ends - time.monotonic()) > 0:
        if not put(""):
            return False
        time.sleep(min(_LOOK_S, left))
    return put("")


def _message(response: httpx.Response) -> str:
    """Return the beginning of what an error response says."""
    text = next(response.iter_bytes(4096), b"")
    try:
        said = json.loads(text)["error"]
        return _shown(str(said["message"] if isinstance(said, dict) else said).encode())
    except (ValueError, KeyError, TypeError):
        return _shown(text)


def _shown(data: bytes) -> str:
    return " ".join(data[:_SHOWN].decode("utf-8", "replace").split()) or "nothing"
