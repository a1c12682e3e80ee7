"""What a site allows a machine to fetch, and how often (robots.txt, RFC 9309)."""

from dataclasses import dataclass
from typing import ClassVar, Self

import httpx
from protego import Protego

AGENT = "Quotewell"
"""The name that rules for us are written under."""


@dataclass(frozen=True, slots=True)
class Robots:
    """The rules of one origin."""

    LONGEST: ClassVar[int] = 512 * 1024
    """Bytes of a robots.txt that are read; the standard asks for 500 KiB at least."""

    rules: Protego | None = None
    missing: str = ""
    """Why the rules are not known; nothing may be fetched then."""

    @classmethod
    def none(cls) -> Self:
        """Return no rules: everything is allowed."""
        return cls()

    @classmethod
    def unknown(cls, why: str) -> Self:
        """Return rules that could not be had."""
        return cls(missing=why)

    @classmethod
    def read(cls, text: bytes) -> Self:
        """Return the rules of a robots.txt."""
        return cls(Protego.parse(text.decode("utf-8-sig", "replace")))

    def allow(self, url: httpx.URL) -> bool:
        """Return whether `url` may be fetched."""
        return not self.missing and (self.rules is None or self.rules.can_fetch(str(url), AGENT))

    @property
    def delay_s(self) -> float:
        """Return the seconds to leave between two requests, 0 if it does not say."""
        delay = self.rules.crawl_delay(AGENT) if self.rules is not None else None
        return max(0.0, delay or 0.0)
