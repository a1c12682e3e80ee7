"""Copies survive stops, damage and hostile names; what is not vouched for is fetched again."""

import json
import os

import pytest

from rag.errors import DiskFull, IndexDamaged
from rag.index.disk import Disk
from rag.index.mirror import (
    Mirror,
    clear_mirrors,
    forget_copies,
    lift_copy,
    plain_suffix,
    shown,
)

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
    return {name: path.read_text() for path, name in Mirror(folder).copies()}


def test_hostile_names_become_files_of_the_mirror_and_of_nothing_else(tmp_path):
    folder = tmp_path / "deep" / "mirror"
    before = set(tmp_path.rglob("*"))
    with Mirror(folder) as mirror:
        for name in HOSTILE:
            mirror.put(name, shown(name), plain_suffix(name), [name.encode("utf-8", "replace")], {})
        mirror.retain(set(HOSTILE))

    made = {path for path in set(tmp_path.rglob("*")) - before if path.is_file()}
    assert len(HOSTILE) >= 25
    copies = [path for path, _ in Mirror(folder).copies()]
    assert len(copies) == len(HOSTILE)
    assert made == {folder / "state.json", *copies}
    assert all(path.parent == folder / "files" for path in copies)
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


def test_a_forgotten_copy_goes_with_all_that_names_it_and_is_not_made_again(tmp_path):
    folder = tmp_path / "site"
    with Mirror(folder) as mirror:
        put(mirror, "secret-address", "secret text")
        put(mirror, "b", "b")
        path = mirror.path("secret-address")
    (path.parent / f".{path.name}.part").write_text("secret t")

    assert forget_copies(tmp_path, [path]) == 1

    written = b"".join(one.read_bytes() for one in tmp_path.rglob("*") if one.is_file())
    assert b"secret" not in written
    with Mirror(folder) as mirror:
        put(mirror, "secret-address", "secret text")
        mirror.retain({"secret-address", "b"})
        assert mirror.skipped == 1
    assert held(folder) == {"name of b": "b"}


def test_a_forgotten_copy_stays_forgotten_under_another_suffix_and_without_a_state(tmp_path):
    folder = tmp_path / "site"
    with Mirror(folder) as mirror:
        put(mirror, "a", "a")
        path = mirror.path("a")
    forget_copies(tmp_path, [path])
    (folder / "state.json").unlink()

    with Mirror(folder) as mirror:
        mirror.put("a", "name of a", ".pdf", [b"a"], {})

    assert held(folder) == {}


def test_what_was_forgotten_cannot_be_guessed_from_a_name(tmp_path):
    for folder in ("one", "two"):
        with Mirror(tmp_path / folder) as mirror:
            put(mirror, "a", "a")
        forget_copies(tmp_path, [mirror.root / path.name for path in mirror.root.iterdir()])

    one, two = (
        json.loads((tmp_path / folder / "forgotten.json").read_text()) for folder in ("one", "two")
    )

    assert len(one["marks"]) == len(two["marks"]) == 1
    assert one["marks"] != two["marks"]


def test_a_lifted_copy_is_made_again(tmp_path):
    with Mirror(tmp_path / "site") as mirror:
        put(mirror, "a", "a")
        path = mirror.path("a")
    forget_copies(tmp_path, [path])

    lift_copy(tmp_path, path)

    with Mirror(tmp_path / "site") as mirror:
        put(mirror, "a", "again")
    assert held(tmp_path / "site") == {"name of a": "again"}


def test_nothing_but_copies_is_forgotten(tmp_path):
    with Mirror(tmp_path / "mirror" / "site") as mirror:
        put(mirror, "a", "a")
    name = mirror.path("a").name
    others = [
        tmp_path / name,
        tmp_path / "mirror" / "site" / "state.json",
        tmp_path / "mirror" / "site" / "other" / name,
        tmp_path / "mirror" / "files" / name,
        tmp_path / "mirror" / "site" / "files" / "readme.txt",
        tmp_path / "mirror" / ".." / "site" / "files" / name,
        tmp_path / "elsewhere" / "site" / "files" / name,
    ]
    for path in others:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()

    assert forget_copies(tmp_path / "mirror", others) == 0

    assert all(path.exists() for path in others)
    assert not list(tmp_path.rglob("forgotten.json"))


def test_marks_that_cannot_be_read_are_an_error_not_nothing(tmp_path):
    with Mirror(tmp_path) as mirror:
        put(mirror, "a", "a")
    (tmp_path / "forgotten.json").write_text("{")

    with pytest.raises(IndexDamaged, match=r"forgotten\.json cannot be read"):
        Mirror(tmp_path)


def test_mirrors_of_other_sources_are_cleared(tmp_path):
    for name in ("stays", "goes"):
        with Mirror(tmp_path / name) as mirror:
            put(mirror, "a", "a")
    (tmp_path / "no-mirror").mkdir()

    clear_mirrors(tmp_path, {"stays"})
    clear_mirrors(tmp_path / "none", set())

    assert {path.name for path in tmp_path.iterdir()} == {"stays", "no-mirror"}
