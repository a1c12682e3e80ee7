"""The history in the ledger: each occurrence once, each publication, each interruption."""

import pytest

from rag.errors import IndexBusy
from rag.index.build import publish
from rag.index.journal import RunOutcome, begin_run, end_run, publications, runs
from rag.index.ledger import Ledger
from tests.index.material import build, build_and_publish, put


def test_runs_are_listed_newest_first_with_what_they_came_to(folder, ledger):
    first = begin_run(ledger, "person")
    end_run(ledger, first, RunOutcome.UNCHANGED, build="b", counts={"new": 2}, note="fine")
    begin_run(ledger, "schedule", "2026-11-24T03:00+00:00")

    latest, oldest = runs(folder)

    assert (latest.why, latest.outcome, latest.finished) == ("schedule", RunOutcome.RUNNING, "")
    assert (oldest.build, oldest.counts, oldest.note) == ("b", {"new": 2}, "fine")
    assert oldest.started <= oldest.finished
    assert len(runs(folder, most=1)) == 1


def test_an_occurrence_can_be_claimed_once_but_runs_without_one_are_free(ledger):
    due = "2026-11-24T03:00+00:00"
    begin_run(ledger, "schedule", due)

    with pytest.raises(IndexBusy, match=r"2026-11-24T03:00.*another scheduler"):
        begin_run(ledger, "schedule", due)

    begin_run(ledger, "schedule", "2026-11-25T03:00+00:00")
    assert begin_run(ledger, "person") < begin_run(ledger, "person")


def test_occurrences_are_found_however_many_other_runs_there_were(folder, ledger):
    begin_run(ledger, "schedule", "2026-11-24T03:00+00:00")
    for _ in range(5):
        begin_run(ledger, "watch")

    assert [run.due for run in runs(folder, most=2)] == ["", ""]
    (claimed,) = runs(folder, most=2, scheduled=True)
    assert claimed.due == "2026-11-24T03:00+00:00"


def test_a_run_nobody_ended_is_marked_by_the_next(folder, ledger):
    begin_run(ledger, "person")
    begin_run(ledger, "person")

    assert [run.outcome for run in runs(folder)] == [RunOutcome.RUNNING, RunOutcome.INTERRUPTED]


def test_every_publication_is_recorded_and_whether_a_person_forced_it(folder, ledger):
    put(ledger, "/a.txt", "apples")
    first = build_and_publish(folder, ledger).build
    second = build(folder, ledger).build
    publish(folder, second, forced=True)

    listed = publications(folder)

    assert [(p.build, p.forced) for p in listed] == [(second, True), (first, False)]


def test_a_publication_that_a_kill_kept_from_being_recorded_is_made_up_for(folder, ledger):
    put(ledger, "/a.txt", "apples")
    first, second, third = (build(folder, ledger).build for _ in range(3))
    publish(folder, first)
    folder.live.write_text(f"{second}\n")  # the name changed, the transaction did not end

    publish(folder, third)

    assert [p.build for p in publications(folder)] == [third, second, first]


def test_an_index_that_was_never_made_has_no_history(folder):
    assert runs(folder) == publications(folder) == []
    assert not folder.root.exists()


def test_history_survives_being_opened_again(folder, ledger):
    begin_run(ledger, "watch")
    ledger.close()

    with Ledger.open(folder) as again:
        begin_run(again, "watch")

    assert [run.number for run in runs(folder)] == [2, 1]
