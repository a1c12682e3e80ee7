"""What two builds differ in, by document and by answer."""

import pytest

from indexes.live.diff import answers_between, documents_between
from tests.indexes.shelf import Shelf


@pytest.fixture
def builds(tmp_path):
    shelf = Shelf(tmp_path)
    for name, tree in (("a", "ash"), ("b", "beech"), ("c", "cedar"), ("d", "dogwood")):
        shelf.write(f"{name}.md", f"# {tree}\n\nThe {tree} mill opens at nine.\n")
    first = shelf.rebuild().build
    shelf.write("a.md", "# ash\n\nThe ash mill opens at ten.\n")
    (shelf.papers / "b.md").unlink()
    (shelf.papers / "c.md").rename(shelf.papers / "z.md")
    shelf.write("e.md", "# elm\n\nThe elm mill opens at nine.\n")
    return shelf, first, shelf.rebuild().build


def test_documents_are_added_removed_changed_and_renamed(builds):
    shelf, first, second = builds

    found = documents_between(shelf.folder, first, second)

    assert [(one.what, one.source, one.was) for one in found] == [
        ("changed", "papers/a.md", ""),
        ("removed", "papers/b.md", ""),
        ("added", "papers/e.md", ""),
        ("renamed", "papers/z.md", "papers/c.md"),
    ]
    assert documents_between(shelf.folder, first, first) == ()


def test_answers_that_differ_are_shown_with_both_sides(builds):
    shelf, *both = builds
    settings = shelf.settings.with_values({"index": "papers"})
    before, now = (shelf.open(settings, build) for build in both)
    asked = ["When does the ash mill open?", "When does the dogwood mill open?"]

    found = answers_between(before, now, asked)

    (one,) = found
    assert one.before.startswith("The ash mill opens at nine.")
    assert one.now.startswith("The ash mill opens at ten.")
    assert "papers/a.md" in one.sources_before
    assert "papers/a.md" in one.sources_now
    before.snapshot.close()
    now.snapshot.close()
