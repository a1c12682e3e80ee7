"""Pages over a real connection: asked for once, kept, dropped, never from where none should."""

import gzip
import time

import httpx
import pytest

from indexes.sources import Web
from indexes.sources.address import NotAllowed
from indexes.sources.fetch import redirected
from rag.errors import SourceUnreachable
from rag.index.mirror import Mirror, forget_copies
from tests.indexes.sources.site import running_site


def web(site, *paths, **manners):
    pages = tuple(path if "://" in path else site.url(path) for path in paths)
    manners = {"delay_s": 0.0, "allow_private": True, "timeout_s": 5.0, **manners}
    return Web(name="site", pages=pages, **manners)


def texts(content):
    return {item.source: item.path.read_text("utf-8") for item in content.items}


def only(content):
    (item,) = content.items
    return item


def state_of(folder):
    return {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}


def test_a_page_becomes_a_file_under_its_address(site, mirror):
    site.says("/a?b=1", "<p>Hello</p>")

    content = web(site, "/a?b=1").gather(mirror)

    assert texts(content) == {site.url("/a?b=1"): "<p>Hello</p>"}
    assert only(content).path.suffix == ".html"
    assert only(content).path.is_relative_to(content.root)
    assert content.root.is_relative_to(mirror)
    assert content.notes == ()


def test_a_page_keeps_its_file_when_it_changes(site, mirror):
    site.says("/a", "old", etag='"1"')
    before = only(web(site, "/a").gather(mirror))
    site.says("/a", "new", etag='"2"')

    after = only(web(site, "/a").gather(mirror))

    assert after == before
    assert after.path.read_text() == "new"


@pytest.mark.parametrize(
    ("known", "header", "value"),
    [
        ({"etag": '"v1"'}, "If-None-Match", '"v1"'),
        (
            {"modified": "Tue, 24 Nov 2026 10:00:00 GMT"},
            "If-Modified-Since",
            "Tue, 24 Nov 2026 10:00:00 GMT",
        ),
    ],
)
def test_a_page_that_is_the_same_is_not_sent_or_written_again(site, mirror, known, header, value):
    site.says("/a", "text", **known)
    first = web(site, "/a").gather(mirror)
    before = state_of(first.root)

    again = web(site, "/a").gather(mirror)

    asked = [one.headers.get(header) for one in site.asked("/a")]
    assert asked == [None, value]
    assert again == first
    assert state_of(again.root) == before


def test_equal_bytes_sent_again_leave_the_file_untouched(site, mirror):
    site.says("/a", "text")
    before = state_of(web(site, "/a").gather(mirror).root)

    after = web(site, "/a").gather(mirror)

    assert len(site.asked("/a")) == 2
    assert state_of(after.root) == before


@pytest.mark.parametrize("status", [404, 410])
def test_a_page_that_is_gone_is_dropped(site, mirror, status):
    site.says("/a", "a")
    site.says("/b", "b")
    web(site, "/a", "/b").gather(mirror)
    site.says("/b", "no", status=status)

    content = web(site, "/a", "/b").gather(mirror)

    assert list(texts(content)) == [site.url("/a")]
    assert len(list(content.root.iterdir())) == 1
    assert content.notes == (f"{site.url('/b')} is gone ({status}).",)


def test_an_answer_that_nothing_changed_is_none_where_there_is_no_copy(site, mirror):
    site.says("/a", status=304)
    site.says("/b", "b")

    content = web(site, "/a", "/b").gather(mirror)

    assert list(texts(content)) == [site.url("/b")]
    assert "the site answers 304; there is no copy of it yet." in content.notes[0]


def test_a_page_no_longer_in_the_recipe_is_dropped(site, mirror):
    site.says("/a", "a")
    site.says("/b", "b")
    web(site, "/a", "/b").gather(mirror)

    content = web(site, "/a").gather(mirror)

    assert list(texts(content)) == [site.url("/a")]
    assert len(list(content.root.iterdir())) == 1


