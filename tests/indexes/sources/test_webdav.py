"""Against a real WebDAV server on this machine."""

import threading
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest

from indexes.sources import Remote
from rag.errors import SourceUnreachable

pytest.importorskip("webdav4", reason="needs the webdav extra: pip install 'quotewell[webdav]'")
wsgidav = pytest.importorskip("wsgidav.wsgidav_app", reason="needs wsgidav to serve WebDAV")


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        return


@pytest.fixture
def shelf(tmp_path):
    folder = tmp_path / "shelf"
    (folder / "docs" / "sub").mkdir(parents=True)
    (folder / "docs" / "a.md").write_text("one")
    (folder / "docs" / "sub" / "b c.md").write_text("two")
    (folder / "other.md").write_text("not below docs")
    return folder


@pytest.fixture
def served(shelf):
    """Give the address of a server of `shelf` and the list of what it is asked."""
    app = wsgidav.WsgiDAVApp(
        {
            "provider_mapping": {"/": str(shelf)},
            "simple_dc": {"user_mapping": {"*": {"anna": {"password": "let me in"}}}},
            "http_authenticator": {"accept_basic": True, "accept_digest": False},
            "logging": {"enable": False},
            "verbose": 0,
        }
    )
    asked = []

    def counted(environ, start_response):
        asked.append((environ["REQUEST_METHOD"], environ["PATH_INFO"]))
        return app(environ, start_response)

    server = make_server("127.0.0.1", 0, counted, WSGIServer, Quiet)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"127.0.0.1:{server.server_address[1]}", asked
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def gather(served, mirror, monkeypatch):
    monkeypatch.setenv("DAV_WORD", "let me in")

    def run(path="/docs", **options):
        options = {"user": "anna", "password_env": "DAV_WORD", **options}
        return Remote(name="dav", url=f"webdav://{served[0]}{path}", **options).gather(mirror)

    return run


def texts(content):
    return {item.source: item.path.read_text() for item in content.items}


def test_files_below_the_address_are_downloaded(gather):
    assert texts(gather()) == {"dav/a.md": "one", "dav/sub/b c.md": "two"}


def test_only_what_changed_is_downloaded_again(gather, served, shelf):
    gather()
    served[1].clear()
    (shelf / "docs" / "a.md").write_text("one, changed")

    content = gather()

    assert [path for method, path in served[1] if method == "GET"] == ["/docs/a.md"]
    assert texts(content) == {"dav/a.md": "one, changed", "dav/sub/b c.md": "two"}


def test_a_removed_file_is_removed(gather, shelf):
    gather()
    (shelf / "docs" / "a.md").unlink()

    assert texts(gather()) == {"dav/sub/b c.md": "two"}


def test_a_wrong_password_is_unreachable_and_not_shown(gather, monkeypatch):
    monkeypatch.setenv("DAV_WORD", "open sesame")

    with pytest.raises(SourceUnreachable, match="401") as caught:
        gather()

    assert "sesame" not in str(caught.value)


def test_a_folder_that_is_not_there_is_unreachable_and_what_it_held_stays(gather, mirror):
    gather()

    with pytest.raises(SourceUnreachable, match="'dav' cannot be read"):
        gather("/no-such")

    assert {path.read_text() for path in (mirror / "files").iterdir()} == {"one", "two"}


def test_a_server_that_is_not_there_is_unreachable(mirror):
    with pytest.raises(SourceUnreachable, match="'dav' cannot be read"):
        Remote(name="dav", url="webdav://127.0.0.1:9/").gather(mirror)
