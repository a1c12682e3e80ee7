"""On a really full disk reads go on, a writer says so, and it goes on when there is room."""

import pytest

from tests.faults.full_disk import fill_up_again_and_again, read_while_full
from tests.faults.room import small_disk
from tests.faults.world import LINES, prepared


@pytest.fixture
def disk(fast_folder):
    try:
        with small_disk(fast_folder / "disk") as mounted:
            yield mounted
    except PermissionError as error:
        pytest.skip(f"{error.strerror}; run it as root")


def test_whoever_reads_goes_on_reading_when_the_disk_fills_up(forge, disk):
    world = prepared(forge, disk / "world")

    tally = read_while_full(forge, world, disk)

    assert tally.wrong == []
    assert tally.acked == tally.old == 2


def test_a_full_disk_stops_the_writer_and_nobody_else(forge, disk):
    world = prepared(forge, disk / "world", size=50 * LINES)
    sizes = [0, 4, 40, 100, 200, 400, 600, 800, 1000, 1200, 1600, 2000, 3000, 15_000]

    tally = fill_up_again_and_again(forge, world, disk, sizes)

    assert tally.wrong == []
    assert tally.refused > 5
    assert tally.finished > 1
    assert tally.struck > 2  # some were stopped after they had acknowledged something
    assert tally.old
    assert tally.new