BROKEN = {
    "an error of the site": {"status": 500},
    "a refusal": {"status": 403},
    "an overload": {"status": 503},
    "a body that breaks off": {"claims": 100},
    "a type that is not read": {"type": "video/mp4"},
    "an unknown encoding": {"headers": {"Content-Encoding": "br"}},
    "twice packed": {"headers": {"Content-Encoding": "gzip, gzip"}},
    "broken packing": {"headers": {"Content-Encoding": "gzip"}},
    "a redirect to another host": {"status": 302, "headers": {"Location": "http://other.test/"}},
    "a redirect to a file": {"status": 302, "headers": {"Location": "file:///etc/passwd"}},
    "a redirect with a password": {"status": 302, "headers": {"Location": "http://u:p@127.0.0.1/"}},
    "a redirect to nowhere": {"status": 302, "headers": {"Location": "http://[::1"}},
    "a redirect to another port": {"status": 302, "headers": {"Location": "http://127.0.0.1:9/"}},
    "a redirect to itself": {"status": 302, "headers": {"Location": "/a"}},
}


@pytest.mark.parametrize("page", BROKEN.values(), ids=BROKEN)
def test_a_page_that_cannot_be_had_now_keeps_its_last_copy_and_says_so(site, mirror, page):
    site.says("/a", "good")
    site.says("/b", "b")
    web(site, "/a", "/b").gather(mirror)
    site.says("/a", "bad", **page)

    content = web(site, "/a", "/b").gather(mirror)

    assert texts(content)[site.url("/a")] == "good"
    (note,) = content.notes
    assert note.startswith(f"{site.url('/a')} was not fetched: ")
    assert note.endswith("; its last copy stays.")


def test_an_empty_page_does_not_replace_a_full_one(site, mirror):
    site.says("/a", "good")
    site.says("/b", "b")
    web(site, "/a", "/b").gather(mirror)
    site.says("/a", "")

    content = web(site, "/a", "/b").gather(mirror)

    assert texts(content)[site.url("/a")] == "good"


def test_a_page_larger_than_allowed_is_refused_however_it_is_packed(site, mirror):
    site.says("/b", "b")
    packed = gzip.compress(b"x" * 3 * 2**20)
    site.says("/a", packed, headers={"Content-Encoding": "gzip"})

    content = web(site, "/a", "/b", max_mb=1).gather(mirror)

    assert list(texts(content)) == [site.url("/b")]
    assert "it is larger than 1 MB; raise max_mb to read it; there is no copy" in content.notes[0]


def test_a_packed_page_is_unpacked(site, mirror):
    site.says("/a", gzip.compress(b"hello"), headers={"Content-Encoding": "gzip"})

    assert list(texts(web(site, "/a").gather(mirror)).values()) == ["hello"]


@pytest.mark.parametrize(
    "page", [{"drip_s": 0.05}, {"wait_s": 1.0}], ids=["a byte at a time", "no body"]
)
def test_a_slow_page_is_not_waited_for_beyond_its_time(site, mirror, page):
    site.says("/a", "x" * 100, **page)
    site.says("/b", "b")
    started = time.monotonic()

    content = web(site, "/a", "/b", timeout_s=0.3).gather(mirror)

    assert time.monotonic() - started < 2
    assert list(texts(content)) == [site.url("/b")]
    assert "no whole answer in time" in content.notes[0]


def test_a_redirect_on_the_same_host_is_followed_and_the_page_keeps_its_address(site, mirror):
    site.says("/old", status=301, headers={"Location": "new"})
    site.says("/new", "moved")

    assert texts(web(site, "/old").gather(mirror)) == {site.url("/old"): "moved"}


def test_robots_txt_is_kept_to_and_asked_for_once(site, mirror):
    site.says("/robots.txt", "User-agent: *\nDisallow: /private\n", type="text/plain")
    site.says("/private/a", "secret")
    site.says("/b", "b")

    content = web(site, "/private/a", "/b").gather(mirror)

    assert list(texts(content)) == [site.url("/b")]
    assert site.asked("/private/a") == []
    assert len(site.asked("/robots.txt")) == 1
    assert "robots.txt" in content.notes[0]


