import os
import signal
import threading
import time

import pytest

from indexes.timing.stop import stopping


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_wait_at_once(number):
    with stopping() as stop:
        threading.Timer(0.05, os.kill, (os.getpid(), number)).start()
        start = time.monotonic()

        assert stop.wait(30)

    assert time.monotonic() - start < 5
    assert stop.is_set()


def test_nobody_asking_is_a_wait_of_that_long():
    with stopping() as stop:
        start = time.monotonic()

        assert not stop.wait(0.05)

    assert 0.04 < time.monotonic() - start < 5


def test_asking_twice_is_asking_once_and_the_handlers_come_back():
    before = signal.getsignal(signal.SIGTERM)

    with stopping() as stop:
        stop.ask()
        stop.ask()
        assert stop.wait(30)

    assert signal.getsignal(signal.SIGTERM) is before
