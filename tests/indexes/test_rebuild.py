"""A rebuild follows the files, embeds what is new, and changes what is live in one step."""

import threading

import pytest

from indexes.live.switch import publish_by_hand, rollback
from indexes.making.rebuild import plan_only
from rag.errors import (
    IndexBusy,
    IndexDamaged,
    IndexNotFound,
    LoadError,
    RecipeError,
    SourceVanished,
)
from rag.index.build import live_build
from rag.index.journal import RunOutcome, begin_run, end_run, publications, runs
from rag.index.ledger import Ledger
from tests.indexes.shelf import CountingEmbedder, Shelf


@pytest.fixture
def shelf(tmp_path):
    shelf = Shelf(tmp_path)
    shelf.write("mill.md", "# Mill\n\nThe mill opens at nine.\n")
    shelf.write("pier.md", "# Pier\n\nThe pier closes at dusk.\n")
    shelf.write("lamp.md", "# Lamp\n\nThe lamp burns whale oil.\n")
    shelf.write("deep/rope.md", "# Rope\n\nThe rope is forty metres long.\n")
    return shelf


def test_the_first_rebuild_reads_everything_and_answers(shelf):
    report = shelf.rebuild()

    assert report.outcome is RunOutcome.PUBLISHED
    assert report.plan.counts()["new"] == report.documents == 4
    assert live_build(shelf.folder) == report.build
    assert shelf.ask("When does the mill open?").citations[0].source == "papers/mill.md"


def test_nothing_changed_means_no_new_build_and_nothing_embedded(shelf):
    first = shelf.rebuild()

    again = shelf.rebuild()

    assert again.outcome is RunOutcome.UNCHANGED
    assert again.build == first.build
    assert shelf.embedder.embedded == []
    assert shelf.folder.build_ids() == [first.build]


def test_only_what_changed_is_embedded_and_the_rest_is_carried_over(shelf):
    shelf.rebuild()
    shelf.write("mill.md", "# Mill\n\nThe mill opens at ten.\n")

    report = shelf.rebuild()

    assert report.plan.counts()["changed"] == report.embedded == 1
    assert len(shelf.embedder.embedded) == 1
    assert shelf.ask("When does the mill open?").citations[0].quote == "The mill opens at ten."
    assert shelf.ask("When does the pier close?").citations[0].source == "papers/pier.md"


def test_a_moved_file_is_not_embedded_again_and_answers_under_its_new_name(shelf):
    shelf.rebuild()
    (shelf.papers / "mill.md").rename(shelf.papers / "deep" / "windmill.md")

    report = shelf.rebuild()

    assert report.plan.counts()["moved"] == 1
    assert shelf.embedder.embedded == []
    assert shelf.ask("When does the mill open?").citations[0].source == "papers/deep/windmill.md"


def test_a_file_that_is_gone_leaves_the_answers_with_the_next_build(shelf):
    shelf.rebuild()
    (shelf.papers / "mill.md").unlink()

    report = shelf.rebuild()

    assert [one.source for one in report.plan.gone] == ["papers/mill.md"]
    assert shelf.sources() == ["papers/deep/rope.md", "papers/lamp.md", "papers/pier.md"]
    assert not shelf.ask("When does the mill open?").citations


def test_a_file_left_out_by_a_new_pattern_leaves_the_answers_too(shelf):
    shelf.rebuild()

    shelf.rebuild('[ingest]\nexclude = ["lamp.md"]\n')

    assert "papers/lamp.md" not in shelf.sources()


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


def test_another_embedder_makes_a_complete_new_build_and_the_old_one_answers_until_then(shelf):
    first = shelf.rebuild()
    shelf.embedder = CountingEmbedder("hashing-other")

    second = shelf.rebuild()

    assert second.outcome is RunOutcome.PUBLISHED
    assert second.embedded == second.chunks
    assert shelf.folder.build_ids() == [first.build, second.build]
    assert rollback(shelf.folder) == first.build


def test_another_splitter_cuts_every_document_again(shelf):
    long = " ".join(f"Sentence number {i} is here." for i in range(60))
    shelf.write("long.md", f"# Long\n\n{long}\n")
    first = shelf.rebuild()
    shelf.size = 32

    second = shelf.rebuild()

    assert second.outcome is RunOutcome.PUBLISHED
    assert second.plan.counts()["unchanged"] == 5
    assert second.chunks > first.chunks


class Stop(BaseException):
    """A kill that leaves the process alive for the test."""


