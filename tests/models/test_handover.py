import threading
import time
from itertools import count

import pytest

from rag.errors import GeneratorFailed
from rag.models.handover import Put, hand_over


def test_pieces_arrive_in_order_and_empty_ones_do_not() -> None:
    def write(put: Put) -> None:
        for piece in ("a", "", "b"):
            assert put(piece)

    assert list(hand_over("w", write, deadline=5)) == ["a", "b"]


def test_what_goes_wrong_while_writing_is_raised_where_it_is_read() -> None:
    def write(put: Put) -> None:
        put("a")
        raise ZeroDivisionError("in the writer")

    stream = hand_over("w", write, deadline=5)

    assert next(stream) == "a"
    with pytest.raises(ZeroDivisionError, match="in the writer"):
        next(stream)


def test_a_reader_that_leaves_stops_the_writer() -> None:
    ended = threading.Event()

    def write(put: Put) -> None:
        while put("x"):
            time.sleep(0.001)
        ended.set()

    stream = hand_over("w", write, deadline=30)
    next(stream)
    stream.close()  # type: ignore[attr-defined]

    assert ended.wait(5)


@pytest.mark.parametrize("pause", [0.001, 0.5], ids=["talks", "is-silent"])
def test_time_runs_out_for_a_writer_that(pause: float) -> None:
    def write(put: Put) -> None:
        for number in count():
            time.sleep(pause)
            if not put(str(number)):
                return

    start = time.monotonic()
    with pytest.raises(GeneratorFailed, match=r"w did not finish within 0\.2 s"):
        list(hand_over("w", write, deadline=0.2))

    assert time.monotonic() - start < 0.45


def test_time_spent_before_counts() -> None:
    def write(put: Put) -> None:
        put("too late")

    with pytest.raises(GeneratorFailed, match="did not finish"):
        list(hand_over("w", write, deadline=5, since=time.monotonic() - 6))
