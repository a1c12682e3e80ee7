"""Copies survive stops, damage and hostile names; what is not vouched for is fetched again."""

import json
import os

import pytest

from indexes.sources.mirror import Mirror, plain_suffix, shown
from rag.errors import DiskFull
from rag.index.disk import Disk

HOSTILE = [
    "../../etc/passwd",
    "/etc/passwd",
    "..\\..\\windows\\win.ini",
    "C:x.txt",
    "C:\\x",
    "\\\\host\\share",
    "CON",
    "aux.txt",
    "NUL",
    "a\nb.txt",
    "a\x00b.txt",
    "a" * 5000 + ".txt",
    "<img src=x onerror=alert(1)>.html",
    "\u202egnp.exe",
    "-rf",
    "trailing.",
    ".hidden",
    ".",
    "..",
    "",
    " ",
    "caf\u00e9.txt",
    "cafe\u0301.txt",
    "a.ÄÖÜ",
    "a.thisistoolongtobeasuffix",
    "~root",
    "$HOME/x",
    "state.json",
    ".state.json.part",
    "\udcff\udcfe.txt",
]


class StoppedError(BaseException):
    """Stands for a process that is killed."""


class StoppingDisk(Disk):
    """Stops at the `n`th step."""

    def __init__(self, n):
        self.left = n

    def _step(self):
        self.left -= 1
        if self.left < 0:
            raise StoppedError

    def create(self, path):
        self._step()
        return super().create(path)

    def sync(self, handle):
        self._step()
        super().sync(handle)

    def rename(self, source, target):
        self._step()
        super().rename(source, target)
        self._step()


class FullDisk(Disk):
    def sync(self, handle):
        raise OSError(28, "No space left on device")


def put(mirror, key, text, **stamp):
    mirror.put(key, f"name of {key}", ".txt", [text.encode()], stamp)


def held(folder):
    return {item.source: item.path.read_text() for item in Mirror(folder).found()}


def test_hostile_names_become_files_of_the_mirror_and_of_nothing_else(tmp_path):
    folder = tmp_path / "deep" / "mirror"
    before = set(tmp_path.rglob("*"))
    with Mirror(folder) as mirror:
        for name in HOSTILE:
            mirror.put(name, shown(name), plain_suffix(name), [name.encode("utf-8", "replace")], {})
        mirror.retain(set(HOSTILE))

    made = {path for path in set(tmp_path.rglob("*")) - before if path.is_file()}
    assert len(HOSTILE) >= 25
    assert len(list(Mirror(folder).found())) == len(HOSTILE)
    assert made == {folder / "state.json", *(item.path for item in Mirror(folder).found())}
    assert all(item.path.parent == folder / "files" for item in Mirror(folder).found())
    assert Mirror(folder).keys() == set(HOSTILE)


def test_a_copy_is_known_again_with_its_stamp(tmp_path):
    with Mirror(tmp_path) as mirror:
        put(mirror, "a", "text", etag="1")

    again = Mirror(tmp_path)

    assert again.stamp("a") == {"etag": "1"}
    assert again.stamp("b") is None
    assert again.path("a").read_text() == "text"


@pytest.mark.parametrize(
    "harm",
    [
        lambda path: path.unlink(),
        lambda path: path.write_text("longer than before"),
        lambda path: path.write_text("TEXT"),
        lambda path: path.write_bytes(b""),
    ],
    ids=["deleted", "longer", "changed", "emptied"],
)
def test_a_harmed_copy_is_not_vouched_for_and_not_given(tmp_path, harm):
    with Mirror(tmp_path) as mirror:
        put(mirror, "a", "text", etag="1")
        put(mirror, "b", "other")
        path = mirror.path("a")
    os.utime(path, ns=(0, 0))
    with Mirror(tmp_path) as mirror:
        put(mirror, "a", "text", etag="1")

    harm(path)

    assert Mirror(tmp_path).stamp("a") is None
    assert held(tmp_path) == {"name of b": "other"}


