"""A disk that refuses at any operation gets an error of ours or success, never corruption."""

import pytest

from tests.faults.refusals import OPERATIONS, WAYS, refuse_every_operation

STEPS = {"EIO": 1, "ENOSPC from then on": 2}
SHARE = 10
"""The other ways look at every so many operations; the full tier looks at all."""


@pytest.mark.parametrize("way", WAYS)
def test_an_ingest_refused_at_any_operation_is_an_error_of_ours_and_can_be_repeated(
    forge, world, seed, way
):
    step = STEPS.get(way, SHARE)

    tally = refuse_every_operation(
        forge, world, OPERATIONS["update"], WAYS[way], first=1 + seed % step, step=step
    )

    assert tally.wrong == []
    assert tally.runs > 200 // step
    assert tally.acked > tally.runs
    assert tally.finished if "short" in way else tally.refused > tally.finished


@pytest.mark.parametrize("way", WAYS)
def test_a_rebuild_refused_at_any_operation_is_an_error_of_ours_and_can_be_repeated(
    forge, rebuilt_world, seed, way
):
    step = 4 * STEPS.get(way, SHARE)

    tally = refuse_every_operation(
        forge, rebuilt_world, OPERATIONS["update"], WAYS[way], first=1 + seed % step, step=step
    )

    assert tally.wrong == []
    assert tally.runs > 250 // step
    assert tally.acked > tally.runs / 2
    assert tally.finished if "short" in way else tally.refused > tally.finished


@pytest.mark.parametrize("way", ["EIO", "ENOSPC from then on"])
def test_an_upgrade_refused_at_any_operation_keeps_everything(forge, early_world, seed, way):
    tally = refuse_every_operation(
        forge, early_world, OPERATIONS["update"], WAYS[way], first=1 + seed % 5, step=5
    )

    assert tally.wrong == []
    assert tally.runs > 40
    assert tally.acked > tally.runs / 2
    assert tally.refused > tally.finished


@pytest.mark.parametrize("name", [name for name in OPERATIONS if name != "update"])
@pytest.mark.parametrize("way", ["EIO", "ENOSPC from then on", "short writes from then on"])
def test_whatever_else_writes_is_refused_with_an_error_of_ours_and_can_be_repeated(
    forge, world, seed, name, way
):
    step = 1 if name == "publish" else SHARE

    tally = refuse_every_operation(
        forge, world, OPERATIONS[name], WAYS[way], first=1 + seed % step, step=step
    )

    assert tally.wrong == []
    assert tally.runs > 5
    assert tally.acked or "short" not in way
    assert tally.finished if "short" in way else tally.refused


@pytest.mark.parametrize("way", ["ENOSPC", "ENOSPC from then on"])
def test_no_room_is_mostly_told_as_a_full_disk(forge, world, seed, way):
    tally = refuse_every_operation(
        forge, world, OPERATIONS["update"], WAYS[way], first=1 + seed % SHARE, step=SHARE
    )

    assert tally.errors["DiskFull"] > 0.8 * tally.refused