def test_a_redirect_does_not_lead_around_robots_txt(site, mirror):
    site.says("/robots.txt", "User-agent: quotewell\nDisallow: /private\n", type="text/plain")
    site.says("/a", status=302, headers={"Location": "/private"})
    site.says("/private", "secret")
    site.says("/b", "b")

    content = web(site, "/a", "/b").gather(mirror)

    assert list(texts(content)) == [site.url("/b")]
    assert site.asked("/private") == []


def test_rules_that_cannot_be_had_forbid_everything_and_keep_the_copies(site, mirror):
    site.says("/a", "a")
    before = texts(web(site, "/a").gather(mirror))
    site.says("/robots.txt", status=500)

    with pytest.raises(SourceUnreachable, match=r"robots\.txt.*it answers 500"):
        web(site, "/a").gather(mirror)

    with Mirror(mirror) as copies:
        assert [path.read_text() for path, _ in copies.copies()] == list(before.values())
    assert len(site.asked("/a")) == 1


def test_the_rest_between_requests_is_the_longer_of_the_recipes_and_the_sites(site, mirror):
    site.says("/robots.txt", "User-agent: *\nCrawl-delay: 0.2\n", type="text/plain")
    for path in ("/a", "/b", "/c"):
        site.says(path, path)

    web(site, "/a", "/b", "/c", delay_s=0.01).gather(mirror)

    times = [one.at for one in site.log if one.path != "/robots.txt"]
    assert max(times) - min(times) > 0.3  # two rests, less what the server's clock may be late


def test_the_recipes_delay_is_kept_where_the_site_asks_for_none(site, mirror):
    for path in ("/a", "/b"):
        site.says(path, path)

    web(site, "/a", "/b", delay_s=0.2).gather(mirror)

    first, second = [one.at for one in site.log if one.path != "/robots.txt"]
    assert second - first > 0.1


def test_every_request_says_who_asks_and_carries_no_cookie(site, mirror):
    site.says("/a", "a", headers={"Set-Cookie": "id=1"})
    site.says("/b", "b")

    web(site, "/a", "/b", contact="docs@example.org").gather(mirror)

    agents = {one.headers["User-Agent"] for one in site.log}
    assert len(agents) == 1
    assert all("Quotewell/" in agent and "docs@example.org" in agent for agent in agents)
    assert not any("Cookie" in one.headers for one in site.log)


def test_a_site_that_does_not_answer_is_unreachable_and_what_it_held_stays(site, mirror):
    site.says("/a", "a")
    web(site, "/a").gather(mirror)
    gone = web(site, "/a", timeout_s=0.2)
    site.says("/robots.txt", status=404)
    site.says("/a", "x", wait_s=0.5)

    with pytest.raises(SourceUnreachable, match="'site' could be reached"):
        gone.gather(mirror)

    with Mirror(mirror) as copies:
        assert [path.read_text() for path, _ in copies.copies()] == ["a"]


def test_a_host_that_never_answers_is_left_alone_after_three_tries(site, mirror):
    paths = [f"/{number}" for number in range(9)]
    site.says("/robots.txt", status=404)
    for path in paths:
        site.says(path, "x", wait_s=0.3)

    with pytest.raises(SourceUnreachable):
        web(site, *paths, timeout_s=0.1).gather(mirror)

    assert len(site.paths) == 3


def test_pages_that_do_not_answer_cannot_hold_up_those_that_do(site, mirror):
    paths = ["/0", "/1", "/2", "/3", "/4"]
    for path in paths:
        site.says(path, "x")
    web(site, *paths).gather(mirror)
    with Mirror(mirror) as copies:
        for number, path in enumerate(paths):
            copies.keep(site.url(path), {"asked": str(number)})
    site.log.clear()
    for path in ("/0", "/1", "/3"):
        site.says(path, "y", wait_s=0.3)

    web(site, *paths, timeout_s=0.1).gather(mirror)

    assert site.paths == paths


