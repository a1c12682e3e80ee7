"""Walking folders and reading their files side by side."""

import threading

import pytest

from rag.corpus.load import FileLoader, Found, Limits, Loaded, walk
from rag.errors import LoadError
from rag.reports import FileReport, FileStatus


@pytest.fixture
def folder(tmp_path):
    for name in ("b/two.txt", "a.txt", "b/.hidden", "b/node_modules/x.txt", "c.md"):
        path = tmp_path / "docs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"Text of {name}.")
    return tmp_path / "docs"


def sources(items):
    return [item.source for item in items]


def test_files_come_in_the_order_of_their_names_under_the_name_of_the_folder(folder):
    exclude = [".*", "node_modules/"]

    assert sources(walk([folder], exclude=exclude)) == ["docs/a.txt", "docs/b/two.txt", "docs/c.md"]
    assert sources(walk([folder / "a.txt"])) == ["a.txt"]


def test_patterns_choose_files(folder):
    assert sources(walk([folder], include=["*.md", "/a.*"])) == ["docs/a.txt", "docs/c.md"]


def test_folders_of_the_same_name_are_told_apart(tmp_path):
    for parent in ("x", "y"):
        (tmp_path / parent / "docs").mkdir(parents=True)
        (tmp_path / parent / "docs" / "a.txt").write_text("x")

    found = walk([tmp_path / "x" / "docs", tmp_path / "y" / "docs"])

    assert sources(found) == ["x/docs/a.txt", "y/docs/a.txt"]


def test_a_file_that_two_paths_lead_to_comes_once(folder):
    assert sources(walk([folder / "b", folder])).count("docs/b/two.txt") == 0
    assert len(sources(walk([folder, folder]))) == len(sources(walk([folder])))


def test_links_are_reported_and_not_followed(folder, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.txt").write_text("x")
    (folder / "link").symlink_to(outside)

    reports = [item for item in walk([folder]) if isinstance(item, FileReport)]

    assert [(report.source, report.status) for report in reports] == [
        ("docs/link", FileStatus.REJECTED)
    ]
    assert "symbolic link" in reports[0].reason


def test_a_missing_path_is_named_at_once(tmp_path):
    with pytest.raises(LoadError, match="nothing-here does not exist"):
        walk([tmp_path / "nothing-here"])


def test_an_empty_folder_says_that_there_is_nothing_to_read(tmp_path):
    with pytest.raises(LoadError, match="no file to read"):
        list(walk([tmp_path]))


def test_names_that_are_no_utf8_can_be_stored(tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / b"caf\xe9.txt".decode("utf-8", "surrogateescape")).write_text("x")

    (found,) = walk([tmp_path / "docs"])

    assert found.source == "docs/caf\ufffd.txt"
    with FileLoader(workers=1) as loader:
        assert loader.read(found).documents[0].text == "x"


def test_read_all_keeps_the_order(tmp_path):
    found = []
    for number in range(40):
        path = tmp_path / f"{number}.txt"
        path.write_text("long " * 1000 * (number % 3) + f"text {number}")
        found.append(Found(path, path.name))

    with FileLoader(workers=2) as loader:
        loaded = list(loader.read_all(found))

    assert [item.report.source for item in loaded] == [item.source for item in found]
    assert [item.documents[0].text[-3:].strip() for item in loaded[:3]] == ["t 0", "t 1", "t 2"]


def test_read_all_draws_only_a_few_files_ahead(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("x")
    drawn = []

    def endless():
        while True:
            drawn.append(1)
            yield Found(path, "a.txt")

    with FileLoader(workers=2) as loader:
        results = loader.read_all(endless())
        next(results)
        results.close()

    assert len(drawn) <= 10


def test_a_report_counts_what_was_read(loader, found):
    loaded = loader.read(found("a.md", b"# T\n\n| A | B |\n|--|--|\n| 1 | 2 |\n"))

    assert isinstance(loaded, Loaded)
    report = loaded.report
    assert (report.status, report.format, report.documents, report.tables) == (
        FileStatus.ACCEPTED,
        "markdown",
        1,
        1,
    )
    assert report.characters == len(loaded.documents[0].text)
    assert report.seconds > 0
    assert len(loaded.sha256) == 64


def test_a_document_arrives_from_the_worker_as_it_was_composed(loader, found, read):
    data = b"---\nauthor: Ann\n---\n# T\n\nText.\n\n- a\n- b\n"

    loaded = loader.read(found("a.md", data))

    assert loaded.documents == tuple(read("a.md", data)[0])


def test_load_gives_documents_or_the_reason(loader, found, tmp_path):
    good, bad = found("good.txt", b"Good."), found("bad.pdf", b"none")

    assert [document.text for document in loader.load(str(good.path))] == ["Good."]
    with pytest.raises(LoadError, match=r"bad\.pdf.*holds no PDF data"):
        list(loader.load(str(bad.path)))
    with pytest.raises(LoadError, match="does not exist"):
        list(loader.load(str(tmp_path / "nothing")))


def test_several_threads_share_a_loader(found):
    files = [found(f"{number}.txt", f"Text {number}.".encode()) for number in range(20)]
    texts = {}
    with FileLoader(Limits(), workers=2) as loader:

        def work(mine):
            for item in mine:
                texts[item.source] = loader.read(item).documents[0].text

        threads = [threading.Thread(target=work, args=(files[n::4],)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert texts == {f"{number}.txt": f"Text {number}." for number in range(20)}


@pytest.mark.parametrize("source", ["https://example.rs/", "https://a.test/guide.md", "a/b.json"])
def test_the_file_tells_the_format_not_the_name_people_know(tmp_path, source):
    path = tmp_path / "0123abcd.html"
    path.write_text("<h1>Tides</h1><p>High water is at <b>noon</b>.</p>")

    with FileLoader() as loader:
        loaded = loader.read(Found(path, source))

    assert loaded.report.format == "html"
    assert loaded.report.source == source
    assert "High water is at noon." in loaded.documents[0].text
