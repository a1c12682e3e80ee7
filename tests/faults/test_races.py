"""Of two that want one index exactly one gets it; a dead or paused writer stops nobody."""

from tests.faults.races import STAGES, kill_holders, pause_holders, race


def test_of_two_writers_exactly_one_wins_each_time(forge, world):
    tally = race(forge, world, "race_writers", 100)

    assert tally.wrong == []
    assert tally.acked == 100


def test_of_two_schedulers_exactly_one_runs_each_occurrence(forge, rebuilt_world):
    tally = race(forge, rebuilt_world, "race_schedulers", 30)

    assert tally.wrong == []
    assert tally.acked == 30


def test_an_index_whose_holder_was_killed_is_free_at_once(forge, world):
    tally = kill_holders(forge, world, 10)

    assert tally.wrong == []
    assert tally.acked == tally.new == 10


def test_a_paused_writer_whose_index_was_taken_can_neither_commit_nor_publish(forge, world):
    tally = pause_holders(forge, world, 2 * len(STAGES))

    assert tally.wrong == []
    assert tally.refused == tally.acked == tally.new == 2 * len(STAGES)
