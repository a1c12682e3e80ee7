"""A page over a real connection becomes a file, and that copy follows the page."""

import gzip

import pytest

from tests.indexes.sources.pages import only, state_of, texts, web


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


def test_a_packed_page_is_unpacked(site, mirror):
    site.says("/a", gzip.compress(b"hello"), headers={"Content-Encoding": "gzip"})

    assert list(texts(web(site, "/a").gather(mirror)).values()) == ["hello"]


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
