"""Pages, named one by one."""

from dataclasses import dataclass
from pathlib import Path

from indexes.keys import REQUIRED, key
from indexes.sources.content import Content, mirrored
from indexes.sources.manners import Manners, checked_addresses
from indexes.sources.visit import Visit
from rag.index.mirror import Mirror


@dataclass(frozen=True, slots=True, kw_only=True)
class Web(Manners):
    """A list of pages."""

    pages: tuple[str, ...] = key(REQUIRED, "addresses of the pages, http or https")

    def __post_init__(self) -> None:
        """Refuse an address that cannot be fetched."""
        Manners.__post_init__(self)
        checked_addresses("pages", self.pages)

    def gather(self, mirror: Path) -> Content:
        """Ask for each page and return the copies.

        Raises:
            SourceUnreachable: If no site answered.
            DiskFull: If there is no room for the copies.
        """
        urls = list(dict.fromkeys(checked_addresses("pages", self.pages)))
        with Mirror(mirror) as copies, Visit(self, urls) as visit:
            visit.pages(urls, copies)
            visit.check_reached(self.name)
            copies.retain({str(url) for url in urls})
            return mirrored(copies, notes=visit.notes)
