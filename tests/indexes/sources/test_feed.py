"""What feeds link to is fetched, and stays when the feed has moved on."""

import pytest

from indexes.sources import Feed

RSS = '<?xml version="1.0"?><rss version="2.0"><channel><link>{base}/</link>{items}</channel></rss>'
RDF = (
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
    'xmlns="http://purl.org/rss/1.0/"><channel/>{items}</rdf:RDF>'
)
ATOM = '<feed xmlns="http://www.w3.org/2005/Atom"><link href="{base}/"/>{items}</feed>'
ITEM = {
    "rss": (RSS, "<item><title>t</title><link>{url}</link></item>"),
    "rss with an address as its id": (
        RSS,
        '<item><guid isPermaLink="false">7</guid><guid>{url}</guid></item>',
    ),
    "rdf": (RDF, "<item><link>{url}</link></item>"),
    "atom": (
        ATOM,
        '<entry><link rel="self" href="{base}/no"/><link rel="alternate" href="{url}"/></entry>',
    ),
    "atom without a rel": (ATOM, '<entry><link href="{url}"/></entry>'),
}


def feed(site, **options):
    manners = {"delay_s": 0.0, "allow_private": True, "timeout_s": 5.0}
    return Feed(name="news", feeds=(site.url("/feed"),), **manners, **options)


def written(site, kind, *paths):
    frame, item = ITEM[kind]
    items = "".join(item.format(url=site.url(path), base=site.base) for path in paths)
    return frame.format(items=items, base=site.base)


def sources(content):
    return [item.source for item in content.items]


@pytest.fixture
def pages(site):
    for path in ("/a", "/b", "/c"):
        site.says(path, path, etag=f'"{path}"')
    return site


@pytest.mark.parametrize("kind", ITEM)
def test_every_page_a_feed_links_to_is_read(pages, mirror, kind):
    pages.says("/feed", written(pages, kind, "/a", "/b"), type="application/rss+xml")

    content = feed(pages).gather(mirror)

    assert sources(content) == [pages.url("/a"), pages.url("/b")]
    assert content.notes == ()


def test_a_page_that_left_the_feed_stays_until_the_site_drops_it(pages, mirror):
    pages.says("/feed", written(pages, "rss", "/a", "/b"))
    feed(pages).gather(mirror)
    pages.says("/feed", written(pages, "rss", "/b", "/c"))
    moved_on = feed(pages).gather(mirror)
    pages.says("/a", status=410)

    dropped = feed(pages).gather(mirror)

    assert sources(moved_on) == [pages.url(path) for path in ("/a", "/b", "/c")]
    assert sources(dropped) == [pages.url("/b"), pages.url("/c")]


def test_without_keep_a_page_goes_with_its_entry(pages, mirror):
    pages.says("/feed", written(pages, "atom", "/a", "/b"))
    feed(pages, keep=False).gather(mirror)
    pages.says("/feed", written(pages, "atom", "/b"))

    assert sources(feed(pages, keep=False).gather(mirror)) == [pages.url("/b")]


def test_a_feed_that_is_the_same_is_not_sent_again(pages, mirror):
    pages.says("/feed", written(pages, "rss", "/a"), etag='"f"')
    feed(pages).gather(mirror)

    content = feed(pages).gather(mirror)

    assert [one.headers.get("If-None-Match") for one in pages.asked("/feed")] == [None, '"f"']
    assert sources(content) == [pages.url("/a")]


def test_a_feed_that_is_none_drops_nothing(pages, mirror):
    pages.says("/feed", written(pages, "rss", "/a"))
    feed(pages, keep=False).gather(mirror)
    pages.says("/feed", "<html><p>Down for maintenance</p></html>")

    content = feed(pages, keep=False).gather(mirror)

    assert sources(content) == [pages.url("/a")]
    assert "lists nothing: it is no feed but <html>" in content.notes[0]


def test_relative_links_are_those_of_the_feeds_site(pages, mirror):
    pages.says("/feed", RSS.format(base="", items="<item><link>a</link></item>"))

    assert sources(feed(pages).gather(mirror)) == [pages.url("/a")]


def test_nothing_of_a_pages_text_is_kept_with_the_feed(pages, mirror):
    item = f"<item><link>{pages.url('/a')}</link><description>private words</description></item>"
    pages.says("/feed", RSS.format(base=pages.base, items=item), etag='"f"')

    contents = [feed(pages).gather(mirror), feed(pages).gather(mirror)]

    kept = b"".join(path.read_bytes() for path in mirror.rglob("*") if path.is_file())
    assert b"private words" not in kept
    assert [sources(content) for content in contents] == [[pages.url("/a")]] * 2
