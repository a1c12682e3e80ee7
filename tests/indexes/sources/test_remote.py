"""Files of a store, through fsspec: only what changed is downloaded, no name becomes a path."""

import sys
from datetime import UTC, datetime

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFile

from indexes.sources import Remote
from rag.errors import ExtraMissing, RecipeError, SourceUnreachable
from rag.index.mirror import Mirror
from tests.index.test_mirror import HOSTILE

NAMES = [name for name in HOSTILE if name.strip(" /.") and name[0] not in "/\udcff"]
"""Those that a store in memory can list."""


class Lying(MemoryFile):
    """A file that a store lists as smaller than it is."""

    size = 3


@pytest.fixture
def memory():
    store = fsspec.filesystem("memory")
    store.store.clear()
    store.pseudo_dirs[:] = [""]
    yield store
    store.store.clear()
    store.pseudo_dirs[:] = [""]


@pytest.fixture
def folder(tmp_path):
    for path, text in {"a.md": "one", "docs/b.md": "two"}.items():
        file = tmp_path / "store" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return tmp_path / "store"


def remote(url, **options):
    return Remote(name="store", url=str(url), **options)


def texts(content):
    return {item.source: item.path.read_text() for item in content.items}


def written(content):
    return {item.source: item.path.stat().st_mtime_ns for item in content.items}


@pytest.mark.parametrize("end", ["", "/"])
def test_files_below_an_address_go_by_their_path(folder, mirror, end):
    content = remote(f"file://{folder}{end}").gather(mirror)

    assert texts(content) == {"store/a.md": "one", "store/docs/b.md": "two"}
    assert all(item.path.is_relative_to(content.root) for item in content.items)
    assert all(item.path.suffix == ".md" for item in content.items)


def test_only_what_changed_is_read_again_and_files_keep_their_place(folder, mirror):
    source = remote(f"file://{folder}")
    before = written(source.gather(mirror))
    (folder / "a.md").write_text("one, changed")
    (folder / "docs" / "b.md").chmod(0)  # reading it again would show, unless root does
    (folder / "docs" / "c.md").write_text("three")

    content = source.gather(mirror)

    assert texts(content) == {
        "store/a.md": "one, changed",
        "store/docs/b.md": "two",
        "store/docs/c.md": "three",
    }
    assert written(content)["store/docs/b.md"] == before["store/docs/b.md"]
    assert content.notes == ()


def test_an_unchanged_file_is_not_opened_at_all(memory, mirror):
    memory.pipe("/docs/a.md", b"one")
    source = remote("memory://docs")
    source.gather(mirror)
    with Mirror(mirror) as copies:
        (key,) = copies.keys()
        stamp = copies.stamp(key)
    memory.store["/docs/a.md"].seek(0)
    memory.store["/docs/a.md"].write(b"ONE")  # its time and size are what they were

    content = source.gather(mirror)

    assert stamp
    assert texts(content) == {"store/a.md": "one"}


def test_a_file_that_is_gone_is_dropped(memory, mirror):
    memory.pipe({"/docs/a.md": b"one", "/docs/b.md": b"two"})
    source = remote("memory://docs")
    source.gather(mirror)
    memory.rm("/docs/a.md")

    content = source.gather(mirror)

    assert texts(content) == {"store/b.md": "two"}
    assert len(list(content.root.iterdir())) == 1


def test_a_file_of_equal_size_and_another_time_is_read_again(memory, mirror):
    memory.pipe("/docs/a.md", b"one")
    source = remote("memory://docs")
    source.gather(mirror)
    memory.pipe("/docs/a.md", b"ONE")
    memory.store["/docs/a.md"].created = datetime(2030, 1, 1, tzinfo=UTC)

    assert texts(source.gather(mirror)) == {"store/a.md": "ONE"}


def test_patterns_choose(memory, mirror):
    memory.pipe({f"/d/{name}": b"x" for name in ("a.md", "b.txt", ".hidden.md", "old/c.md")})

    content = remote("memory://d", include=("*.md",), exclude=(".*", "old/")).gather(mirror)

    assert list(texts(content)) == ["store/a.md"]


