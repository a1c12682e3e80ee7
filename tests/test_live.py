import threading
import time
from contextlib import contextmanager
from dataclasses import replace

import pytest

from rag.errors import IndexDamaged
from rag.live import WARM_UP, Live
from rag.testing import MemorySnapshot, document_of, pipeline_of
from web import create_app
from web.provider import current_rag


class Shelf:
    """An index on disk as the provider sees it: a LIVE file, and a way to open it."""

    def __init__(self, folder):
        self.live = folder / "LIVE"
        self.opened = []
        self.broken = set()
        self.gate = None

    def publish(self, build):
        self.live.write_text(f"{build}\n", encoding="ascii")

    def open(self):
        build = self.live.read_text(encoding="ascii").strip()
        if self.gate:
            assert self.gate.wait(10)
        if build in self.broken:
            raise IndexDamaged(f"build {build} is damaged")
        text = f"The mill of {build} opens at nine."
        self.opened.append(MemorySnapshot([document_of("mill.md", text)], build=build))
        return self.opened[-1]


@pytest.fixture
def shelf(tmp_path):
    shelf = Shelf(tmp_path)
    shelf.publish("one")
    return shelf


@pytest.fixture
def provider(shelf):
    rag = replace(pipeline_of({}), snapshot=shelf.open())
    return Live(rag, lambda rag: replace(rag, snapshot=shelf.open()), shelf.live)


def build_of(client):
    return client.get("/api/health").json["build"]


def test_new_build_is_picked_up_between_requests_and_the_old_one_closed(shelf, provider):
    with create_app(provider).test_client() as client:
        before = build_of(client)
        shelf.publish("two")
        assert provider.refresh()
        after = build_of(client)
        assert not provider.refresh()

    assert (before, after) == ("one", "two")
    assert [s.closed for s in shelf.opened] == [True, False]


def test_rollback_is_picked_up_too(shelf, provider):
    with create_app(provider).test_client() as client:
        for build in ("two", "one", "two"):
            shelf.publish(build)
            provider.refresh()
            assert build_of(client) == build


def test_build_in_use_is_closed_only_after_its_last_request(shelf, provider):
    with provider() as slow:
        shelf.publish("two")
        provider.refresh()
        with provider() as fast:
            assert (slow.snapshot.build, fast.snapshot.build) == ("one", "two")
        assert not shelf.opened[0].closed

    assert shelf.opened[0].closed
    assert not shelf.opened[1].closed


def test_nobody_waits_while_a_new_build_is_opened_and_warmed(shelf, provider):
    shelf.gate = threading.Event()
    shelf.publish("two")
    opener = threading.Thread(target=provider.refresh)
    opener.start()
    with provider() as rag:
        meanwhile = rag.snapshot.build
    shelf.gate.set()
    opener.join(10)

    assert meanwhile == "one"
    with provider() as rag:
        assert rag.snapshot.build == "two"


def test_a_build_answers_a_question_before_anybody_else_asks_it(shelf):
    asked = []

    class Listening(MemorySnapshot):
        def lexical(self, query, k, allowed=None):
            asked.append((self.build, query))
            return super().lexical(query, k, allowed)

    def reopen(rag):
        named = shelf.live.read_text(encoding="ascii").strip()
        return replace(rag, snapshot=Listening([document_of("a.md", "Text.")], build=named))

    live = Live(replace(pipeline_of({}), snapshot=shelf.open()), reopen, shelf.live)
    shelf.publish("two")
    live.refresh()

    assert (("two", WARM_UP)) in asked


def test_build_that_cannot_be_opened_leaves_the_old_one_in_use(shelf, provider, caplog):
    shelf.broken.add("two")
    with create_app(provider).test_client() as client:
        shelf.publish("two")
        assert not provider.refresh()
        assert not provider.refresh()
        assert build_of(client) == "one"
        shelf.publish("three")
        provider.refresh()
        assert build_of(client) == "three"

    assert caplog.text.count("cannot be opened") == 1


def test_a_build_that_could_not_be_opened_is_tried_again_later(shelf, provider, monkeypatch):
    shelf.broken.add("two")
    shelf.publish("two")
    provider.refresh()
    shelf.broken.clear()
    assert not provider.refresh()
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 60)

    assert provider.refresh()


def test_following_needs_no_request_and_ends(shelf, provider):
    with provider as live:
        shelf.publish("two")
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with live() as rag:
                if rag.snapshot.build == "two":
                    break
            time.sleep(0.05)
        assert rag.snapshot.build == "two"

    assert [s.closed for s in shelf.opened] == [True, True]
    assert "follow" not in {thread.name for thread in threading.enumerate()}


def test_live_file_that_is_gone_or_nonsense_changes_nothing(shelf, provider):
    with create_app(provider).test_client() as client:
        shelf.live.write_bytes(b"\xff\xfe")
        assert not provider.refresh()
        assert build_of(client) == "one"
        shelf.live.unlink()
        assert not provider.refresh()
        assert build_of(client) == "one"


def test_one_request_sees_one_build(shelf, provider):
    app = create_app(provider)
    with app.test_client() as client:
        body = {"question": "When does the mill open?"}
        answer = client.post("/api/ask", json=body).json

    assert {p["text"] for p in answer["passages"]} == {
        f"The mill of {answer['build']} opens at nine."
    }
    assert provider._current.requests == 0


def test_lease_is_returned_when_a_request_fails(shelf, provider):
    with create_app(provider).test_client() as client:
        assert client.get("/?q=").status_code == 400
        assert client.get("/source/nope").status_code == 404

    assert provider._current.requests == 0


def test_callable_that_returns_a_pipeline_is_asked_once_a_request():
    asked = []

    def current():
        asked.append(pipeline_of({"a.md": "The mill opens at nine."}))
        return asked[-1]

    with create_app(current).test_request_context():
        assert current_rag() is current_rag()
        assert len(asked) == 1


def test_provider_may_lend_any_context_manager():
    closed = []

    @contextmanager
    def lend():
        yield pipeline_of({"a.md": "The mill opens at nine."})
        closed.append(1)

    with create_app(lend).test_client() as client:
        assert build_of(client) == "memory"

    assert closed == [1]
