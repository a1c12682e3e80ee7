"""Requests that keep to the rules of the recipe and of the site, hop by hop.

Every hop is checked by itself: the scheme, the host, what the host's robots.txt allows,
how long ago it was asked, and, when the connection is made, the address behind its name.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version

import httpcore
import httpx

from indexes.sources.address import NotAllowed, host_of, parse_address
from indexes.sources.connect import CheckedTransport
from indexes.sources.manners import Manners
from indexes.sources.robots import AGENT, Robots
from rag.closing import Closing

_REDIRECTS = {301, 302, 303, 307, 308}
_ENCODINGS = {"", "identity", "gzip", "x-gzip", "deflate"}
"""Of a body on its way. Others, or several, could unpack to any size from one block."""
_ACCEPT = "text/html,application/xhtml+xml,application/pdf,text/*;q=0.9,*/*;q=0.5"


class NotFetched(Exception):
    """A page that could not be had now, and why, as the end of a sentence."""

    def __init__(self, why: str, *, silent: bool = False) -> None:
        """Say why; `silent` if the host did not answer at all."""
        super().__init__(why)
        self.silent = silent


class Fetcher(Closing):
    """Asks hosts for pages, one request at a time."""

    def __init__(self, manners: Manners, hosts: frozenset[str]) -> None:
        """Prepare to fetch pages of `hosts`; nothing is asked yet."""
        self._manners = manners
        self._hosts = hosts
        self._robots: dict[str, Robots] = {}
        self._last: dict[str, float] = {}
        self._transport = CheckedTransport(allow_private=manners.allow_private)
        contact = f"; {manners.contact}" if manners.contact else ""
        agent = f"{AGENT}/{version('quotewell')} (reads pages for a search index{contact})"
        self._client = httpx.Client(
            transport=self._transport,
            headers={"User-Agent": agent, "Accept": _ACCEPT, "Accept-Encoding": "gzip, deflate"},
        )

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    @contextmanager
    def get(self, url: httpx.URL, headers: Mapping[str, str]) -> Iterator[httpx.Response]:
        """Give the answer to a request for `url`, its body still to be read with `blocks`.

        Raises:
            NotAllowed: If the recipe, the site's robots.txt or an address forbids it.
            NotFetched: If there was no answer in time, or redirects without end.
        """
        with self._followed(url, headers, robots=True) as response:
            yield response

    def blocks(self, response: httpx.Response, most_mb: int) -> Iterator[bytes]:
        """Yield the body of `response`.

        Raises:
            NotFetched: If it breaks off, is empty, or larger than `most_mb`.
        """
        encoding = response.headers.get("content-encoding", "").strip().lower()
        if encoding not in _ENCODINGS:
            raise NotFetched(f"its encoding {encoding[:40]!r} is not read")
        size = 0
        with _network_errors():
            for block in response.iter_bytes():
                size += len(block)
                if size > most_mb * 2**20:
                    raise NotFetched(f"it is larger than {most_mb} MB; raise max_mb to read it")
                yield block
        if not size:
            raise NotFetched("the answer is empty")

    @contextmanager
    def _followed(
        self, url: httpx.URL, headers: Mapping[str, str], *, robots: bool
    ) -> Iterator[httpx.Response]:
        for _ in range(self._manners.redirects + 1):
            if robots:
                self._check(url)
            self._wait(url)
            with self._sent(url, headers) as response:
                target = response.headers.get("location", "")
                if response.status_code not in _REDIRECTS or not target:
                    yield response
                    return
            url = redirected(url, target)
        raise NotFetched(f"it redirects more than {self._manners.redirects} times")

    @contextmanager
    def _sent(self, url: httpx.URL, headers: Mapping[str, str]) -> Iterator[httpx.Response]:
        self._transport.end_after(self._manners.timeout_s)
        self._client.cookies.clear()  # a page must not depend on those before it
        with _network_errors():
            response = self._client.send(
                self._client.build_request("GET", url, headers=dict(headers)), stream=True
            )
        try:
            yield response
        finally:
            response.close()

    def _check(self, url: httpx.URL) -> None:
        host = host_of(parse_address(str(url)))
        if host not in self._hosts:
            raise NotAllowed(f"it leads to the host {host}; add that to `hosts` if it is meant")
        rules = self._rules(url)
        if rules.missing:
            raise NotFetched(
                f"the robots.txt of {host} cannot be had: {rules.missing}", silent=True
            )
        if not rules.allow(url):
            raise NotAllowed(f"the robots.txt of {host} does not allow it")

    def _rules(self, url: httpx.URL) -> Robots:
        """Return what the host's robots.txt says (RFC 9309), asking for it once a round."""
        origin = f"{url.scheme}://{url.netloc.decode('ascii')}"
        if origin not in self._robots:
            try:
                self._robots[origin] = self._read_rules(httpx.URL(f"{origin}/robots.txt"))
            except NotFetched as error:  # unknown rules forbid everything, until the next round
                self._robots[origin] = Robots.unknown(str(error))
        return self._robots[origin]

    def _read_rules(self, url: httpx.URL) -> Robots:
        try:  # a redirect may lead anywhere public, as the standard has it
            with self._followed(url, {}, robots=False) as response:
                if 400 <= response.status_code < 500 and response.status_code != 429:
                    return Robots.none()
                if not response.is_success:
                    raise NotFetched(f"it answers {response.status_code}")
                return Robots.read(self._head(response))
        except NotAllowed as error:
            raise NotFetched(str(error)) from None

    def _head(self, response: httpx.Response) -> bytes:
        """Return the beginning of a robots.txt, as much of it as anyone need read."""
        body = bytearray()
        with _network_errors():
            for block in response.iter_bytes():
                body += block
                if len(body) > Robots.LONGEST:
                    break
        return bytes(body[: Robots.LONGEST])

    def _wait(self, url: httpx.URL) -> None:
        """Let the host rest between two requests, as long as it asks for itself."""
        host = host_of(url)
        origin = f"{url.scheme}://{url.netloc.decode('ascii')}"
        asked = self._robots[origin].delay_s if origin in self._robots else 0.0
        delay = max(self._manners.delay_s, asked)
        time.sleep(max(0.0, self._last.get(host, -delay) + delay - time.monotonic()))
        self._last[host] = time.monotonic()


def redirected(url: httpx.URL, target: str) -> httpx.URL:
    """Return where a redirect from `url` leads.

    Raises:
        NotAllowed: If that is no plain web address, or one without the encryption of `url`.
    """
    try:
        new = parse_address(str(url.join(target)))
    except (httpx.InvalidURL, UnicodeError, ValueError):
        raise NotAllowed("it redirects to an address that cannot be read") from None
    except NotAllowed as error:
        raise NotAllowed(f"it redirects to where {error}") from None
    if url.scheme == "https" and new.scheme == "http":
        raise NotAllowed("it redirects from https to http")
    return new


@contextmanager
def _network_errors() -> Iterator[None]:
    """Turn what a connection may raise into `NotFetched`."""
    try:
        yield
    except (httpcore.TimeoutException, httpx.TimeoutException):
        raise NotFetched("there was no whole answer in time", silent=True) from None
    except (httpcore.NetworkError, httpx.NetworkError) as error:
        raise NotFetched(f"the connection failed ({_first_line(error)})", silent=True) from None
    except (httpcore.ProtocolError, httpx.ProtocolError, httpx.DecodingError) as error:
        raise NotFetched(f"the answer is broken ({_first_line(error)})") from None


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
