"""One round over the pages of a source: ask what has changed, keep the rest.

A page is asked for with what is known of its copy (ETag, Last-Modified). It may be the
same (304), new, gone (404, 410), or not to be had now: then its last copy stays, and a
note says so.
"""

import random
import re
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from enum import Enum, auto
from itertools import zip_longest
from types import MappingProxyType

import httpx

from indexes.sources.address import NotAllowed, host_of
from indexes.sources.fetch import Fetcher, NotFetched
from indexes.sources.manners import Manners, checked_host
from indexes.sources.media import as_utf8, charset_of, suffix_for
from rag.closing import Closing
from rag.corpus.describe import counted
from rag.errors import SourceUnreachable
from rag.index.mirror import Mirror

_PATIENCE = 3
"""Requests in a row without any answer after which a host is left alone for this round."""
_MOST_NOTES = 50
LISTING_MB = 50
"""Largest sitemap or feed, as sitemaps.org has it."""
_SENDABLE = re.compile(r"[\x20-\x7e]{1,1000}")
_GONE = {404, 410}


class Outcome(Enum):
    """What came of asking for one page."""

    HELD = auto()
    """There is a copy, and it is what the site has now."""
    GONE = auto()
    """The site has it no more."""
    MISSED = auto()
    """Not to be had now; a copy there was still stands."""