@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_name_is_data(memory, mirror, tmp_path, name):
    before = {path for path in tmp_path.rglob("*") if path.is_file()}
    memory.store[f"/docs/{name}"] = MemoryFile(memory, f"/docs/{name}", b"data")

    content = remote("memory://docs", exclude=()).gather(mirror)

    (item,) = content.items
    made = {path for path in tmp_path.rglob("*") if path.is_file()} - before
    assert made == {mirror / "state.json", item.path}
    assert item.path.parent == mirror / "files"
    assert item.path.read_bytes() == b"data"


def test_a_large_file_is_reported_and_a_list_too_long_refused(memory, mirror):
    memory.pipe({"/d/a.md": b"x" * (2**20 + 1), "/d/b.md": b"y"})

    content = remote("memory://d", max_mb=1).gather(mirror)

    assert [item.source for item in content.items] == ["store/b.md", "store/a.md"]
    assert content.items[1].reason == "The file is larger than 1 MB; raise max_mb to read it."
    with pytest.raises(SourceUnreachable, match="more than 1 files; raise max_files"):
        remote("memory://d", max_files=1).gather(mirror)


def test_a_file_that_is_larger_than_listed_keeps_its_last_copy(memory, mirror):
    memory.pipe({"/d/a.md": b"one", "/d/b.md": b"two"})
    source = remote("memory://d")
    source.gather(mirror)
    memory.store["/d/a.md"] = Lying(memory, "/d/a.md", b"changed")

    content = source.gather(mirror)

    assert texts(content) == {"store/a.md": "one", "store/b.md": "two"}
    assert content.notes == (
        "store/a.md was not fetched: it changed while it was read; its last copy stays.",
    )


@pytest.mark.parametrize("url", ["memory://no/such", "file:///no/such/folder"])
def test_a_place_that_is_not_there_is_unreachable_and_what_it_held_stays(memory, mirror, url):
    memory.pipe("/d/a.md", b"one")
    remote("memory://d").gather(mirror)

    with pytest.raises(SourceUnreachable, match="'store' cannot be read from"):
        remote(url).gather(mirror)

    assert [path.read_text() for path, _ in Mirror(mirror).copies()] == ["one"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"url": "docs"}, "key 'url' must be one of s3://"),
        ({"url": ""}, "key 'url'"),
        ({"url": "http://example.org/"}, "key 'url'"),
        ({"url": "python://os/system"}, "key 'url'"),
        ({"url": "memory://a::file:///etc"}, "key 'url'"),
        ({"url": "webdav://me:word@host/"}, "without user name and password"),
        ({"url": "memory://a", "endpoint": "http://x"}, "key 'endpoint' must be left out"),
        ({"url": "s3://a", "user": "me"}, "key 'user' must be left out"),
        ({"url": "webdav://a", "anonymous": True}, "key 'anonymous' must be left out"),
        ({"url": "s3://a", "secret_env": "wJalr/XUtn+FEMI"}, "name of an environment variable"),
    ],
)
def test_a_bad_address_or_key_is_named_and_no_secret_is_shown(options, says):
    with pytest.raises(RecipeError, match=says) as caught:
        Remote(name="store", **options)

    assert "word" not in str(caught.value).replace("password", "")
    assert "wJalr" not in str(caught.value)


def test_a_secret_that_is_not_set_is_named(mirror, monkeypatch):
    monkeypatch.delenv("DAV_WORD", raising=False)
    source = remote("webdav://127.0.0.1:9/", user="me", password_env="DAV_WORD")

    with pytest.raises(RecipeError, match=r"password_env names the variable DAV_WORD.*not set"):
        source.gather(mirror)


@pytest.mark.parametrize(
    ("url", "module", "extra"),
    [("s3://bucket/a", "s3fs", "s3"), ("webdavs://host/a", "webdav4.fsspec", "webdav")],
)
def test_a_store_without_its_package_names_the_command(mirror, monkeypatch, url, module, extra):
    monkeypatch.setitem(sys.modules, module, None)

    with pytest.raises(ExtraMissing, match=rf"pip install 'quotewell\[{extra}\]'"):
        remote(url).gather(mirror)
