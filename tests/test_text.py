import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.text import content_stems, fold, sentences, without_bullet
from rag.types import Span


def split(text):
    return [span.of(text) for span in sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("Dr. Smith paid 3.5 million. Fine.", ["Dr. Smith paid 3.5 million.", "Fine."]),
        ("J. R. Hale wrote it. Good.", ["J. R. Hale wrote it.", "Good."]),
        ("The U.S. army left.", ["The U.S. army left."]),
        ("The answer is no. Next one.", ["The answer is no.", "Next one."]),
        ("See No. 5 below.", ["See No. 5 below."]),
        ("I don't. You do.", ["I don't.", "You do."]),
        ("1. Press the button.\n2. Wait.", ["1. Press the button.", "2. Wait."]),
        ('"Was it?" she asked. Yes.', ['"Was it?"', "she asked.", "Yes."]),
        ("世界。你好！", ["世界。", "你好！"]),
        ("هل تعلم؟ نعم.", ["هل تعلم؟", "نعم."]),
        ("Version 2.3.1 is out. Get it.", ["Version 2.3.1 is out.", "Get it."]),
        (
            "What does the ? operator do? It returns.",
            ["What does the ? operator do?", "It returns."],
        ),
        ("Ducks fly.[17] Swans swim.", ["Ducks fly.[17]", "Swans swim."]),
        ("He chose plan B. The next day he left.", ["He chose plan B.", "The next day he left."]),
        (
            "A bacteriologist J. F. D. Shaw denied it.",
            ["A bacteriologist J. F. D. Shaw denied it."],
        ),
        ("  \n \n", []),
    ],
)
def test_sentences_end_where_a_reader_would_end_them(text, expected):
    assert split(text) == expected


@given(st.text(max_size=300))
def test_every_visible_character_lies_in_exactly_one_sentence(text):
    spans = sentences(text)

    covered = [i for span in spans for i in range(span.start, span.end)]
    assert len(covered) == len(set(covered))
    assert all(text[i].isspace() for i in set(range(len(text))) - set(covered))
    assert spans == sorted(spans)
    assert all(span.of(text) == span.of(text).strip() for span in spans)


@given(st.text(max_size=200), st.integers(0, 50), st.integers(1, 50))
def test_sentences_within_a_span_stay_within_it(text, start, length):
    within = Span(start, start + length)

    assert all(start <= s.start and s.end <= start + length for s in sentences(text, within))


def test_a_bullet_is_not_part_of_what_it_lists():
    text = "- Close the valve."

    assert without_bullet(text, Span(0, len(text))).of(text) == "Close the valve."
    assert without_bullet("- ", Span(0, 1)).of("- ") == "-"


def test_folding_removes_case_accents_and_typographic_quotes():
    assert fold("Naïve ERR-4012, don’t") == "naive err-4012, don't"


def test_content_stems_leave_function_words_out():
    assert content_stems("What were the running costs of engines?") == ["run", "cost", "engin"]


@given(st.text(max_size=100))
def test_folding_twice_changes_nothing(text):
    assert fold(fold(text)) == fold(text)
