"""Which addresses may be fetched: http and https, of hosts that the recipe allows.

A recipe is read by a machine inside somebody's network, so an address from outside (a
redirect, a sitemap, a feed) must not make it ask a machine in there. Names are looked up
once, every address they stand for is checked, and the connection goes to a checked one:
there is no second look-up that could answer otherwise.
"""

import ipaddress
import re
import socket
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import httpx

Lookup: TypeAlias = Callable[..., Sequence[tuple[Any, ...]]]
"""`socket.getaddrinfo`, or what stands for it."""
_Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

_ODD = re.compile(r"[\x00-\x20\x7f\\]")
_PORTS = {"http": 80, "https": 443}
_NAT64 = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("64:ff9b:1::/48"))


class NotAllowed(Exception):
    """An address that is not asked, and why, as the end of a sentence."""


def parse_address(text: str) -> httpx.URL:
    """Return the address `text`, without its fragment.

    Raises:
        NotAllowed: If it is no plain http or https address.
    """
    if _ODD.search(text):
        raise NotAllowed("the address holds blanks, control characters or backslashes")
    try:
        url = httpx.URL(text)
        port = url.port
    except (httpx.InvalidURL, UnicodeError, ValueError) as error:
        raise NotAllowed(f"the address cannot be read ({error})") from None
    if url.scheme not in _PORTS:
        raise NotAllowed("the address begins with neither http:// nor https://")
    if not url.host.strip(".") or (port is not None and not 0 < port < 2**16):
        raise NotAllowed("the address names no host, or a port that there is not")
    if url.userinfo:
        raise NotAllowed("the address holds a user name or password")
    return url.copy_with(fragment=None)


def host_of(url: httpx.URL) -> str:
    """Return the host of `url`, with its port unless it is the usual one."""
    host = url.raw_host.decode("ascii").lower().rstrip(".")
    return f"{host}:{url.port}" if url.port and url.port not in _PORTS.values() else host


def checked_addresses(
    host: str, port: int, *, allow_private: bool, lookup: Lookup = socket.getaddrinfo
) -> list[str]:
    """Return the numeric addresses of `host`, in the order to try them.

    Raises:
        NotAllowed: If it has none, or if one of them is not public.
    """
    try:
        found = lookup(host.rstrip("."), port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NotAllowed(f"the host {host} is not known ({_reason(error)})") from None
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    for address in addresses:
        if not is_public(address) and not (allow_private and not _is_nobody(address)):
            raise NotAllowed(
                f"the host {host} stands for {address}, which is not a public address; "
                "set allow_private = true if that is meant"
            )
    if not addresses:
        raise NotAllowed(f"the host {host} has no address")
    return addresses


def is_public(address: str) -> bool:
    """Return whether a numeric address belongs to the internet at large."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    return all(one.is_global and not _is_nobody(str(one)) for one in (ip, *_inside(ip)))


def _inside(ip: _Address) -> list[_Address]:
    """Return the older addresses that a newer one is another spelling of."""
    if isinstance(ip, ipaddress.IPv4Address):
        return []
    inner = [ip.sixtofour, *(ip.teredo or ())]  # a mapped one is private as it is
    if any(ip in network for network in _NAT64):
        inner.append(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF))
    return [one for one in inner if one is not None]


def _is_nobody(address: str) -> bool:
    """Return whether an address is that of no single machine."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    return ip.is_multicast or (ip.is_reserved and ip.version == 4)


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
