"""A rebuild follows the files and embeds only what is new."""

from indexes.live.switch import rollback
from indexes.making.rebuild import plan_only
from rag.index.build import live_build
from rag.index.journal import RunOutcome, runs
from tests.indexes.shelf import CountingEmbedder


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


def test_history_keeps_the_numbers_of_a_run(shelf):
    shelf.rebuild()

    (run,) = runs(shelf.folder)

    assert run.outcome is RunOutcome.PUBLISHED
    assert (run.counts["new"], run.counts["documents"], run.counts["embedded"]) == (4, 4, 4)
    assert run.build == live_build(shelf.folder)


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
