from datetime import UTC, datetime, timedelta
from itertools import pairwise, takewhile
from zoneinfo import ZoneInfo

import pytest
import time_machine
from cronsim import CronSim
from hypothesis import given, settings
from hypothesis import strategies as st

from indexes.due import (
    due_occurrence,
    latest_occurrence,
    minute_of,
    next_occurrence,
    next_run,
)

BERLIN = "Europe/Berlin"
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
CRONS = ["30 2 * * *", "0 * * * *", "*/15 * * * *", "0,30 2,3 * * *", "15 1 * * 1-5", "0 4 * * 1"]
ZONES = ["UTC", BERLIN, "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kolkata"]


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def due(cron, zone, now, claimed=(), since=LONG_AGO):
    return due_occurrence(cron, zone, claimed=set(claimed), since=since, now=now)


def run(cron, zone, moments, since=LONG_AGO):
    """Return what is claimed by a schedule that looks at the clock at `moments`."""
    claimed = []
    for now in moments:
        at = due(cron, zone, now, claimed, since)
        claimed += [at] if at else []
    return claimed


def minutes(start, end):
    first = utc(start)
    return [
        first + timedelta(minutes=n) for n in range(int((utc(end) - first).total_seconds()) // 60)
    ]


def test_a_skipped_hour_is_made_up_for_once_at_its_end():
    day = minutes("2026-03-28 12:00", "2026-03-30 12:00")

    claimed = run("30 2 * * *", BERLIN, day, since=day[0])

    assert claimed == [utc("2026-03-29 01:00"), utc("2026-03-30 00:30")]


def test_several_times_inside_a_skipped_hour_are_one_occurrence():
    day = minutes("2026-03-28 12:00", "2026-03-29 12:00")

    claimed = run("0,20,40 2 * * *", BERLIN, day, since=day[0])

    assert claimed == [utc("2026-03-29 01:00")]


def test_a_repeated_hour_runs_a_job_of_a_fixed_hour_once():
    day = minutes("2026-10-24 12:00", "2026-10-26 12:00")

    claimed = run("30 2 * * *", BERLIN, day, since=day[0])

    assert claimed == [utc("2026-10-25 00:30"), utc("2026-10-26 01:30")]


def test_an_hourly_job_runs_in_both_of_the_repeated_hours():
    night = minutes("2026-10-24 23:30", "2026-10-25 02:30")

    claimed = run("0 * * * *", BERLIN, night, since=night[0])

    assert claimed == [utc("2026-10-25 00:00"), utc("2026-10-25 01:00"), utc("2026-10-25 02:00")]


def test_a_scheduler_started_inside_the_repeated_hour_knows_what_it_missed():
    # Local 02:15 for the second time; cronsim asked from here answers with the day before.
    now = utc("2026-10-25 01:15")

    assert latest_occurrence("30 2 * * *", BERLIN, now) == utc("2026-10-25 00:30")
    assert next_occurrence("30 2 * * *", BERLIN, now) == utc("2026-10-26 01:30")


def test_a_week_asleep_is_caught_up_once():
    claimed = [utc("2026-11-01 01:30")]
    awake = utc("2026-11-08 10:00")

    first = due("30 2 * * *", BERLIN, awake, claimed)
    again = due("30 2 * * *", BERLIN, awake + timedelta(minutes=1), [*claimed, first])

    assert first == utc("2026-11-08 01:30")
    assert again is None


def test_a_clock_set_back_a_day_claims_nothing_twice():
    forward = minutes("2026-11-01 00:00", "2026-11-05 12:00")
    back = minutes("2026-11-04 12:00", "2026-11-06 12:00")

    claimed = run("30 2 * * *", BERLIN, [*forward, *back], since=forward[0])

    assert claimed == [utc(f"2026-11-0{day} 01:30") for day in range(1, 7)]


def test_a_clock_that_was_a_year_ahead_silences_nothing():
    before = minutes("2026-11-01 00:00", "2026-11-02 12:00")
    ahead = minutes("2027-11-02 12:00", "2027-11-02 18:00")
    after = minutes("2026-11-02 18:00", "2026-11-04 12:00")

    claimed = run("30 2 * * *", BERLIN, [*before, *ahead, *after], since=before[0])

    assert claimed == [
        utc("2026-11-01 01:30"),
        utc("2026-11-02 01:30"),
        utc("2027-11-02 01:30"),
        utc("2026-11-03 01:30"),
        utc("2026-11-04 01:30"),
    ]


def test_a_new_schedule_does_not_run_for_the_past():
    now = utc("2026-11-05 12:00")

    assert due("30 2 * * *", BERLIN, now, since=now) is None
    assert due("30 2 * * *", BERLIN, now + timedelta(days=1), since=now) == utc("2026-11-06 01:30")


def test_what_runs_next_is_the_occurrence_that_is_due_or_the_first_one_free():
    now, since = utc("2026-11-05 12:00"), LONG_AGO
    missed, coming = utc("2026-11-05 01:30"), utc("2026-11-06 01:30")

    def following(claimed):
        return next_run("30 2 * * *", BERLIN, claimed=claimed, since=since, now=now)

    assert following(set()) == missed
    assert following({missed}) == coming
    assert following({missed, coming}) == utc("2026-11-07 01:30")


def test_an_expression_that_never_occurs_is_never_due():
    never = "0 0 */20 2 1#2"  # a second Monday on the 1st or the 21st

    assert due(never, "UTC", utc("2026-11-05 12:00")) is None
    assert next_run(never, "UTC", claimed=(), since=LONG_AGO, now=utc("2026-11-05 12:00")) is None


def test_the_minute_is_written_as_a_run_records_it():
    at = datetime(2026, 11, 24, 3, 0, tzinfo=ZoneInfo(BERLIN))

    assert minute_of(at) == "2026-11-24T02:00Z"
    assert datetime.fromisoformat(minute_of(at)) == at


@pytest.mark.parametrize("zone", ["UTC", BERLIN])
def test_the_clock_of_the_machine_is_read_as_it_stands(zone):
    claimed = set()
    with time_machine.travel(utc("2026-03-29 00:59"), tick=False) as clock:
        assert due("30 2 * * *", zone, datetime.now(UTC), since=utc("2026-03-29 00:00")) is None
        clock.shift(timedelta(hours=2))
        at = due("30 2 * * *", zone, datetime.now(UTC), claimed, since=utc("2026-03-29 00:00"))

    assert at == (utc("2026-03-29 02:30") if zone == "UTC" else utc("2026-03-29 01:00"))


@settings(max_examples=100, deadline=None)
@given(
    cron=st.sampled_from(CRONS),
    zone=st.sampled_from(ZONES),
    now=st.datetimes(datetime(2011, 1, 1), datetime(2031, 1, 1)),
)
def test_latest_and_next_are_neighbours_of_one_list(cron, zone, now):
    now = now.replace(tzinfo=UTC)
    start = (now - timedelta(days=9)).astimezone(ZoneInfo(zone))
    end = now + timedelta(days=9)
    every = [at.astimezone(UTC) for at in takewhile(lambda at: at < end, CronSim(cron, start))]

    assert latest_occurrence(cron, zone, now) == max(at for at in every if at <= now)
    assert next_occurrence(cron, zone, now) == min(at for at in every if at > now)


JUMPS = st.one_of(
    st.just(timedelta(0)),
    st.timedeltas(timedelta(days=-3), timedelta(days=3)),
    st.sampled_from([timedelta(days=-1), timedelta(days=365), timedelta(hours=-1)]),
)
WALKS = st.lists(
    st.tuples(st.timedeltas(timedelta(seconds=15), timedelta(hours=30)), JUMPS), max_size=25
)


@settings(max_examples=80, deadline=None)
@given(
    cron=st.sampled_from(CRONS[:4]),
    zone=st.sampled_from(ZONES[:4]),
    start=st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31)),
    walk=WALKS,
)
def test_whatever_the_clock_does_nothing_is_claimed_twice_and_nothing_is_left_out_after(
    cron, zone, start, walk
):
    true = start.replace(tzinfo=UTC)
    claimed, since = [], true

    def wake(now):
        nonlocal since
        since = min(since, now)  # as the first-seen file does
        at = due(cron, zone, now, claimed, since)
        claimed.extend([at] if at else [])

    for slept, offset in walk:
        true += slept
        wake(true + offset)
    wake(true)  # the clock is right again
    coming = next_occurrence(cron, zone, true)
    wake(coming + timedelta(minutes=1))

    assert len(claimed) == len(set(claimed))
    assert coming in claimed


@pytest.mark.parametrize("cron", CRONS)
def test_occurrences_grow(cron):
    at = utc("2026-10-24 12:00")
    row = [at := next_occurrence(cron, BERLIN, at) for _ in range(30)]

    assert all(one < other for one, other in pairwise(row))
