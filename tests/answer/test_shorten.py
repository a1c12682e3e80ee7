import time

import pytest

from rag.answer.checked.checks import objections
from rag.answer.checked.shorten import departures
from rag.text import sentences

LEASE = "The landlord pays for repairs, and the tenant pays 40 euros for water every month."


@pytest.mark.parametrize(
    ("claim", "above"),
    [
        ("The landlord pays for repairs.", ""),
        ("The tenant pays 40 euros for water.", ""),
        ("The tenant pays forty euros every month.", ""),
        ("In the mill the tenant pays 40 euros for water.", "Lease of the mill"),
    ],
)
def test_a_quote_with_words_left_out_is_no_departure(claim, above):
    assert departures(claim, [LEASE], above) == []


@pytest.mark.parametrize(
    ("claim", "word"),
    [
        ("The landlord pays for repairs and paint.", "paint"),
        ("The landlord was arrested for fraud.", "arrest"),
        ("The tenant pays the landlord.", "order"),
        ("The landlord pays 40 euros.", "belongs"),
        ("Water.", "short"),
    ],
)
def test_what_adds_reorders_or_rebinds_is_one(claim, word):
    assert any(word in reason for reason in departures(claim, [LEASE], ""))


def test_one_quote_has_to_hold_all_of_it():
    quotes = ["The buyer may end the contract.", "Either side gives 30 days notice."]

    assert departures("The buyer gives 30 days notice.", quotes, "")


@pytest.mark.parametrize("line", ["Yes. " * 20_000, "1. " * 30_000, "e.g. " * 20_000])
def test_a_long_line_is_split_in_time_that_grows_with_it(line):
    start = time.perf_counter()
    spans = sentences(line)

    assert spans
    assert time.perf_counter() - start < 5


def test_thousands_of_numbers_are_compared_quickly():
    row = " ".join(str(n) for n in range(8000))
    start = time.perf_counter()

    assert objections(row, row) == []
    assert time.perf_counter() - start < 5
