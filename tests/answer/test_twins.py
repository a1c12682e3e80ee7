import pytest

from rag.answer.disagreement.twins import swapped_answers, swaps


def test_what_stands_in_the_place_of_what_is_found_with_its_place():
    first = "The parish was founded in 1856 by monks."
    second = "The parish was founded in 1900 by monks."

    (swap,) = swaps(first, second)

    assert (swap.first, swap.second) == ("1856", "1900")
    assert first[swap.first_at.start : swap.first_at.stop] == "1856"


@pytest.mark.parametrize("other", ["Monks lived in the valley for years.", "", "Founded in 1856."])
def test_sentences_that_share_little_are_no_twins(other):
    assert swaps("The parish was founded in 1856 by monks.", other) is None


def test_twins_with_another_answer_are_told_apart_by_it(heard):
    first, second = heard(
        "The team plays at the old stadium of [Ankara] in winter.",
        "The team plays at the old stadium of [Bursa] in winter.",
    )

    assert swapped_answers(first, second) == "team play old stadium winter"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        # two groups, two years, a swap outside the answer, one amount in two spellings
        ("The fee for adults is [12 euros] a day.", "The fee for children is [10 euros] a day."),
        ("In 2010 the town had [924] people.", "In 2000 the town had [1,243] people."),
        ("The mill in [Kiel] was closed by Ada Lund.", "The mill in [Kiel] was closed by Bo Berg."),
        ("The fee for a whole day is [12 euros].", "The fee for a whole day is [twelve euros]."),
        ("The lease of the mill runs [twelve months].", "The lease of the mill runs [one year]."),
        ("The trip on the ferry takes [90 minutes].", "The trip on the ferry takes [1.5 hours]."),
    ],
)
def test_twins_about_two_things_or_of_one_answer_do_not_differ(heard, one, other):
    assert swapped_answers(*heard(one, other)) == ""


def test_a_swap_that_repeats_the_answer_or_a_slip_of_spelling_changes_nothing(heard):
    pair = heard(
        "Kiel House, the present chuch in [Kiel], opened in May.",
        "Bonn House, the present church in [Bonn], opened in May.",
    )

    assert swapped_answers(*pair) == "hous present open"


def test_without_a_marked_answer_nothing_is_known_to_differ(heard):
    assert swapped_answers(*heard("The mill opened in 1856.", "The mill opened in 1900.")) == ""
