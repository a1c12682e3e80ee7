import time

from rag.answer.words.acronyms import initials, spelled_out


def test_a_name_is_shortened_to_its_capitals():
    assert "fcc" in initials("the Federal Communications Commission")
    assert spelled_out("The Ministry of Interior pays.", "The MI pays.") == ["Ministry of Interior"]


def test_a_long_line_in_capitals_takes_no_time():
    started = time.perf_counter()

    assert max(map(len, initials("ALPHA " * 700))) == 6
    spelled_out("ALPHA " * 700, "the AAAAAA")

    assert time.perf_counter() - started < 1
