"""Sitemaps and feeds: XML that lists pages, which may be anything at all."""

import json
import zlib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

import httpx
from lxml import etree
from pathspec import GitIgnoreSpec

from indexes.sources.address import NotAllowed, host_of, parse_address
from indexes.sources.content import Content, mirrored
from indexes.sources.manners import Manners
from indexes.sources.visit import LISTING_MB, Outcome, Visit
from rag.corpus.archive import parse_xml
from rag.corpus.describe import counted
from rag.errors import LoadError
from rag.index.mirror import Mirror

_MOST_LISTINGS = 500
_RAW = ".xml"
"""Suffix of a listing as it came; read, it becomes a list of entries."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An address that a listing names."""

    address: str
    changed: str = ""
    """When it says that the page changed, in its own words."""
    is_listing: bool = False
    """Whether the address is that of a further listing."""


@dataclass(slots=True)
class Listed:
    """The pages that the listings name."""

    pages: dict[httpx.URL, str] = field(default_factory=dict)
    """Each with what is said of when it changed."""
    whole: bool = True
    """Whether every listing could be read, so that what none of them names has gone."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which pages of the listings are wanted."""

    urls: Sequence[httpx.URL]
    changed: Mapping[str, str] = field(default_factory=dict[str, str])
    """When a page changed, by its address; one that did not is left alone."""
    stay: Collection[str] = ()
    """Copies that stay although no listing names them."""


def gather_listed(
    source: Manners,
    mirror: Path,
    roots: Sequence[httpx.URL],
    parse: "Callable[[etree._Element], Iterable[Entry]]",
    choose: Callable[[Listed, Mirror], Choice],
) -> Content:
    """Read the listings at `roots`, ask for each page that is chosen, and return the copies.

    Raises:
        SourceUnreachable: If no site answered.
        DiskFull: If there is no room for the copies.
    """
    with (
        Mirror(mirror) as copies,
        Mirror(mirror / "lists") as lists,
        Visit(source, roots) as visit,
    ):
        chosen = choose(read_listings(visit, lists, roots, parse), copies)
        visit.pages(chosen.urls, copies, chosen.changed)
        visit.check_reached(source.name)
        copies.retain({*chosen.stay, *map(str, chosen.urls)})
        return mirrored(copies, notes=visit.notes)


def read_listings(
    visit: Visit,
    lists: Mirror,
    urls: Sequence[httpx.URL],
    parse: "Callable[[etree._Element], Iterable[Entry]]",
) -> Listed:
    """Return what the listings at `urls` name, and those they name in turn.

    Args:
        visit: The round they are asked for in.
        lists: Copies of the listings, which stand in for one that cannot be had now.
        urls: The listings.
        parse: Yields the entries of one, and raises `LoadError` if it is none.
    """
    listed, elsewhere = Listed(), Counter[str]()
    seen, waiting = set(urls), list(reversed(urls))
    while waiting:
        url = waiting.pop()
        entries = _entries(visit, lists, url, parse)
        listed.whole = listed.whole and entries is not None
        further = []
        for target, entry in _targets(visit, url, entries or (), elsewhere):
            if entry.is_listing:
                further.append(target)
            else:
                listed.pages.setdefault(target, entry.changed)
        new = list(dict.fromkeys(target for target in further if target not in seen))
        seen.update(new)
        waiting += reversed(new)
        if len(seen) > _MOST_LISTINGS:
            listed.whole = False
            visit.note(f"{url} was the last listing read: there are more than {_MOST_LISTINGS}.")
            break
    for host, count in elsewhere.items():
        pages = counted(count, "listed page")
        visit.note(f"Left out: {pages} of {host}; add it to `hosts` to read what is there.")
    lists.retain({str(url) for url in seen} if listed.whole else lists.keys())
    return listed


def matching(
    urls: Iterable[httpx.URL], include: Sequence[str], exclude: Sequence[str]
) -> list[httpx.URL]:
    """Return the `urls` whose paths the patterns (.gitignore syntax) let through."""
    wanted, unwanted = GitIgnoreSpec.from_lines(include), GitIgnoreSpec.from_lines(exclude)

    def passes(url: httpx.URL) -> bool:
        path = url.path.lstrip("/")
        return not unwanted.match_file(path) and (not include or wanted.match_file(path))

    return [url for url in urls if passes(url)]


def known_addresses(keys: Iterable[str]) -> Iterator[httpx.URL]:
    """Yield the addresses among the keys of a mirror, in order."""
    for key in sorted(keys):
        with suppress(NotAllowed):  # nothing fetched ever came from such a one
            yield parse_address(key)


def local_name(element: "etree._Element") -> str:
    """Return an element's name without its namespace; "" for a comment."""
    return etree.QName(element).localname.lower() if isinstance(element.tag, str) else ""


def child_text(element: "etree._Element", name: str) -> str:
    """Return the text of the first child of that name, "" if there is none."""
    return next(((c.text or "").strip() for c in element if local_name(c) == name), "")


def _entries(
    visit: Visit,
    lists: Mirror,
    url: httpx.URL,
    parse: "Callable[[etree._Element], Iterable[Entry]]",
) -> list[Entry] | None:
    """Return the entries of one listing, None if it cannot be had or read.

    What is kept of it are the addresses alone: a feed tells of pages in their own words,
    which would stay when a page is forgotten.
    """
    key = str(url)
    outcome = visit.page(url, lists, suffix=_RAW)
    path = lists.path(key)
    if outcome is Outcome.GONE or path is None:
        return None
    try:
        if path.suffix != _RAW:
            return [Entry(**row) for row in json.loads(path.read_bytes())]
        entries = list(parse(parse_xml(_unpacked(path.read_bytes()))))
    except (LoadError, ValueError, TypeError) as error:
        lists.drop(key)
        visit.note(f"{url} lists nothing: it {error}.")
        return None
    rows = json.dumps([asdict(entry) for entry in entries]).encode()
    lists.put(key, key, ".json", [rows], lists.stamp(key) or {})
    return entries


def _unpacked(data: bytes) -> bytes:
    """Return `data`, unpacked if it is packed with gzip.

    Raises:
        LoadError: If it is damaged, or unpacks to more than a listing may hold.
    """
    if not data.startswith(b"\x1f\x8b"):
        return data
    most = LISTING_MB * 2**20
    try:
        plain = zlib.decompressobj(wbits=31).decompress(data, most + 1)
    except zlib.error:
        raise LoadError("is packed, and damaged") from None
    if len(plain) > most:
        raise LoadError(f"unpacks to more than {LISTING_MB} MB")
    return plain


def _targets(
    visit: Visit, base: httpx.URL, entries: Iterable[Entry], elsewhere: Counter[str]
) -> Iterable[tuple[httpx.URL, Entry]]:
    """Yield where the entries lead, leaving out other hosts and what is no address."""
    for entry in entries:
        try:
            target = parse_address(str(base.join(entry.address)))
        except (NotAllowed, httpx.InvalidURL, UnicodeError, ValueError):
            visit.note(f"{base} lists {entry.address[:200]!r}, which cannot be fetched.")
            continue
        if host_of(target) in visit.hosts:
            yield target, entry
        else:
            elsewhere[host_of(target)] += 1
