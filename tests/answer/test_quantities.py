import pytest

from rag.answer.words.quantities import codes, dates, quantities


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1,200 kg", [(1200, "kilogram")]),
        ("1200 kilograms", [(1200, "kilogram")]),
        ("$3.5 million", [(3_500_000, "usd")]),
        ("3.5 million dollars", [(3_500_000, "usd")]),
        ("EUR 20, that is €20", [(20, ""), (20, "eur")]),
        ("thirty-five hours", [(35, "hour")]),
        ("5 percent or 5%", [(5, "percent"), (5, "percent")]),
        ("twenty thousand people", [(20_000, "peopl")]),
        ("the third time and the 3rd time", [(3, ""), (3, "")]),
        ("at 10:30 pm, 22:30", [(22.5, "o'clock"), (22.5, "o'clock")]),
        ("-5 °C", [(-5, "°c")]),
        ("NX-200 runs v2.3.1", []),
        ("on 12 March 2024", []),
        ("in 1989", [(1989, "")]),
        ("10-20 kg", [(10, ""), (20, "kilogram")]),
        ("100 m", [(100, "metr")]),
        ("$5m", [(5_000_000, "usd")]),
        ("9 am", [(9, "o'clock")]),
    ],
)
def test_numbers_are_read_with_their_units(text, expected):
    assert [(q.value, q.unit) for q in quantities(text)] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-03-12", [(2024, 3, 12)]),
        ("12 March 2024", [(2024, 3, 12)]),
        ("12th of March, 2024", [(2024, 3, 12)]),
        ("March 12, 2024", [(2024, 3, 12)]),
        ("12 March", [(None, 3, 12)]),
        ("March 2024", [(2024, 3, None)]),
        ("they may march on", []),
    ],
)
def test_dates_are_read_in_every_common_spelling(text, expected):
    assert dates(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("NX-200 runs v2.3.1 at 10.1.0.254", {"nx-200", "v2.3.1", "10.1.0.254"}),
        ("3,5 kg, 1/2 cup", {"3,5", "1/2"}),
        ("1,200 kg, $3.5, 5kg, 10%, the 3rd, 10-20, at 12:30 on 2024-03-12.", set()),
    ],
)
def test_words_with_digits_that_are_no_numbers_are_codes(text, expected):
    assert codes(text) == expected


def test_a_unit_may_stand_behind_an_adjective():
    (members,), (plain,) = quantities("12 permanent members"), quantities("12 members")

    assert members.fits(plain)
    assert not plain.fits(quantities("12 observers")[0])


def test_a_figure_is_said_without_a_word_behind_it_that_is_no_unit():
    said = [
        q.said
        for q in quantities("It opens at 9 for visitors, costs 5 to members, and is 7 km away.")
    ]

    assert said == ["9", "5", "7 km"]
