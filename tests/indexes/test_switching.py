"""Which build is live: published, rolled back, held, or lost and put back."""

import pytest

from indexes.live.switch import publish_by_hand, rollback
from rag.errors import (
    IndexNotFound,
)
from rag.index.build import live_build
from rag.index.journal import RunOutcome, begin_run, end_run, publications, runs
from rag.index.ledger import Ledger


def test_only_as_many_builds_are_kept_as_the_recipe_says(shelf):
    for number in range(5):
        shelf.write("mill.md", f"# Mill\n\nThe mill opens at {number}.\n")
        shelf.rebuild("[retention]\nbuilds = 2\n")

    assert len(shelf.folder.build_ids()) == 2
    assert len(publications(shelf.folder)) == 5


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


def test_there_is_nothing_to_roll_back_to_after_the_first_build(shelf):
    shelf.rebuild()

    with pytest.raises(IndexNotFound, match=r"retention\.builds"):
        rollback(shelf.folder)


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