def test_a_host_that_asks_for_rest_gets_it_until_the_next_round(site, mirror):
    paths = [f"/{number}" for number in range(9)]
    for path in paths:
        site.says(path, "x")
    web(site, *paths).gather(mirror)
    with Mirror(mirror) as copies:  # asked for long ago: first these two, in this order
        copies.keep(site.url("/0"), {"asked": "0"})
        copies.keep(site.url("/1"), {"asked": "1"})
    site.log.clear()
    site.says("/1", status=429)

    content = web(site, *paths).gather(mirror)

    assert site.paths == ["/0", "/1"]
    assert len(content.items) == len(paths)
    assert content.notes[-1].startswith(f"Not asked for: 7 pages, since {site.host} asked not")


def test_when_time_is_up_the_rest_comes_first_in_the_next_round(site, mirror):
    paths = ["/a", "/b", "/c", "/d"]
    for path in paths:
        site.says(path, path)
    source = web(site, *paths, delay_s=0.05, minutes=0.005)  # 0.3 seconds
    web(site, *paths).gather(mirror)
    site.log.clear()
    for path in paths:
        site.says(path, path + " new", wait_s=0.1)

    rounds = [source.gather(mirror), source.gather(mirror)]

    assert "minutes of this round were over" in rounds[0].notes[-1]
    assert set(site.paths) == set(paths)
    assert all(text.endswith("new") for text in texts(rounds[1]).values())


def test_more_pages_than_allowed_are_left_out_and_counted(site, mirror):
    for path in ("/a", "/b", "/c"):
        site.says(path, path)

    content = web(site, "/a", "/b", "/c", max_pages=2).gather(mirror)

    assert len(content.items) == 2
    assert content.notes == ("3 pages are listed and 2 were read; raise max_pages to read more.",)


@pytest.mark.parametrize(
    ("path", "type_", "suffix"),
    [
        ("/report", "application/pdf", ".pdf"),
        ("/notes.md", "text/plain", ".md"),
        ("/table.csv", "application/octet-stream", ".csv"),
        ("/letter.docx", "", ".docx"),
        ("/plain", "text/plain", ".txt"),
        ("/page.pdf", "text/html; charset=utf-8", ".html"),
        ("/who-knows", "application/octet-stream", ""),
        ("/run.exe", "application/octet-stream", ""),
        ("/../../x.%2e%2e", "text/html", ".html"),
    ],
)
def test_the_type_tells_the_suffix_and_a_vague_type_the_name(site, mirror, path, type_, suffix):
    site.says(path, "x", type=type_)
    if ".." in path:
        site.says("/x.%2e%2e", "x", type=type_)

    assert only(web(site, path).gather(mirror)).path.suffix == suffix


def test_the_encoding_a_server_states_is_not_lost(site, mirror):
    site.says("/a", "Fähre für 5 €".encode("cp1252"), type="text/html; charset=ISO-8859-1")

    page = only(web(site, "/a").gather(mirror))

    assert page.path.read_text("utf-8-sig") == "Fähre für 5 €"


@pytest.mark.parametrize(
    "body",
    [b"%PDF-1.7 \xe2\xe3", b"PK\x03\x04\xff", b"\x00\xff", "\ufeffä".encode(), b"\xff\xfe\xe4\x00"],
)
def test_what_is_no_text_of_that_encoding_is_left_as_it_is(site, mirror, body):
    site.says("/a", body, type="text/html; charset=iso-8859-1")

    assert only(web(site, "/a").gather(mirror)).path.read_bytes() == body


@pytest.mark.parametrize("charset", ["utf-8", "rot13", "no-such-thing", "utf-7", '"utf-8"'])
def test_an_encoding_that_says_nothing_leaves_the_bytes_as_they_are(site, mirror, charset):
    site.says("/a", "Fähre", type=f"text/html; charset={charset}")

    assert only(web(site, "/a").gather(mirror)).path.read_bytes() == "Fähre".encode()


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
