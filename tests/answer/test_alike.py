import pytest

from rag.answer.asked.question import Expected
from rag.answer.disagreement.alike import Relation, compare, moments


@pytest.mark.parametrize(
    ("kind", "first", "second"),
    [
        (Expected.TIME, "1954", "May 1954"),
        (Expected.TIME, "15 May 1885", "May 15, 1885"),
        (Expected.TIME, "9 am", "nine o'clock... 9:00"),
        (Expected.NUMBER, "two seasons", "2"),
        (Expected.NUMBER, "3,559 people", "3559"),
        (Expected.NUMBER, "about 3.6 million", "3,559,000"),
        (Expected.PERSON, "American singer Elvis Presley", "Elvis Presley"),
        (Expected.PERSON, "J. Smith", "Jane Smith"),
        (Expected.PLACE, "Nebraska", "Broken Bow, Nebraska"),
        (Expected.ANYTHING, "NBA", "National Basketball Association"),
        (Expected.ANYTHING, "the nucleus", "nuclei of the nucleus"),
    ],
)
def test_one_answer_in_other_words_is_the_same(kind, first, second):
    assert compare(first, second, kind) is Relation.SAME
    assert compare(second, first, kind) is Relation.SAME


@pytest.mark.parametrize(
    ("kind", "first", "second"),
    [
        (Expected.TIME, "1954", "May 1955"),
        (Expected.TIME, "April 13, 2018", "April 20, 2018"),
        (
            Expected.TIME,
            "February 8, 1900 \u2013 March 2, 1977",
            "July 15, 1905 \u2013 March 2, 1977",
        ),
        (Expected.NUMBER, "24 episodes", "23 episodes"),
        (Expected.NUMBER, "3 million people", "4 million people"),
        (Expected.NUMBER, "three hundred cats", "two hundred cats"),
        (Expected.NUMBER, "42,800", "428"),
        (Expected.PERSON, "Elvis Presley", "Frank Sinatra"),
        (Expected.PERSON, "Robert Kennedy", "John Kennedy"),
        (Expected.PLACE, "Miami, Florida", "Anchorage, Alaska"),
        (Expected.ANYTHING, "midpiece", "head"),
        (Expected.ANYTHING, "48 hours", "24 hours"),
    ],
)
def test_answers_that_exclude_each_other_are_different(kind, first, second):
    assert compare(first, second, kind) is Relation.DIFFERENT
    assert compare(second, first, kind) is Relation.DIFFERENT


@pytest.mark.parametrize(
    ("kind", "first", "second"),
    [
        (Expected.TIME, "in spring", "1954"),
        (Expected.TIME, "13 April", "2018"),
        (Expected.NUMBER, "many", "12"),
        (Expected.NUMBER, "5 feet", "2 hours"),
        (Expected.NUMBER, "one hundred and twenty", "120"),
        (Expected.NUMBER, "2 1/2 hours", "2.5 hours"),
        (Expected.NUMBER, "two and a half hours", "2.5 hours"),
        (Expected.TIME, "half past nine", "9:30"),
        (Expected.PLACE, "Finland", "Finlandia"),
        (Expected.ANYTHING, "a writer of plays", "a writer of songs"),
        (Expected.ANYTHING, "of the", "head"),
        (Expected.ANYTHING, " ".join(f"word{n}x" for n in range(20)), "head"),
    ],
)
def test_what_cannot_be_told_is_unclear(kind, first, second):
    assert compare(first, second, kind) is Relation.UNCLEAR


def test_a_year_alone_is_a_moment_without_a_month():
    assert moments("In 1956, after 3 May 1955") == [(1955, 5, 3), (1956, 0, None)]
    assert moments("1,956 people and room 2001b") == []
