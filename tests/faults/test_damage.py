"""Damage is noticed before anybody is answered from it, and the build before answers."""

import pytest

from tests.faults.damage import (
    CHANGES,
    Shelf,
    damage_both_builds,
    damage_builds,
    damage_ledger,
    damage_live,
)


@pytest.fixture(scope="module")
def shelf(forge, world):
    return Shelf.of(forge, world)


def test_any_damage_to_any_file_of_the_live_build_is_noticed_and_the_build_before_serves(
    shelf, seed
):
    tally = damage_builds(shelf, 300, seed)

    assert tally.wrong == []
    assert tally.old == tally.runs == 300
    assert len(tally.kinds) == len(CHANGES)
    assert tally.finished == 30  # the next ingest made a whole build again


def test_damage_to_both_builds_is_an_error_of_ours_until_the_next_ingest(shelf, seed):
    tally = damage_both_builds(shelf, 40, seed)

    assert tally.wrong == []
    assert tally.refused == tally.finished == 40


def test_a_damaged_name_of_the_live_build_never_mixes_builds(shelf, seed):
    tally = damage_live(shelf, 100, seed)

    assert tally.wrong == []
    assert tally.old + tally.new == tally.runs == 100


def test_every_text_that_a_damaged_ledger_gives_is_right_or_it_is_called_damaged(shelf, seed):
    tally = damage_ledger(shelf, 400, seed)

    assert tally.wrong == []
    assert tally.acked > 400  # texts that were given and compared
    assert tally.outcomes["IndexDamaged"] > 50
