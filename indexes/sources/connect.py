"""Connections that go to checked addresses only, and end in time.

httpx decides what a request is; this decides where it goes. The deadline holds for a whole
exchange, so a server that sends a byte a second is not waited for byte by byte.
"""

import socket
import ssl
import time
from collections.abc import Iterable, Iterator
from typing import Any, cast

import httpcore
import httpx

from indexes.sources.address import Lookup, checked_addresses


class CheckedTransport(httpx.BaseTransport):
    """Carries requests of an `httpx.Client` over connections to checked addresses."""

    def __init__(self, *, allow_private: bool, lookup: Lookup = socket.getaddrinfo) -> None:
        """Prepare; nothing is connected yet."""
        self._backend = _CheckedBackend(allow_private=allow_private, lookup=lookup)
        self._pool = httpcore.ConnectionPool(
            ssl_context=httpx.create_ssl_context(),
            network_backend=self._backend,
            max_connections=4,
            keepalive_expiry=30,
        )

    def end_after(self, seconds: float) -> None:
        """Give whatever is read or written from now on `seconds` in all."""
        self._backend.deadline = time.monotonic() + seconds

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send `request` and return the response, whose body is still to be read."""
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        response = self._pool.handle_request(
            httpcore.Request(
                request.method,
                url,
                headers=request.headers.raw,
                content=cast(httpx.SyncByteStream, request.stream),
            )
        )
        return httpx.Response(response.status, headers=response.headers, stream=_Body(response))

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()


class _Body(httpx.SyncByteStream):
    """The body of a response, as httpx wants it."""

    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        yield from self._response.iter_stream()

    def close(self) -> None:
        self._response.close()


class _CheckedBackend(httpcore.NetworkBackend):
    """Looks a host up, checks what it stands for, and connects to just that."""

    def __init__(self, *, allow_private: bool, lookup: Lookup) -> None:
        self.deadline = float("inf")
        self._allow_private = allow_private
        self._lookup = lookup
        self._inner = httpcore.SyncBackend()

    def connect_tcp(  # the deadline stands for timeouts
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002
        local_address: str | None = None,  # noqa: ARG002
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        addresses = checked_addresses(
            host, port, allow_private=self._allow_private, lookup=self._lookup
        )
        for address in addresses[:-1]:
            try:
                return self._connect(address, port)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue  # the next one may answer
        return self._connect(addresses[-1], port)

    def left(self) -> float:
        """Return the seconds until the deadline.

        Raises:
            httpcore.ReadTimeout: If it has passed.
        """
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("the time for this page is up")
        return left

    def _connect(self, address: str, port: int) -> httpcore.NetworkStream:
        stream = self._inner.connect_tcp(address, port, timeout=self.left())
        return _TimedStream(stream, self)


class _TimedStream(httpcore.NetworkStream):
    """A stream that waits no longer than until its backend's deadline."""

    def __init__(self, inner: httpcore.NetworkStream, backend: _CheckedBackend) -> None:
        self._inner = inner
        self._backend = backend

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        return self._inner.read(max_bytes, self._backend.left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        self._inner.write(buffer, self._backend.left())

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        inner = self._inner.start_tls(ssl_context, server_hostname, self._backend.left())
        return _TimedStream(inner, self._backend)

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401  (as the protocol has it)
        return self._inner.get_extra_info(info)
