"""What is not followed, not read, or not asked for at all."""

import gzip

import httpx
import pytest

from indexes.sources.address import NotAllowed
from indexes.sources.fetch import redirected
from rag.errors import SourceUnreachable
from rag.index.mirror import forget_copies
from tests.indexes.sources.pages import texts, web
from tests.indexes.sources.site import running_site


def test_a_page_larger_than_allowed_is_refused_however_it_is_packed(site, mirror):
    site.says("/b", "b")
    packed = gzip.compress(b"x" * 3 * 2**20)
    site.says("/a", packed, headers={"Content-Encoding": "gzip"})

    content = web(site, "/a", "/b", max_mb=1).gather(mirror)

    assert list(texts(content)) == [site.url("/b")]
    assert "it is larger than 1 MB; raise max_mb to read it; there is no copy" in content.notes[0]


def test_a_redirect_on_the_same_host_is_followed_and_the_page_keeps_its_address(site, mirror):
    site.says("/old", status=301, headers={"Location": "new"})
    site.says("/new", "moved")

    assert texts(web(site, "/old").gather(mirror)) == {site.url("/old"): "moved"}


def test_a_redirect_does_not_lead_around_robots_txt(site, mirror):
    site.says("/robots.txt", "User-agent: quotewell\nDisallow: /private\n", type="text/plain")
    site.says("/a", status=302, headers={"Location": "/private"})
    site.says("/private", "secret")
    site.says("/b", "b")

    content = web(site, "/a", "/b").gather(mirror)

    assert list(texts(content)) == [site.url("/b")]
    assert site.asked("/private") == []


def test_more_pages_than_allowed_are_left_out_and_counted(site, mirror):
    for path in ("/a", "/b", "/c"):
        site.says(path, path)

    content = web(site, "/a", "/b", "/c", max_pages=2).gather(mirror)

    assert len(content.items) == 2
    assert content.notes == ("3 pages are listed and 2 were read; raise max_pages to read more.",)


def test_a_private_address_needs_to_be_meant(site, mirror):
    site.says("/a", "a")

    with pytest.raises(SourceUnreachable, match="not a public address; set allow_private"):
        web(site, "/a", allow_private=False).gather(mirror)

    assert site.log == []


def test_a_forgotten_page_is_not_asked_for_again_and_the_round_says_so(site, mirror):
    site.says("/a", "a")
    site.says("/b", "b")
    path = {item.source: item.path for item in web(site, "/a", "/b").gather(mirror).items}
    forget_copies(mirror.parent, [path[site.url("/a")]])
    site.log.clear()

    content = web(site, "/a", "/b").gather(mirror)

    assert site.paths == ["/b"]
    assert list(texts(content)) == [site.url("/b")]
    assert content.notes == ("Not fetched again, since forgotten: 1 document.",)


def test_a_redirect_to_a_host_that_is_not_named_is_not_followed(site, mirror):
    with running_site() as other:
        other.says("/x", "of another host")
        site.says("/a", status=302, headers={"Location": other.url("/x")})
        site.says("/b", "b")

        strict = web(site, "/a", "/b").gather(mirror)
        asked = len(other.log)
        named = web(site, "/a", "/b", hosts=(other.host,)).gather(mirror)

        assert list(texts(strict)) == [site.url("/b")]
        assert asked == 0
        assert texts(named)[site.url("/a")] == "of another host"


def test_a_redirect_from_https_to_http_is_not_followed():
    with pytest.raises(NotAllowed, match="from https to http"):
        redirected(httpx.URL("https://example.org/a"), "http://example.org/b")
