"""How politely pages are fetched, and how much at most: the keys all web sources share."""

from dataclasses import dataclass

import httpx

from indexes.keys import REQUIRED, bad, key
from indexes.sources.address import NotAllowed, host_of, parse_address


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """What `web`, `sitemap` and `feed` sources have in common."""

    name: str = key(REQUIRED, "name of the source, unique in the recipe")
    hosts: tuple[str, ...] = key(
        (), "further hosts that pages and redirects may lead to, as `example.org` or with a port"
    )
    delay_s: float = key(1.0, "seconds between two requests to one host", low=0, high=3600)
    timeout_s: float = key(30.0, "longest a request may take in all, in seconds", low=0.1, high=600)
    minutes: float = key(
        60.0, "longest a round may take; what is left comes first next time", low=0.001, high=1440
    )
    max_pages: int = key(1000, "most pages kept", low=1, high=1_000_000)
    max_mb: int = key(20, "largest page, in MB", low=1, high=1024)
    redirects: int = key(5, "most redirects followed for a page", low=0, high=20)
    allow_private: bool = key(
        False, "whether addresses inside your own network, or of this machine, may be fetched"
    )
    contact: str = key("", "an address the sites' owners can write to, sent with each request")

    def __post_init__(self) -> None:
        """Refuse what would only fail when it is used."""
        if not all(" " <= letter <= "~" for letter in self.contact):
            raise bad("contact", "plain ASCII text on one line", self.contact)
        for host in self.hosts:
            checked_host(host)


def checked_host(text: str) -> str:
    """Return a host of the key `hosts` as `host_of` writes it.

    Raises:
        RecipeError: If it is none.
    """
    try:
        url = parse_address(f"http://{text}/")
    except NotAllowed as error:
        raise bad("hosts", f"a list of host names ({error})", text) from None
    if str(url.path) != "/" or url.query:
        raise bad("hosts", "a list of host names without a path", text)
    return host_of(url)


def checked_addresses(name: str, texts: tuple[str, ...]) -> list[httpx.URL]:
    """Return the addresses that the key `name` lists.

    Raises:
        RecipeError: If there is none, or one that cannot be fetched.
    """
    if not texts:
        raise bad(name, "a list of at least one address", list(texts))
    urls = []
    for text in texts:
        try:
            urls.append(parse_address(text))
        except NotAllowed as error:
            raise bad(name, f"a list of http or https addresses ({error})", text) from None
    return urls
