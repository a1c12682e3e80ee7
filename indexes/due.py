"""When a recipe is due: a cron expression in a time zone, what was claimed, and the clock.

Pure functions of the clock's time `now`, which may be wrong: what counts is which occurrences
were claimed, not which is the latest of them.

    asleep for a week        the latest occurrence missed is due, once; those before it are not
    clock set back a day     what it passes again was claimed, so nothing is due
    clock a year ahead       one occurrence is due there; back again, the schedule goes on at once
    hour that is skipped     a job of a fixed hour is due at the end of the gap
    hour that comes twice    a job of a fixed hour is due in the first; one of every hour in both
"""

from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim

_MARGIN = timedelta(hours=4)
"""Longer than any change of the clocks: cronsim, started inside one, can miss an occurrence."""


def latest_occurrence(cron: str, zone: str, now: datetime) -> datetime | None:
    """Return the last occurrence at or before `now`, in UTC; None if there was none in 50 years.

    Args:
        cron: Five fields, as the recipe has them.
        zone: IANA name of the zone they are meant in.
        now: Aware; so is what comes back.
    """
    return next(
        (at for at in _occurrences(cron, zone, now + _MARGIN, back=True) if at <= now), None
    )


def next_occurrence(cron: str, zone: str, after: datetime) -> datetime | None:
    """Return the first occurrence after `after`, in UTC; None if there is none in 50 years."""
    return next((at for at in _occurrences(cron, zone, after - _MARGIN) if at > after), None)


def due_occurrence(
    cron: str, zone: str, *, claimed: Collection[datetime], since: datetime, now: datetime
) -> datetime | None:
    """Return the occurrence that should run now, or None.

    Only the latest one can be due, however many were missed.

    Args:
        cron: Five fields.
        zone: IANA name.
        claimed: Occurrences that a run was begun for, aware.
        since: When this schedule was first seen; nothing before it is caught up.
        now: What the clock says.
    """
    latest = latest_occurrence(cron, zone, now)
    return latest if latest and latest > since and latest not in claimed else None


def next_run(
    cron: str, zone: str, *, claimed: Collection[datetime], since: datetime, now: datetime
) -> datetime | None:
    """Return the occurrence that will run next; it lies in the past if it is due already."""
    due = due_occurrence(cron, zone, claimed=claimed, since=since, now=now)
    if due is not None:
        return due
    coming = _occurrences(cron, zone, now - _MARGIN)
    return next((at for at in coming if at > now and at not in claimed), None)


def minute_of(at: datetime) -> str:
    """Return `at` as a run records it: `2026-11-24T02:00Z`."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")


def _occurrences(
    cron: str, zone: str, start: datetime, *, back: bool = False
) -> Iterator[datetime]:
    local = start.replace(microsecond=0).astimezone(ZoneInfo(zone))
    return (at.astimezone(UTC) for at in CronSim(cron, local, reverse=back))