@pytest.mark.parametrize(
    "state",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"format": 2, "copies": {}}',
        b'{"format": 1, "copies": []}',
        b'{"format": 1, "copies": {"a": {}}}',
        b'{"format": 1, "copies": {"a": {"file": "../../x", "source": "a", "bytes": 1, '
        b'"mtime_ns": 1, "sha256": "", "stamp": {}}}}',
        b"\xff\xfe",
    ],
)
def test_a_state_that_is_none_vouches_for_nothing(tmp_path, state):
    with Mirror(tmp_path) as mirror:
        put(mirror, "a", "text", etag="1")
    (tmp_path / "state.json").write_bytes(state)

    mirror = Mirror(tmp_path)
    put(mirror, "a", "text", etag="1")
    mirror.retain({"a"})

    assert held(tmp_path) == {"name of a": "text"}


def test_an_error_while_bytes_are_drawn_leaves_the_copy_there_was(tmp_path):
    def breaking():
        yield b"new"
        raise LookupError

    with Mirror(tmp_path) as mirror:
        put(mirror, "a", "old", etag="1")
        with pytest.raises(LookupError):
            mirror.put("a", "name of a", ".txt", breaking(), {"etag": "2"})

    assert held(tmp_path) == {"name of a": "old"}
    assert Mirror(tmp_path).stamp("a") == {"etag": "1"}
    assert len(list((tmp_path / "files").iterdir())) == 1


def test_what_is_not_retained_is_deleted_and_so_is_what_was_left_lying(tmp_path):
    with Mirror(tmp_path) as mirror:
        put(mirror, "a", "a")
        put(mirror, "b", "b")
        (mirror.root / ".left.part").write_text("half")
        mirror.retain({"b"})

    assert held(tmp_path) == {"name of b": "b"}
    assert len(list((tmp_path / "files").iterdir())) == 1


def test_a_new_suffix_moves_the_copy_and_leaves_no_other(tmp_path):
    with Mirror(tmp_path) as mirror:
        put(mirror, "a", "a")
        mirror.put("a", "name of a", ".pdf", [b"a"], {})
        mirror.retain({"a"})

    (path,) = (tmp_path / "files").iterdir()
    assert path.suffix == ".pdf"


def test_a_full_disk_says_so_and_keeps_what_there_was(tmp_path):
    with Mirror(tmp_path) as mirror:
        put(mirror, "a", "old", etag="1")

    message = "no room while writing a copy of name of a"
    with pytest.raises(DiskFull, match=message), Mirror(tmp_path, FullDisk()) as mirror:
        put(mirror, "a", "new", etag="2")

    assert held(tmp_path) == {"name of a": "old"}
    assert Mirror(tmp_path).stamp("a") == {"etag": "1"}


def test_a_stop_at_any_step_loses_no_copy_and_the_next_round_repairs(tmp_path):
    def one_round(folder, text, disk=None):
        with Mirror(folder, disk) as mirror:
            for key in ("a", "b"):
                if (mirror.stamp(key) or {}).get("v") != text:
                    put(mirror, key, text, v=text)
            mirror.retain({"a", "b"})

    steps = 0
    while True:
        folder = tmp_path / str(steps)
        one_round(folder, "old")
        try:
            one_round(folder, "new", StoppingDisk(steps))
        except StoppedError:
            stamps = {key: Mirror(folder).stamp(key) for key in ("a", "b")}
            texts = set(held(folder).values())
            assert texts <= {"old", "new"}
            assert all(stamp in (None, {"v": "old"}, {"v": "new"}) for stamp in stamps.values())
        else:
            break
        one_round(folder, "new")
        assert held(folder) == {"name of a": "new", "name of b": "new"}
        assert len(list((folder / "files").iterdir())) == 2
        steps += 1
    assert steps > 8


def test_the_state_speaks_only_of_what_is_there(tmp_path):
    with Mirror(tmp_path) as mirror:
        put(mirror, "a", "a")

    state = json.loads((tmp_path / "state.json").read_text())

    assert state["format"] == 1
    assert set(state["copies"]) == {"a"}
