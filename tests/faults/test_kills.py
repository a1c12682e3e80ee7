"""A writer killed at any moment loses nothing it acknowledged, and mixes nothing."""

import pytest

from tests.faults.kills import kills_at_every_operation, kills_while_recovering, random_kills
from tests.faults.shim import When


def assert_nothing_lost(tally, *, both=True):
    assert tally.wrong == []
    assert tally.acked > tally.runs / 4, tally
    assert tally.struck > tally.runs / 2, tally
    if both:  # kills fell on both sides of the switch
        assert tally.old, tally
        assert tally.new, tally


def test_fifty_kills_at_random_moments_lose_nothing(forge, world, seed):
    tally = random_kills(forge, world, 50, seed)

    assert tally.runs == 50
    assert_nothing_lost(tally, both=False)


def test_fifty_kills_of_a_rebuild_at_random_moments_lose_nothing(forge, rebuilt_world, seed):
    tally = random_kills(forge, rebuilt_world, 50, seed)

    assert tally.runs == 50
    assert_nothing_lost(tally, both=False)


@pytest.mark.parametrize("when", [When.BEFORE, When.TORN])
def test_a_kill_around_the_operations_of_a_rebuild_loses_nothing(forge, rebuilt_world, seed, when):
    tally = kills_at_every_operation(forge, rebuilt_world, when, first=1 + seed % 4, step=4)

    assert tally.runs > 60
    assert_nothing_lost(tally)


def test_a_kill_before_any_operation_loses_nothing(forge, world):
    tally = kills_at_every_operation(forge, world, When.BEFORE)

    assert tally.runs > 200
    assert_nothing_lost(tally)


def test_a_kill_halfway_through_a_write_loses_nothing(forge, world, seed):
    tally = kills_at_every_operation(forge, world, When.TORN, first=1 + seed % 2, step=2)

    assert tally.runs > 100
    assert_nothing_lost(tally)


def test_a_kill_after_an_operation_loses_nothing(forge, world, seed):
    tally = kills_at_every_operation(forge, world, When.AFTER, first=1 + seed % 3, step=3)

    assert tally.runs > 60
    assert_nothing_lost(tally)


def test_a_kill_in_the_first_ingest_leaves_an_index_that_the_next_one_completes(
    forge, empty_world, seed
):
    tally = kills_at_every_operation(forge, empty_world, When.BEFORE, first=1 + seed % 3, step=3)

    assert tally.runs > 60
    assert_nothing_lost(tally)


@pytest.mark.parametrize("kills", [2, 3])
def test_kills_while_recovering_from_kills_lose_nothing(forge, rebuilt_world, seed, kills):
    tally = kills_while_recovering(forge, rebuilt_world, 15, seed, kills=kills)

    assert tally.runs == 15
    assert_nothing_lost(tally, both=False)
