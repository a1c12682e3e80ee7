"""The pages of sites, as their sitemaps list them (sitemaps.org)."""

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
    child_text,
    gather_listed,
    local_name,
    matching,
)
from indexes.sources.manners import Manners, checked_addresses
from rag.errors import LoadError
from rag.index.mirror import Mirror

if TYPE_CHECKING:
    from lxml import etree

_KINDS = {"urlset": "url", "sitemapindex": "sitemap"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sitemap(Manners):
    """Every page that sitemaps list; indexes of sitemaps and packed ones too."""

    sitemaps: tuple[str, ...] = key(REQUIRED, "addresses of the sitemaps, http or https")
    include: tuple[str, ...] = key(
        (), "patterns of paths to read, in .gitignore syntax; empty reads all"
    )
    exclude: tuple[str, ...] = key((), "patterns of paths never read, in .gitignore syntax")
    lastmod: bool = key(
        False, "whether a page is left alone until the sitemap gives another date for it"
    )

    def __post_init__(self) -> None:
        """Refuse an address that cannot be fetched."""
        Manners.__post_init__(self)
        checked_addresses("sitemaps", self.sitemaps)

    def gather(self, mirror: Path) -> Content:
        """Read the sitemaps, ask for each page and return the copies.

        Raises:
            SourceUnreachable: If no site answered.
            DiskFull: If there is no room for the copies.
        """
        roots = checked_addresses("sitemaps", self.sitemaps)
        return gather_listed(self, mirror, roots, sitemap_entries, self._choose)

    def _choose(self, listed: Listed, copies: Mirror) -> Choice:
        urls = matching(listed.pages, self.include, self.exclude)
        changed = {str(url): listed.pages[url] for url in urls} if self.lastmod else {}
        return Choice(urls, changed, set() if listed.whole else copies.keys())


def sitemap_entries(root: "etree._Element") -> Iterator[Entry]:
    """Yield what a sitemap, or an index of sitemaps, names.

    Raises:
        LoadError: If it is neither.
    """
    kind = local_name(root)
    if kind not in _KINDS:
        raise LoadError(f"is no sitemap but <{kind[:40]}>")
    for element in root:
        if local_name(element) == _KINDS[kind] and (address := child_text(element, "loc")):
            yield Entry(address, child_text(element, "lastmod"), kind == "sitemapindex")
