"""The pages that feeds tell of: RSS (0.9 to 2.0) and Atom (RFC 4287)."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from indexes.keys import REQUIRED, key
from indexes.sources.content import Content
from indexes.sources.listing import (
    Choice,
    Entry,
    Listed,
    gather_listed,
    known_addresses,
    local_name,
)
from indexes.sources.manners import Manners, checked_addresses
from rag.errors import LoadError
from rag.index.mirror import Mirror

if TYPE_CHECKING:
    from lxml import etree

_FEEDS = {"rss", "rdf", "feed"}
_ITEMS = {"item", "entry"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed(Manners):
    """Every page that feeds link to, now or, with `keep`, ever since."""

    feeds: tuple[str, ...] = key(REQUIRED, "addresses of the feeds, http or https")
    keep: bool = key(
        True, "whether a page stays when the feed no longer lists it but the site still has it"
    )

    def __post_init__(self) -> None:
        """Refuse an address that cannot be fetched."""
        Manners.__post_init__(self)
        checked_addresses("feeds", self.feeds)

    def gather(self, mirror: Path) -> Content:
        """Read the feeds, ask for each page and return the copies.

        Raises:
            SourceUnreachable: If no site answered.
            DiskFull: If there is no room for the copies.
        """
        roots = checked_addresses("feeds", self.feeds)
        return gather_listed(self, mirror, roots, feed_entries, self._choose)

    def _choose(self, listed: Listed, copies: Mirror) -> Choice:
        stay = copies.keys() if self.keep or not listed.whole else set()
        return Choice(list(dict.fromkeys([*listed.pages, *known_addresses(stay)])))


def feed_entries(root: "etree._Element") -> Iterator[Entry]:
    """Yield the pages a feed links to.

    Raises:
        LoadError: If it is no feed.
    """
    if local_name(root) not in _FEEDS:
        raise LoadError(f"is no feed but <{local_name(root)[:40]}>")
    for element in root.iter():
        if local_name(element) in _ITEMS and (address := _link(element)):
            yield Entry(address)


def _link(item: "etree._Element") -> str:
    """Return the address of an item's page: Atom's alternate link, RSS's link or guid."""
    for child in item:
        address = (child.get("href") or child.text or "").strip()
        if local_name(child) == "link" and child.get("rel", "alternate") == "alternate" and address:
            return address
    permanent = [c for c in item if local_name(c) == "guid" and c.get("isPermaLink") != "false"]
    return (permanent[0].text or "").strip() if permanent else ""
