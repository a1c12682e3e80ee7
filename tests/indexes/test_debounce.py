from hypothesis import given
from hypothesis import strategies as st

from indexes.timing.debounce import PATIENCE, Debounce


def heard(*moments, quiet=2.0):
    burst = Debounce(quiet)
    for at in moments:
        burst.changed(at)
    return burst


def test_nothing_changed_is_never_ready():
    assert not Debounce(2.0).ready(1e9)


def test_a_change_is_acted_on_after_the_quiet_period():
    assert not heard(10.0).ready(11.9)
    assert heard(10.0).ready(12.0)


def test_every_further_change_begins_the_quiet_period_anew():
    assert not heard(10.0, 11.0, 12.5).ready(14.4)
    assert heard(10.0, 11.0, 12.5).ready(14.5)


def test_a_burst_without_end_is_acted_on_after_ten_quiet_periods():
    burst = heard(*(10.0 + n for n in range(20)))

    assert not burst.ready(29.9)
    assert burst.ready(30.0)


def test_what_was_taken_is_not_ready_again():
    burst = heard(10.0)
    burst.take()

    assert not burst.ready(99.0)
    burst.changed(100.0)
    assert not burst.ready(101.0)
    assert burst.ready(102.0)


@given(st.lists(st.floats(0, 5), min_size=1, max_size=50), st.floats(0.1, 3))
def test_no_change_waits_longer_than_ten_quiet_periods(gaps, quiet):
    burst, now, first = Debounce(quiet), 0.0, 0.0
    for gap in gaps:
        burst.changed(now)
        now += gap

    assert burst.ready(max(now, first + PATIENCE * quiet)) or now < gaps[-1] + quiet
