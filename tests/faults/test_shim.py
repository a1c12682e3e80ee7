"""The interposer counts, refuses, shortens and kills what it says, and nothing elsewhere."""

import errno

import pytest

from tests.faults.shim import Fault, Kind, When

# What the job `touch` does below its folder.
OPERATIONS = ["mkdir /a", "open", "write", "fsync", "rename /b", "unlink /b", "rmdir /a"]


@pytest.fixture
def place(tmp_path):
    folder = tmp_path / "root"
    folder.mkdir()
    return folder


def test_every_kind_of_operation_is_counted_in_order(forge, place):
    struck = []
    for at in range(1, len(OPERATIONS) + 2):
        root = place / str(at)
        root.mkdir()
        fault = Fault(str(root), at, Kind.FAIL, error=errno.EIO)
        struck.append(forge.run("touch", root=root, fault=fault))

    assert [outcome.error for outcome in struck] == ["OSError"] * len(OPERATIONS) + [""]
    for outcome, expected in zip(struck, OPERATIONS, strict=False):
        assert outcome.where.startswith(expected)


def test_a_folder_with_a_name_that_begins_alike_is_left_alone(forge, place):
    beside = place.with_name("root-beside")
    beside.mkdir()

    outcome = forge.run("touch", root=beside, fault=Fault(str(place), 1, Kind.KILL))

    assert outcome.finished
    assert outcome.operations == 0


def test_descriptors_that_were_copied_and_reused_are_followed(forge, place):
    outcome = forge.run("copied_descriptor", root=place, fault=Fault(str(place)))

    assert outcome.value == {"inside": 3, "outside": 0}


def test_operations_of_several_threads_are_all_counted_and_one_strikes(forge, place):
    fault = Fault(str(place), 500, Kind.FAIL, error=errno.EIO)

    outcome = forge.run("threads", root=place, threads=4, writes=300, fault=fault)

    assert outcome.value == 1
    assert outcome.operations == 4 * (1 + 300)


@pytest.mark.parametrize(
    ("when", "left"), [(When.BEFORE, ""), (When.TORN, "01234"), (When.AFTER, "0123456789")]
)
def test_a_kill_at_a_write_leaves_nothing_half_or_all_of_it(forge, place, when, left):
    outcome = forge.run("touch", root=place, fault=Fault(str(place), 3, Kind.KILL, when))

    assert outcome.killed
    assert (place / "a" / "f").read_text() == left


def test_a_short_write_tells_how_much_was_taken(forge, place):
    fault = Fault(str(place), 3, Kind.SHORT)

    assert forge.run("touch", root=place, fault=fault).value == 5
