import threading
from contextlib import contextmanager
from dataclasses import replace

import pytest

from rag.errors import IndexDamaged
from rag.testing import MemorySnapshot, document_of, pipeline_of
from web import create_app
from web.provider import LiveIndex, current_rag


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
    return LiveIndex(replace(pipeline_of({}), snapshot=shelf.open()), shelf.open, shelf.live)


def build_of(client):
    return client.get("/api/health").json["build"]


def test_new_build_is_picked_up_between_requests_and_the_old_one_closed(shelf, provider):
    with create_app(provider).test_client() as client:
        before = build_of(client)
        shelf.publish("two")
        after = build_of(client)
        build_of(client)

    assert (before, after) == ("one", "two")
    assert [s.closed for s in shelf.opened] == [True, False]


def test_rollback_is_picked_up_too(shelf, provider):
    with create_app(provider).test_client() as client:
        for build in ("two", "one", "two"):
            shelf.publish(build)
            assert build_of(client) == build


def test_build_in_use_is_closed_only_after_its_last_request(shelf, provider):
    with provider() as slow:
        shelf.publish("two")
        with provider() as fast:
            assert (slow.snapshot.build, fast.snapshot.build) == ("one", "two")
        assert not shelf.opened[0].closed

    assert shelf.opened[0].closed
    assert not shelf.opened[1].closed


def test_others_are_answered_from_the_old_build_while_a_new_one_opens(shelf, provider):
    shelf.gate = threading.Event()
    shelf.publish("two")
    seen = []

    def first():
        with provider() as rag:
            seen.append(rag.snapshot.build)

    opener = threading.Thread(target=first)
    opener.start()
    while not provider._opening.locked():
        pass
    with provider() as rag:
        meanwhile = rag.snapshot.build
    shelf.gate.set()
    opener.join(10)

    assert meanwhile == "one"
    assert seen == ["two"]


def test_build_that_cannot_be_opened_leaves_the_old_one_in_use(shelf, provider, caplog):
    shelf.broken.add("two")
    with create_app(provider).test_client() as client:
        shelf.publish("two")
        assert build_of(client) == build_of(client) == "one"
        shelf.publish("three")
        assert build_of(client) == "three"

    assert caplog.text.count("cannot be opened") == 1


def test_live_file_that_is_gone_or_nonsense_changes_nothing(shelf, provider):
    with create_app(provider).test_client() as client:
        shelf.live.write_bytes(b"\xff\xfe")
        assert build_of(client) == "one"
        shelf.live.unlink()
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