class Visit(Closing):
    """Asks for pages within the limits of `manners`, and notes what could not be had."""

    def __init__(self, manners: Manners, listed: Iterable[httpx.URL]) -> None:
        """Prepare a round over the hosts of `listed`, the addresses in the recipe."""
        named = {checked_host(host) for host in manners.hosts}
        self.hosts = frozenset({*named, *map(host_of, listed)})
        self.reached = 0
        """Pages whose site answered for them."""
        self._manners = manners
        self._fetcher = Fetcher(manners, self.hosts)
        self._notes: list[str] = []
        self._unasked: Counter[str] = Counter()
        self._silent: Counter[str] = Counter()
        self._resting: dict[str, str] = {}
        self._end = time.monotonic() + manners.minutes * 60

    def close(self) -> None:
        """Let go of the connections."""
        self._fetcher.close()

    @property
    def notes(self) -> tuple[str, ...]:
        """Return what could not be had and why, one sentence each."""
        shown = self._notes[:_MOST_NOTES]
        if more := len(self._notes) - len(shown):
            shown.append(f"Not fetched either: {counted(more, 'further page')}.")
        for why, count in self._unasked.items():
            shown.append(f"Not asked for: {counted(count, 'page')}, since {why}.")
        return tuple(shown)

    def note(self, sentence: str) -> None:
        """Add a sentence to the notes."""
        self._notes.append(sentence)

    def pages(
        self,
        urls: Sequence[httpx.URL],
        copies: Mirror,
        listed: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Bring the copies of `urls` up to date: new ones and those longest unasked in turn.

        So neither can hold up the other when time runs out, and pages that never answer
        cannot hold up those that do.

        Args:
            urls: The pages, without repeats.
            copies: Where the copies are.
            listed: When pages are said to have changed; one whose copy was made when the
                same was said is not asked for.
        """
        for url in _in_turn(self._within_limit(urls, copies), copies):
            if copies.is_barred(str(url)):
                continue
            said = listed.get(str(url), "")
            if said and (copies.stamp(str(url)) or {}).get("listed") == said:
                self.reached += 1
            elif self.page(url, copies) is Outcome.HELD and said:
                copies.keep(str(url), {**(copies.stamp(str(url)) or {}), "listed": said})

    def page(self, url: httpx.URL, copies: Mirror, suffix: str | None = None) -> Outcome:
        """Bring the copy of `url` up to date.

        Args:
            url: The page; its text is also the copy's key.
            copies: Where the copy is.
            suffix: Of a listing, which is kept whatever the server says it is; None for a page.
        """
        host = host_of(url)
        why = self._resting.get(host, "")
        if time.monotonic() > self._end:
            why = f"the {self._manners.minutes:g} minutes of this round were over"
        if why:
            self._unasked[why] += 1
            return Outcome.MISSED
        try:
            outcome = self._ask(url, copies, suffix)
        except (NotAllowed, NotFetched) as error:
            self._missed(url, host, error, copies)
            return Outcome.MISSED
        self._silent[host] = 0
        self.reached += 1
        return outcome

    def check_reached(self, name: str) -> None:
        """Refuse a round in which no site answered.

        Raises:
            SourceUnreachable: With the first reason.
        """
        if self._notes and not self.reached:
            raise SourceUnreachable(
                f"nothing of the source {name!r} could be reached: {self._notes[0]} "
                "What it held stays; see to the connection and run it again."
            )

    def _within_limit(self, urls: Sequence[httpx.URL], copies: Mirror) -> list[httpx.URL]:
        """Return as many pages as may be kept, first those there are copies of."""
        most = self._manners.max_pages
        if len(urls) > most:
            self.note(
                f"{len(urls)} pages are listed and {most} were read; raise max_pages to read more."
            )
        known = copies.keys()
        return sorted(urls, key=lambda url: str(url) not in known)[:most]

    def _ask(self, url: httpx.URL, copies: Mirror, suffix: str | None) -> Outcome:
        address, stamp = str(url), copies.stamp(str(url))
        with self._fetcher.get(url, _conditions(stamp)) as response:
            if response.status_code == 304 and stamp is not None:
                copies.keep(address, {**stamp, "asked": _now()})
                return Outcome.HELD
            if response.status_code in _GONE:
                copies.drop(address)
                self.note(f"{address} is gone ({response.status_code}).")
                return Outcome.GONE
            self._check_status(response, host_of(url))
            kept = suffix_for(response.headers, url.path) if suffix is None else suffix
            if kept is None:
                media = response.headers.get("content-type", "")[:80]
                raise NotFetched(f"it is of the type {media!r}, which is not read")
            most_mb = self._manners.max_mb if suffix is None else LISTING_MB
            blocks = self._fetcher.blocks(response, most_mb)
            if suffix is None and (encoding := charset_of(response.headers, kept)):
                blocks = as_utf8(blocks, encoding)
            copies.put(address, address, kept, blocks, _stamp(response.headers))
        return Outcome.HELD

    def _check_status(self, response: httpx.Response, host: str) -> None:
        status = response.status_code
        if status == 429:
            self._resting[host] = f"{host} asked not to be asked now ({status})"
        if status != 200:
            raise NotFetched(f"the site answers {status}", silent=status == 503)

    def _missed(
        self, url: httpx.URL, host: str, error: NotAllowed | NotFetched, copies: Mirror
    ) -> None:
        stamp = copies.stamp(str(url))
        if stamp is not None:
            copies.keep(str(url), {**stamp, "asked": _now()})
        self._silent[host] += 1 if isinstance(error, NotFetched) and error.silent else 0
        if self._silent[host] >= _PATIENCE:
            self._resting[host] = f"{host} did not answer {_PATIENCE} times in a row"
        held = "there is no copy of it yet" if stamp is None else "its last copy stays"
        self.note(f"{url} was not fetched: {error}; {held}.")


def _in_turn(urls: Sequence[httpx.URL], copies: Mirror) -> list[httpx.URL]:
    """Return `urls` with new ones, in any order, and known ones, longest unasked first, in turn."""
    asked = {url: (copies.stamp(str(url)) or {}).get("asked", "") for url in urls}
    known = sorted((url for url in urls if asked[url]), key=lambda url: asked[url])
    new = [url for url in urls if not asked[url]]
    random.shuffle(new)
    return [url for pair in zip_longest(new, known) for url in pair if url is not None]


def _conditions(stamp: Mapping[str, str] | None) -> dict[str, str]:
    """Return the headers that ask for a page only if it is not the one `stamp` speaks of."""
    wanted = {"If-None-Match": "etag", "If-Modified-Since": "modified"}
    return {header: stamp[name] for header, name in wanted.items() if stamp and stamp.get(name)}


def _stamp(headers: httpx.Headers) -> dict[str, str]:
    stamp = {
        "etag": headers.get("etag", ""),
        "modified": headers.get("last-modified", ""),
        "asked": _now(),
    }
    return {name: value for name, value in stamp.items() if value and _SENDABLE.fullmatch(value)}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")
