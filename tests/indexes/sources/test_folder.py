"""Files of this machine, under the source's name; a missing drive is not an empty folder."""

import pytest

from indexes.sources import Folder
from rag.corpus.walk import Found
from rag.errors import SourceUnreachable
from rag.reports import FileReport


@pytest.fixture
def drive(tmp_path):
    for path in ("a/x.md", "a/y.txt", "a/.hidden/z.md", "b/x.md", "b/deep/er/w.md"):
        file = tmp_path / "drive" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(path)
    return tmp_path / "drive"


def gather(*paths, **patterns):
    return Folder(name="docs", paths=paths, **patterns).gather(paths[0] / "no-mirror")


def sources(content):
    return [item.source for item in content.items]


def test_files_go_by_the_sources_name_and_their_path(drive):
    content = gather(drive)

    assert sources(content) == ["docs/a/x.md", "docs/a/y.txt", "docs/b/deep/er/w.md", "docs/b/x.md"]
    assert content.root == drive
    assert all(item.path.read_text() == item.source[5:] for item in content.items)


def test_two_folders_are_told_apart_and_lie_below_one_root(drive):
    content = gather(drive / "a", drive / "b")

    assert sources(content) == ["docs/a/x.md", "docs/a/y.txt", "docs/b/deep/er/w.md", "docs/b/x.md"]
    assert content.root == drive


def test_one_file_goes_by_its_name(drive):
    content = gather(drive / "a" / "x.md")

    assert sources(content) == ["docs/x.md"]
    assert content.root == drive / "a" / "x.md"


def test_a_glob_gives_what_it_matches_and_its_root_is_the_folder_before_it(drive):
    content = gather(drive / "b" / "**" / "*.md")

    assert sorted(sources(content)) == ["docs/deep/er/w.md", "docs/x.md"]
    assert content.root == drive / "b"


def test_what_is_watched_is_what_globs_begin_at(drive):
    source = Folder(name="docs", paths=(drive / "a", drive / "b" / "*.md", drive / "b" / "x.md"))

    assert source.watched() == (drive / "a", drive / "b", drive / "b" / "x.md")


def test_a_name_that_only_looks_like_a_glob_is_taken_as_it_is(drive):
    (drive / "[x].md").write_text("odd")

    assert sources(gather(drive / "[x].md")) == ["docs/[x].md"]


def test_patterns_choose(drive):
    content = gather(drive, include=("*.md",), exclude=("deep/",))

    assert sources(content) == ["docs/a/.hidden/z.md", "docs/a/x.md", "docs/b/x.md"]


@pytest.mark.parametrize("path", ["gone", "gone/*.md", "a/gone.md"])
def test_a_path_that_does_not_exist_is_unreachable_and_named(drive, path):
    with pytest.raises(
        SourceUnreachable, match=r"'docs' cannot be reached: .*gone.*does not exist"
    ):
        gather(drive, drive / path)


def test_an_empty_folder_holds_nothing_and_says_so(tmp_path):
    (tmp_path / "empty").mkdir()

    content = gather(tmp_path / "empty")

    assert content.items == ()
    assert content.root == tmp_path / "empty"
    assert "there is no file to read" in content.notes[0]


def test_a_glob_that_matches_nothing_holds_nothing_and_says_so(drive):
    content = gather(drive / "*.pdf")

    assert (content.items, content.root) == ((), drive)
    assert content.notes == ("docs: no file matches its globs.",)


def test_a_link_is_refused_by_name(drive):
    (drive / "a" / "link.md").symlink_to("/etc/passwd")

    refused = [item for item in gather(drive).items if isinstance(item, FileReport)]

    assert [(one.source, one.reason) for one in refused] == [
        ("docs/a/link.md", "The file is a symbolic link; give the file it points to.")
    ]


def test_a_name_that_is_no_text_is_shown_with_a_mark(tmp_path):
    path = tmp_path / "docs"
    path.mkdir()
    try:
        (path / "\udcff.md").write_text("odd")
    except OSError:
        pytest.skip("this file system takes no such names")

    (item,) = gather(path).items

    assert item == Found(path / "\udcff.md", "docs/\ufffd.md")
