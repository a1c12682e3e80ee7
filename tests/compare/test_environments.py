"""A library lives in an environment of its own, made once."""

import subprocess

import pytest

from tests.compare.environments import LibraryMissing, python_of


def test_an_environment_that_cannot_be_made_says_so(tmp_path):
    wanted = tmp_path / "absent.txt"
    wanted.write_text("absent==1.0\n", encoding="utf-8")
    (tmp_path / "taken").write_text("a file, no folder", encoding="utf-8")

    with pytest.raises(LibraryMissing, match="absent cannot be installed: "):
        python_of("absent", place=tmp_path / "taken", wanted=wanted)


@pytest.mark.slow
def test_a_library_that_no_index_has_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    wanted = tmp_path / "absent.txt"
    wanted.write_text("quotewell-no-such-package==1.0\n", encoding="utf-8")

    with pytest.raises(LibraryMissing, match="absent cannot be installed: ERROR: No matching"):
        python_of("absent", place=tmp_path, wanted=wanted)

    assert not (tmp_path / "absent" / "ready.txt").exists()


@pytest.mark.slow
def test_an_environment_is_made_once_and_again_when_its_pins_change(tmp_path):
    wanted = tmp_path / "none.txt"
    wanted.write_text("# nothing\n", encoding="utf-8")

    python = python_of("none", place=tmp_path, wanted=wanted)
    before = (tmp_path / "none" / "ready.txt").stat().st_mtime_ns
    python_of("none", place=tmp_path, wanted=wanted)

    assert (tmp_path / "none" / "ready.txt").stat().st_mtime_ns == before
    subprocess.run([str(python), "-c", "import pip"], check=True)
    wanted.write_text("# still nothing\n", encoding="utf-8")
    python_of("none", place=tmp_path, wanted=wanted)
    assert (tmp_path / "none" / "ready.txt").read_text("utf-8") == "# still nothing\n"
