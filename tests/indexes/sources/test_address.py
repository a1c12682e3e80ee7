"""Which addresses are asked: none inside the network that a recipe does not mean."""

import socket

import httpx
import pytest

from indexes.sources.address import NotAllowed, checked_addresses, host_of, is_public, parse_address
from indexes.sources.connect import CheckedTransport

PRIVATE = """
127.0.0.1 127.255.0.1 0.0.0.0 10.1.2.3 172.16.0.1 172.31.255.255 192.168.1.1 169.254.169.254
100.64.0.1 192.0.2.1 198.18.0.1 224.0.0.1 240.0.0.1 255.255.255.255
:: ::1 fe80::1 fe80::1%eth0 fc00::1 fd12:3456::1 ff02::1 2001:db8::1
::ffff:127.0.0.1 ::ffff:10.0.0.1 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 64:ff9b:1::a00:1
2002:7f00:1:: 2002:a00:1::
""".split()

SPELLINGS = """
http://127.1/ http://0/ http://2130706433/ http://0x7f.1/ http://017700000001/ http://127.0.0.1./
http://localhost/ http://localhost./ http://[::1]/ http://[::ffff:127.0.0.1]/ http://[::]/
http://0x7f000001/ http://127.0.1/ http://127.0.0.1#@example.org/ http://169.254.169.254/latest/
""".split()

NO_ADDRESS = [
    "",
    "example.org",
    "//example.org",
    "file:///etc/passwd",
    "gopher://127.0.0.1/",
    "ftp://example.org/a",
    "javascript:alert(1)",
    "data:text/html,x",
    "http://",
    "http:///path",
    "http://user@example.org/",
    "http://user:word@example.org/",
    "http://example.org\\@127.0.0.1/",
    "http://exam ple.org/",
    "http://example.org/\r\nHost: x",
    "http://example.org/\x00",
    "http://example.org:99999/",
    "http://example.org:0/",
    "http://[::1",
    "http://\tlocalhost/",
]


def lookup_of(*addresses):
    """Return a resolver that gives these, one list a call, the last again and again."""
    answers = list(addresses)

    def lookup(host, port, **_):
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in found]

    return lookup


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_inside_is_not_public(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.215.14", "2606:4700::1111"])
def test_an_address_of_the_internet_is_public(address):
    assert is_public(address)


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_no_spelling_of_a_private_address_is_asked(spelling):
    with (
        httpx.Client(transport=CheckedTransport(allow_private=False)) as client,
        pytest.raises(NotAllowed, match=r"not a public address|is not known"),
    ):
        client.get(str(parse_address(spelling)))


@pytest.mark.parametrize("text", NO_ADDRESS)
def test_what_is_no_plain_web_address_is_refused(text):
    with pytest.raises(NotAllowed):
        parse_address(text)


def test_a_fragment_is_no_part_of_an_address():
    assert str(parse_address("https://example.org/a?b#c")) == "https://example.org/a?b"


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("http://Example.ORG/", "example.org"),
        ("https://example.org.:443/", "example.org"),
        ("http://example.org:8080/", "example.org:8080"),
        ("http://münchen.example/", "xn--mnchen-3ya.example"),
    ],
)
def test_a_host_is_written_one_way(text, host):
    assert host_of(parse_address(text)) == host


def test_a_name_with_one_private_address_among_public_ones_is_refused():
    with pytest.raises(NotAllowed, match=r"stands for 10\.0\.0\.1"):
        checked_addresses(
            "two.test", 80, allow_private=False, lookup=lookup_of(["8.8.8.8", "10.0.0.1"])
        )


def test_private_addresses_may_be_meant_but_never_everybody():
    found = checked_addresses("a.test", 80, allow_private=True, lookup=lookup_of(["10.0.0.1"]))

    assert found == ["10.0.0.1"]
    with pytest.raises(NotAllowed):
        checked_addresses("a.test", 80, allow_private=True, lookup=lookup_of(["224.0.0.1"]))


def test_a_connection_goes_to_the_address_that_was_checked_by_the_one_look_up(site):
    site.says("/", "inside")
    asked = []

    def lookup(host, port, **_):  # the second answer would be one that no machine has
        asked.append(host)
        return lookup_of(["127.0.0.1"] if len(asked) == 1 else ["127.0.0.9"])(host, port)

    transport = CheckedTransport(allow_private=True, lookup=lookup)
    transport.end_after(2)
    with httpx.Client(transport=transport) as client:
        response = client.get(f"http://rebind.test:{site.host.partition(':')[2]}/")

    assert response.text == "inside"
    assert asked == ["rebind.test"]


def test_a_name_that_turns_private_is_refused_at_its_next_connection(site):
    site.says("/", "inside", headers={"Connection": "close"})
    answers = iter([["127.0.0.1"], ["169.254.169.254"]])
    inner = lambda host, port, **_: lookup_of(next(answers))(host, port)  # noqa: E731
    meant = CheckedTransport(allow_private=True, lookup=inner)
    meant.end_after(2)
    address = f"http://rebind.test:{site.host.partition(':')[2]}/"

    with httpx.Client(transport=meant) as client:
        assert client.get(address).text == "inside"
    strict = CheckedTransport(allow_private=False, lookup=inner)
    with httpx.Client(transport=strict) as client, pytest.raises(NotAllowed, match=r"169\.254"):
        client.get(address)

    assert len(site.log) == 1


@pytest.mark.parametrize("addresses", [("::1", "127.0.0.1"), ("127.0.0.1", "::1")])
def test_the_addresses_of_a_host_are_tried_until_one_answers(site, addresses):
    site.says("/", "inside")
    transport = CheckedTransport(allow_private=True, lookup=lookup_of(addresses))
    port = site.host.partition(":")[2]
    transport.end_after(2)

    with httpx.Client(transport=transport) as client:
        response = client.get(f"http://two.test:{port}/")

    assert response.text == "inside"
    assert site.log[0].headers["Host"] == f"two.test:{port}"
