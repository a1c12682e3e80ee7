from datetime import UTC, datetime, timedelta

import pytest

from indexes.first_seen import FirstSeen

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=3)


@pytest.fixture
def seen(tmp_path):
    return FirstSeen(tmp_path / "schedule.json")


def test_a_schedule_keeps_its_first_sight_through_restarts(seen):
    seen.note("ferries", "30 2 * * *", "UTC", NOW)

    assert FirstSeen(seen.path).note("ferries", "30 2 * * *", "UTC", LATER) == NOW


def test_another_expression_or_zone_is_a_new_schedule(seen):
    seen.note("ferries", "30 2 * * *", "UTC", NOW)

    assert seen.note("ferries", "0 * * * *", "UTC", LATER) == LATER
    assert seen.note("ferries", "0 * * * *", "Europe/Berlin", LATER) == LATER
    assert seen.look("ferries", "30 2 * * *", "UTC") is None


def test_indexes_are_kept_apart(seen):
    seen.note("ferries", "30 2 * * *", "UTC", NOW)
    seen.note("trains", "30 2 * * *", "UTC", LATER)

    assert seen.look("ferries", "30 2 * * *", "UTC") == NOW
    assert seen.look("trains", "30 2 * * *", "UTC") == LATER


def test_a_first_sight_in_the_future_is_now(seen):
    seen.note("ferries", "30 2 * * *", "UTC", NOW + timedelta(days=365))

    assert seen.note("ferries", "30 2 * * *", "UTC", NOW) == NOW
    assert seen.look("ferries", "30 2 * * *", "UTC") == NOW


@pytest.mark.parametrize("damage", [b"", b"\xff{", b"[1]", b'{"ferries": 3}', b'{"ferries": {}}'])
def test_a_damaged_file_counts_as_empty_and_is_written_anew(seen, damage):
    seen.path.write_bytes(damage)

    assert seen.note("ferries", "30 2 * * *", "UTC", NOW) == NOW
    assert seen.note("ferries", "30 2 * * *", "UTC", LATER) == NOW
