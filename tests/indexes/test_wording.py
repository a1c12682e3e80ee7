import pytest

from indexes.status.shelf import Coming
from indexes.status.wording import OUTCOMES, ago, coming_words
from rag.index.journal import RunOutcome


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "just now"),
        (59, "just now"),
        (60, "1 minute ago"),
        (7199, "1 hour ago"),
        (7200, "2 hours ago"),
        (86_400 * 1500, "1,500 days ago"),
    ],
)
def test_ages_are_told_in_the_largest_whole_unit(seconds, words):
    assert ago(seconds) == words


def test_every_outcome_has_words():
    assert set(OUTCOMES) == set(RunOutcome)


def coming(**changes):
    plain = {
        "cron": "30 2 * * *",
        "zone": "Europe/Berlin",
        "watch": False,
        "utc": "2026-11-25T01:30Z",
        "local": "2026-11-25 02:30",
        "due": False,
    }
    return Coming(**(plain | changes))


@pytest.mark.parametrize(
    ("when", "words"),
    [
        (None, "when a person runs it"),
        (coming(), "2026-11-25 02:30 Europe/Berlin (2026-11-25 01:30 UTC)"),
        (coming(zone="UTC", local="2026-11-25 01:30"), "2026-11-25 01:30 UTC"),
        (coming(cron="", utc="", local="", watch=True), "when its files change"),
        (
            coming(due=True, watch=True),
            "due since 2026-11-25 02:30 Europe/Berlin; a scheduler will run it, "
            "and when its files change",
        ),
    ],
)
def test_the_next_run_is_told_in_its_zone_and_in_utc(when, words):
    assert coming_words(when) == words