@pytest.mark.parametrize("stage", ["look", "read", "embed", "build", "publish"])
def test_an_interrupted_rebuild_goes_on_and_repeats_no_finished_embedding(shelf, stage):
    embedded = []

    def stop_at(name, done, total, note):
        if name == stage:
            raise Stop

    with pytest.raises(Stop):
        shelf.rebuild(progress=stop_at)
    embedded += shelf.embedder.embedded
    report = shelf.rebuild()
    embedded += shelf.embedder.embedded

    assert report.outcome in {RunOutcome.PUBLISHED, RunOutcome.UNCHANGED}
    assert len(embedded) == len(set(embedded)) == 4
    assert len(shelf.sources()) == 4
    assert runs(shelf.folder)[1].outcome is RunOutcome.INTERRUPTED


def test_a_build_that_was_finished_but_not_published_is_not_made_again(shelf, monkeypatch):
    def fail(*_, **__):
        raise Stop

    with monkeypatch.context() as patch:
        patch.setattr("indexes.making.rebuild.publish", fail)
        with pytest.raises(Stop):
            shelf.rebuild()
    (made,) = shelf.folder.build_ids()

    assert shelf.rebuild().build == made == live_build(shelf.folder)


def test_a_build_that_is_not_whole_never_goes_live(shelf, monkeypatch):
    first = shelf.rebuild()
    shelf.write("mill.md", "# Mill\n\nThe mill opens at ten.\n")
    build = shelf.ingester

    def spoiled(settings):
        ingester = build(settings)
        original = type(ingester).build

        def spoil(ledger, progress):
            manifest = original(ingester, ledger, progress)
            path = shelf.folder.build(manifest.build) / "dense.faiss"
            data = bytearray(path.read_bytes())
            data[-9] ^= 1
            path.write_bytes(data)
            return manifest

        return _Spoiling(ingester, spoil)

    shelf.ingester = spoiled
    with pytest.raises(IndexDamaged, match=r"dense\.faiss"):
        shelf.rebuild()

    assert live_build(shelf.folder) == first.build
    assert runs(shelf.folder)[0].outcome is RunOutcome.FAILED
    shelf.ingester = build
    assert shelf.rebuild().outcome is RunOutcome.PUBLISHED


class _Spoiling:
    """An ingester whose build step is another."""

    def __init__(self, ingester, build):
        self._ingester = ingester
        self.build = build

    def __getattr__(self, name):
        return getattr(self._ingester, name)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._ingester.loader.close()


def test_somebody_else_who_writes_keeps_a_rebuild_out_at_once(shelf):
    shelf.rebuild()
    with Ledger.open(shelf.folder) as ledger, ledger.writing():
        failed = []

        def other():
            try:
                shelf.rebuild()
            except IndexBusy as error:
                failed.append(error)

        thread = threading.Thread(target=other)
        thread.start()
        thread.join(20)

    assert "is being written to" in str(failed[0])


def test_an_occurrence_is_run_once(shelf):
    due = "2026-11-24T03:00+00:00"
    shelf.rebuild(why="schedule", due=due)

    with pytest.raises(IndexBusy, match="already started"):
        shelf.rebuild(why="schedule", due=due)

    assert [run.due for run in runs(shelf.folder)] == [due]


def test_history_keeps_the_numbers_of_a_run(shelf):
    shelf.rebuild()

    (run,) = runs(shelf.folder)

    assert run.outcome is RunOutcome.PUBLISHED
    assert (run.counts["new"], run.counts["documents"], run.counts["embedded"]) == (4, 4, 4)
    assert run.build == live_build(shelf.folder)


def test_only_as_many_builds_are_kept_as_the_recipe_says(shelf):
    for number in range(5):
        shelf.write("mill.md", f"# Mill\n\nThe mill opens at {number}.\n")
        shelf.rebuild("[retention]\nbuilds = 2\n")

    assert len(shelf.folder.build_ids()) == 2
    assert len(publications(shelf.folder)) == 5


def test_a_dry_run_says_what_there_is_to_do_and_does_not_do_it(shelf):
    shelf.rebuild()
    before = shelf.folder.build_ids()
    shelf.write("mill.md", "# Mill\n\nThe mill opens at ten.\n")
    shelf.write("new.md", "# New\n\nA new one.\n")
    (shelf.papers / "lamp.md").unlink()

    found = plan_only(shelf.recipe(), shelf.settings, lambda *event: None, shelf.parts())

    counts = found.plan.counts()
    assert (counts["new"], counts["changed"], counts["gone"]) == (1, 1, 1)
    assert found.texts == 2
    assert shelf.folder.build_ids() == before
    assert shelf.ask("When does the mill open?").citations[0].quote == "The mill opens at nine."
    assert len(runs(shelf.folder)) == 1


def test_a_rollback_is_instant_and_stays_until_something_changes(shelf):
    first = shelf.rebuild()
    shelf.write("mill.md", "# Mill\n\nThe mill opens at ten.\n")
    shelf.rebuild()

    assert rollback(shelf.folder) == first.build
    assert runs(shelf.folder)[0].note == f"Build {first.build} was made live again by hand."
    assert shelf.ask("When does the mill open?").citations[0].quote == "The mill opens at nine."
    held = shelf.rebuild()
    assert held.outcome is RunOutcome.UNCHANGED
    assert f"Build {first.build} was made live by hand" in held.note
    assert live_build(shelf.folder) == first.build

    shelf.write("pier.md", "# Pier\n\nThe pier closes at noon.\n")
    assert shelf.rebuild().outcome is RunOutcome.PUBLISHED


