"""How a site is asked: by its rules, with rests, for no longer than the recipe says."""

import time

import pytest

from rag.errors import SourceUnreachable
from rag.index.mirror import Mirror
from tests.indexes.sources.pages import texts, web


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


def test_robots_txt_is_kept_to_and_asked_for_once(site, mirror):
    site.says("/robots.txt", "User-agent: *\nDisallow: /private\n", type="text/plain")
    site.says("/private/a", "secret")
    site.says("/b", "b")

    content = web(site, "/private/a", "/b").gather(mirror)

    assert list(texts(content)) == [site.url("/b")]
    assert site.asked("/private/a") == []
    assert len(site.asked("/robots.txt")) == 1
    assert "robots.txt" in content.notes[0]


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
