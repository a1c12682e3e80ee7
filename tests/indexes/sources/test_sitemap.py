"""What sitemaps list is fetched; what they cannot tell just now is not dropped."""

import gzip

import pytest

from indexes.sources import Sitemap
from rag.errors import SourceUnreachable

NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"


def sitemap(site, *paths, **manners):
    sitemaps = tuple(site.url(path) for path in paths or ("/sitemap.xml",))
    manners = {"delay_s": 0.0, "allow_private": True, "timeout_s": 5.0, **manners}
    return Sitemap(name="site", sitemaps=sitemaps, **manners)


def urlset(site, *paths, dates=()):
    addresses = [path if "://" in path else site.url(path) for path in paths]
    dates = (*dates, *[""] * len(paths))
    rows = "".join(
        f"<url><loc>{address}</loc>{f'<lastmod>{date}</lastmod>' if date else ''}</url>"
        for address, date in zip(addresses, dates, strict=False)
    )
    return f'<?xml version="1.0"?><urlset xmlns="{NAMESPACE}">{rows}</urlset>'


def index(site, *paths):
    rows = "".join(f"<sitemap><loc>{site.url(path)}</loc></sitemap>" for path in paths)
    return f'<sitemapindex xmlns="{NAMESPACE}">{rows}</sitemapindex>'


def sources(content):
    return [item.source for item in content.items]


@pytest.fixture
def pages(site):
    for path in ("/a", "/b", "/c"):
        site.says(path, path)
    return site


def test_every_listed_page_is_read(pages, mirror):
    pages.says("/sitemap.xml", urlset(pages, "/a", "/b"), type="application/xml")

    content = sitemap(pages).gather(mirror)

    assert sources(content) == [pages.url("/a"), pages.url("/b")]
    assert content.notes == ()


def test_an_index_and_packed_sitemaps_are_followed(pages, mirror):
    pages.says("/sitemap.xml", index(pages, "/one.xml", "/two.xml.gz", "/sitemap.xml"))
    pages.says("/one.xml", urlset(pages, "/a"))
    pages.says("/two.xml.gz", gzip.compress(urlset(pages, "/b").encode()), type="application/gzip")

    content = sitemap(pages).gather(mirror)

    assert sources(content) == [pages.url("/a"), pages.url("/b")]
    assert len(pages.asked("/sitemap.xml")) == 1


@pytest.mark.parametrize("packed", [True, False])
def test_a_sitemap_is_read_by_its_own_encoding_whatever_the_server_says(pages, mirror, packed):
    text = urlset(pages, "/a").replace("?>", ' encoding="iso-8859-1"?><!-- Fähre -->', 1)
    body = text.encode("iso-8859-1")
    body = gzip.compress(body) if packed else body
    pages.says("/sitemap.xml", body, type="application/xml; charset=iso-8859-15")

    assert sources(sitemap(pages).gather(mirror)) == [pages.url("/a")]


def test_a_page_the_sitemap_drops_is_dropped(pages, mirror):
    pages.says("/sitemap.xml", urlset(pages, "/a", "/b"))
    sitemap(pages).gather(mirror)
    pages.says("/sitemap.xml", urlset(pages, "/b"))

    content = sitemap(pages).gather(mirror)

    assert sources(content) == [pages.url("/b")]
    assert len(list(content.root.iterdir())) == 1


UNREADABLE = {
    "an error": {"status": 500},
    "gone": {"status": 404},
    "a page about an error": {"text": "<!doctype html><html><p>Sorry</p></html>"},
    "half of it": {"text": "<urlset><url><loc>"},
    "something else": {"text": "<rss/>"},
    "entities": {"text": '<!DOCTYPE u [<!ENTITY a "aaaa">]><urlset>&a;</urlset>'},
    "damaged packing": {"text": b"\x1f\x8b nonsense"},
}


@pytest.mark.parametrize("answer", UNREADABLE.values(), ids=UNREADABLE)
def test_what_an_unreadable_sitemap_listed_stays(pages, mirror, answer):
    pages.says("/one.xml", urlset(pages, "/a"))
    pages.says("/two.xml", urlset(pages, "/b"))
    source = sitemap(pages, "/one.xml", "/two.xml")
    source.gather(mirror)
    pages.says("/two.xml", **answer)

    content = source.gather(mirror)

    assert sources(content) == [pages.url("/a"), pages.url("/b")]
    assert [note for note in content.notes if "/two.xml" in note]


def test_a_sitemap_that_cannot_be_had_is_stood_in_for_by_its_copy(pages, mirror):
    pages.says("/sitemap.xml", urlset(pages, "/a"))
    sitemap(pages).gather(mirror)
    pages.says("/sitemap.xml", status=500)
    pages.says("/a", "new")

    content = sitemap(pages).gather(mirror)

    assert [item.path.read_text() for item in content.items] == ["new"]


def test_a_sitemap_never_read_is_unreachable(site, mirror):
    site.says("/sitemap.xml", status=500)

    with pytest.raises(SourceUnreachable, match="the site answers 500"):
        sitemap(site).gather(mirror)


def test_pages_of_other_hosts_are_left_out_and_counted_unless_named(pages, mirror):
    other = "http://localhost" + pages.base.removeprefix("http://127.0.0.1") + "/a"
    pages.says("/sitemap.xml", urlset(pages, "/a", other, "https://other.test/x"))

    strict = sitemap(pages).gather(mirror)
    named = sitemap(pages, hosts=(other.split("/")[2],)).gather(mirror)

    assert sources(strict) == [pages.url("/a")]
    assert any(note.startswith("Left out: 1 listed page of other.test;") for note in strict.notes)
    assert sources(named) == [pages.url("/a"), other]


def test_patterns_choose_among_the_paths(pages, mirror):
    pages.says("/docs/x", "x")
    pages.says("/docs/old/y", "y")
    pages.says("/sitemap.xml", urlset(pages, "/a", "/docs/x", "/docs/old/y"))

    content = sitemap(pages, include=("docs/",), exclude=("old/",)).gather(mirror)

    assert sources(content) == [pages.url("/docs/x")]
    assert pages.asked("/a") == []


def test_with_lastmod_a_page_is_asked_for_when_its_date_changes(pages, mirror):
    source = sitemap(pages, lastmod=True)
    pages.says("/sitemap.xml", urlset(pages, "/a", "/b", dates=("2026-01-01", "2026-01-01")))
    source.gather(mirror)
    source.gather(mirror)
    pages.says("/sitemap.xml", urlset(pages, "/a", "/b", dates=("2026-02-01", "2026-01-01")))

    content = source.gather(mirror)

    assert len(pages.asked("/a")) == 2
    assert len(pages.asked("/b")) == 1
    assert len(content.items) == 2


def test_a_packed_sitemap_that_unpacks_to_too_much_is_not_unpacked(pages, mirror):
    pages.says("/sitemap.xml", urlset(pages, "/a"))
    sitemap(pages).gather(mirror)
    bomb = gzip.compress(b"<urlset>" + b" " * (51 * 2**20), compresslevel=1)
    pages.says("/sitemap.xml", bomb)

    content = sitemap(pages).gather(mirror)

    assert "it unpacks to more than 50 MB" in content.notes[0]
    assert sources(content) == [pages.url("/a")]


def test_addresses_that_are_none_are_named(pages, mirror):
    pages.says("/sitemap.xml", urlset(pages, "/a", "ftp://127.0.0.1/x"))

    content = sitemap(pages).gather(mirror)

    assert "lists 'ftp://127.0.0.1/x', which cannot be fetched." in content.notes[0]
