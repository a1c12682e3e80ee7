"""What a rebuild does when files, folders or sources have gone: it asks, or keeps them."""

import pytest

from rag.errors import (
    LoadError,
    RecipeError,
    SourceVanished,
)
from rag.index.build import live_build
from rag.index.journal import RunOutcome, runs
from tests.indexes.shelf import Shelf
from tests.indexes.sources.site import running_site


def test_when_most_of_a_source_has_gone_it_stops_and_asks(shelf):
    before = shelf.rebuild()
    for name in ("mill.md", "pier.md", "lamp.md"):
        (shelf.papers / name).unlink()

    with pytest.raises(SourceVanished, match=r"3 of 4 files of source 'papers'.*--accept-gone"):
        shelf.rebuild()

    assert live_build(shelf.folder) == before.build
    assert len(shelf.sources()) == 4
    assert runs(shelf.folder)[0].outcome is RunOutcome.STOPPED
    assert shelf.rebuild(accept_gone=["papers"]).documents == 1


def test_a_folder_that_is_not_there_stops_it_too(shelf):
    shelf.rebuild()
    shelf.papers.rename(shelf.home / "unmounted")

    with pytest.raises(SourceVanished, match="does not exist"):
        shelf.rebuild()
    assert len(shelf.sources()) == 4

    (shelf.home / "unmounted").rename(shelf.papers)
    assert shelf.rebuild().outcome is RunOutcome.UNCHANGED


def test_moving_most_files_is_not_vanishing(shelf):
    shelf.rebuild()
    for name in ("mill.md", "pier.md", "lamp.md"):
        (shelf.papers / name).rename(shelf.papers / "deep" / name)

    assert shelf.rebuild().plan.counts()["moved"] == 3


def test_a_source_taken_out_of_the_recipe_leaves_the_answers_unless_it_was_most(shelf):
    other = shelf.home / "other"
    other.mkdir()
    (other / "note.md").write_text("# Note\n\nThe note is short.\n")
    both = "".join(
        f'[[source]]\nkind = "folder"\nname = "{path.name}"\npaths = ["{path}"]\n'
        for path in (shelf.papers, other)
    )
    shelf.rebuild(both)
    assert "other/note.md" in shelf.sources()

    report = shelf.rebuild()

    assert [one.source for one in report.plan.gone] == ["other/note.md"]
    assert "other/note.md" not in shelf.sources()
    rest = f'[[source]]\nkind = "folder"\nname = "rest"\npaths = ["{shelf.papers / "deep"}"]\n'
    asks = r"3 of 4 files of index 'papers' are in no source.*--accept-gone papers"
    with pytest.raises(SourceVanished, match=asks):
        shelf.rebuild(rest)


def test_an_empty_folder_is_a_named_error_and_makes_no_build(tmp_path):
    empty = Shelf(tmp_path)
    empty.papers.mkdir()

    with pytest.raises(LoadError, match=r"nothing could be read.*'papers'"):
        empty.rebuild()

    assert empty.folder.build_ids() == []
    assert runs(empty.folder)[0].outcome is RunOutcome.FAILED


def test_a_first_rebuild_of_a_folder_that_is_not_there_names_it(tmp_path):
    with pytest.raises(LoadError, match=r"papers does not exist"):
        Shelf(tmp_path).rebuild()


def test_documents_older_than_the_recipe_keeps_are_forgotten_and_not_read_again(shelf):
    dated = (
        "<html><head><meta name='date' content='2001-02-03'></head><body><p>{}</p></body></html>"
    )
    shelf.write("old.html", dated.format("The old tariff was four shillings."))
    shelf.rebuild()
    assert "papers/old.html" in shelf.sources()

    report = shelf.rebuild("[retention]\ndays = 365\n")
    again = shelf.rebuild("[retention]\ndays = 365\n")

    assert report.expired == ("papers/old.html",)
    assert "papers/old.html" not in shelf.sources()
    assert runs(shelf.folder)[1].counts["expired"] == 1
    assert again.expired == ()
    assert again.plan.counts()["forgotten"] == 1
    here = [
        path
        for path in shelf.home.rglob("*")
        if path.is_file() and shelf.papers not in path.parents
    ]
    assert not [path for path in here if b"four shillings" in path.read_bytes()]


def test_accepting_that_one_source_has_gone_drops_no_other(shelf):
    other = shelf.home / "other"
    other.mkdir()
    for number in range(3):
        (other / f"{number}.md").write_text(f"# Note {number}\n\nThe note {number} is short.\n")
    both = "".join(
        f'[[source]]\nkind = "folder"\nname = "{path.name}"\npaths = ["{path}"]\n'
        for path in (shelf.papers, other)
    )
    shelf.rebuild(both)
    (other / "0.md").unlink()
    (other / "1.md").unlink()
    shelf.papers.rename(shelf.home / "unmounted")

    with pytest.raises(SourceVanished, match="--accept-gone papers"):
        shelf.rebuild(both, accept_gone=["other"])

    assert len(shelf.sources()) == 7


def test_what_was_ingested_by_hand_is_not_dropped_by_a_first_rebuild_unasked(shelf, tmp_path):
    by_hand = tmp_path / "elsewhere"
    by_hand.mkdir()
    (by_hand / "note.md").write_text("# Note\n\nThe note is short.\n")
    with shelf.ingester(shelf.settings.with_values({"index": "papers"})) as ingester:
        ingester.ingest([by_hand], lambda *event: None)

    with pytest.raises(SourceVanished, match="1 of 1 files of index 'papers' are in no source"):
        shelf.rebuild()

    assert shelf.sources() == ["elsewhere/note.md"]
    assert len(shelf.rebuild(accept_gone=["papers"]).plan.gone) == 1


@pytest.mark.parametrize("paths", [["papers"], ["papers", "papers/deep"]])
def test_a_file_that_cannot_be_read_any_more_keeps_its_last_version(shelf, paths):
    listed = ", ".join(f'"{shelf.home / path}"' for path in paths)
    recipe = f'[[source]]\nkind = "folder"\nname = "docs"\npaths = [{listed}]\n'
    shelf.rebuild(recipe)
    (shelf.papers / "mill.md").unlink()
    (shelf.papers / "mill.md").symlink_to(shelf.papers / "pier.md")

    report = shelf.rebuild(recipe)

    assert report.plan.gone == ()
    assert shelf.ask("When does the mill open?").citations


def test_a_source_to_accept_that_is_none_is_refused(shelf):
    with pytest.raises(RecipeError, match=r"no source 'nosuch'.*papers"):
        shelf.rebuild(accept_gone=["nosuch"])


def test_a_source_that_cannot_be_reached_keeps_what_it_held_and_is_named(shelf):
    with running_site() as site:
        site.says("/tower", "<h1>Tower</h1><p>The tower has ninety steps.</p>")
        both = f"""
[[source]]
kind = "folder"
name = "papers"
paths = ["{shelf.papers}"]

[[source]]
kind = "web"
name = "site"
pages = ["{site.url("/tower")}"]
allow_private = true
delay_s = 0.0
"""
        shelf.rebuild(both)
    (shelf.papers / "lamp.md").unlink()

    report = shelf.rebuild(both)

    assert report.outcome is RunOutcome.PUBLISHED
    assert [one.source for one in report.plan.gone] == ["papers/lamp.md"]
    assert any("'site'" in note for note in report.notes), report.notes
    assert site.url("/tower") in shelf.sources()