def test_each_rollback_goes_one_build_further_back_and_a_name_goes_anywhere(shelf):
    builds = []
    for hour in ("one", "two", "three"):
        shelf.write("mill.md", f"# Mill\n\nThe mill opens at {hour}.\n")
        builds.append(shelf.rebuild().build)

    assert [rollback(shelf.folder) for _ in range(2)] == [builds[1], builds[0]]
    with pytest.raises(IndexNotFound, match=f"newer ones: {builds[1]}, {builds[2]}"):
        rollback(shelf.folder)
    assert rollback(shelf.folder, builds[2]) == builds[2]
    with pytest.raises(IndexNotFound, match="no build '20200101"):
        publish_by_hand(shelf.folder, "20200101-000000-abcd")


def test_a_first_rebuild_of_a_folder_that_is_not_there_names_it(tmp_path):
    with pytest.raises(LoadError, match=r"papers does not exist"):
        Shelf(tmp_path).rebuild()


def test_there_is_nothing_to_roll_back_to_after_the_first_build(shelf):
    shelf.rebuild()

    with pytest.raises(IndexNotFound, match=r"retention\.builds"):
        rollback(shelf.folder)


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


@pytest.mark.parametrize("content", [None, "nonsense"])
def test_a_name_of_the_live_build_that_was_lost_is_put_back(shelf, content):
    first = shelf.rebuild()
    if content is None:
        shelf.folder.live.unlink()
    else:
        shelf.folder.live.write_text(content)

    report = shelf.rebuild()

    assert (report.outcome, report.build) == (RunOutcome.PUBLISHED, first.build)
    assert live_build(shelf.folder) == first.build


def test_a_damaged_live_build_is_made_again_without_embedding_anything(shelf):
    first = shelf.rebuild()
    path = shelf.folder.build(first.build) / "owners.npy"
    path.write_bytes(path.read_bytes()[:-1])

    report = shelf.rebuild()

    assert report.outcome is RunOutcome.PUBLISHED
    assert report.build != first.build
    assert shelf.embedder.embedded == []
    assert shelf.folder.build_ids() == [report.build]


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


def test_a_rollback_holds_also_when_only_one_build_is_kept(shelf):
    one = "[retention]\nbuilds = 1\n"
    first = shelf.rebuild()
    shelf.write("mill.md", "# Mill\n\nThe mill opens at ten.\n")
    shelf.rebuild()
    rollback(shelf.folder)

    for _ in range(2):
        assert shelf.rebuild(one).outcome is RunOutcome.UNCHANGED

    assert live_build(shelf.folder) == first.build
    assert shelf.rebuild(one, force=True).outcome is RunOutcome.PUBLISHED


def test_a_refused_build_stays_refused_however_many_runs_follow(shelf):
    smoke = '[[gate.smoke]]\nquestion = "When does the mill open?"\nexpect = "nine"\n'
    shelf.rebuild(smoke)
    shelf.write("mill.md", "# Mill\n\nThe mill opens at ten.\n")
    refused = shelf.rebuild(smoke).build
    with Ledger.open(shelf.folder) as ledger:
        for _ in range(60):
            end_run(ledger, begin_run(ledger, "watch"), RunOutcome.UNCHANGED)

    with pytest.raises(IndexNotFound, match="refused by the gate"):
        publish_by_hand(shelf.folder, refused)


def test_what_a_person_rolled_back_from_answers_only_if_nothing_older_can(shelf):
    builds = []
    for hour in ("one", "two", "three"):
        shelf.write("mill.md", f"# Mill\n\nThe mill opens at {hour}.\n")
        builds.append(shelf.rebuild().build)
    rollback(shelf.folder, builds[1])
    path = shelf.folder.build(builds[1]) / "owners.npy"
    path.write_bytes(path.read_bytes()[:-1])

    answer = shelf.ask("When does the mill open?")

    assert answer.build == builds[0]


def test_once_the_newest_build_was_forced_live_nothing_is_held_any_more(shelf):
    shelf.rebuild()
    shelf.write("mill.md", "# Mill\n\nThe mill opens at ten.\n")
    shelf.rebuild()
    rollback(shelf.folder)
    shelf.rebuild(force=True)

    assert shelf.rebuild().note == "Nothing changed; the live build stays."


def test_a_source_to_accept_that_is_none_is_refused(shelf):
    with pytest.raises(RecipeError, match=r"no source 'nosuch'.*papers"):
        shelf.rebuild(accept_gone=["nosuch"])
