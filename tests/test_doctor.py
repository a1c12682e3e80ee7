"""The doctor says what is damaged, and finds nothing where nothing is."""

import pytest

from rag.doctor import _check_live, _ledger, _whole, diagnose
from rag.errors import IndexDamaged
from rag.index.ledger import Ledger
from rag.index.reading import open_reader
from rag.settings import Settings
from tests.index.conftest import folder, ledger  # noqa: F401
from tests.index.material import build_and_publish, index_of, opened, put


@pytest.fixture
def two_builds(folder):  # noqa: F811
    first = index_of(folder, {"/a.txt": "apples"})
    with Ledger.open(folder) as writing:
        put(writing, "/a.txt", "pears")
        return folder, first, build_and_publish(folder, writing)


def test_a_damaged_live_build_is_told_with_the_one_that_answers(two_builds):
    folder, first, second = two_builds  # noqa: F811
    path = folder.build(second.build) / "dense.faiss"
    path.write_bytes(path.read_bytes()[:-1])
    snapshot = opened(folder)

    with pytest.raises(IndexDamaged, match=rf"{second.build} is damaged, and build {first.build}"):
        _check_live(folder, snapshot)
    with pytest.raises(IndexDamaged, match=r"dense\.faiss"):
        _whole(folder, second.build)
    assert _whole(folder, first.build) == "whole, 1 chunks"
    snapshot.close()


@pytest.mark.parametrize("content", [None, b"nonsense"])
def test_a_live_file_that_is_gone_or_nonsense_is_told(two_builds, content):
    folder, *_ = two_builds  # noqa: F811
    folder.live.unlink() if content is None else folder.live.write_bytes(content)
    snapshot = opened(folder)

    with pytest.raises(IndexDamaged, match="LIVE"):
        _check_live(folder, snapshot)
    snapshot.close()


def test_a_text_in_the_ledger_that_was_altered_is_told(two_builds):
    folder, *_ = two_builds  # noqa: F811
    assert _ledger(folder) == "whole, 1 documents"
    with Ledger.open(folder) as writing, writing.transaction() as db:
        db.execute("UPDATE content SET text = ? WHERE text = ?", (b"peaRs", b"pears"))

    with pytest.raises(IndexDamaged, match="does not match its checksum"):
        _ledger(folder)


def test_a_broken_page_of_the_ledger_is_told(folder):  # noqa: F811
    index_of(folder, {f"/{i}.txt": f"text {i} " * 300 for i in range(30)})
    data = bytearray(folder.ledger.read_bytes())
    for page in range(8 * 4096, len(data), 4096):
        data[page] ^= 0xFF
    folder.ledger.write_bytes(data)

    with open_reader(folder) as reader, pytest.raises(IndexDamaged, match="damaged"):
        reader.check_pages()


def test_what_is_whole_needs_no_word(two_builds, tmp_path):
    folder, _, second = two_builds  # noqa: F811
    snapshot = opened(folder)

    _check_live(folder, snapshot)

    with open_reader(folder) as reader:
        reader.check_pages()
    assert _whole(folder, second.build).startswith("whole")
    snapshot.close()


def test_every_build_of_every_index_is_looked_at(two_builds, tmp_path):
    _, first, second = two_builds

    found = {one.what: one.ok for one in diagnose(Settings(home=tmp_path))}

    assert found["ledger of demo"]
    assert found[f"build {first.build} of demo"]
    assert found[f"build {second.build} of demo"]
    assert not found["index demo"]  # its embedder's weights are not on this machine
