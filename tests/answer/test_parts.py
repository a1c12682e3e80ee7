import time

import pytest

from rag.answer.asked.bridge import bridges, nested
from rag.answer.asked.parts import parts_of
from rag.types import Evidence, Span


def texts(question):
    return [part.text for part in parts_of(question)]


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        (
            "Who founded the mill and when did it close?",
            ["Who founded the mill?", "When did the mill close?"],
        ),
        (
            "Who signed the lease? When does it end?",
            ["Who signed the lease?", "When does the lease end?"],
        ),
        (
            "How many dogs fit on the Lark? Do they pay?",
            ["How many dogs fit on the Lark?", "Do the dogs pay?"],
        ),
        (
            "When and where was Ada Lund born?",
            ["When was Ada Lund born?", "Where was Ada Lund born?"],
        ),
        (
            "When was IBM founded and under what name?",
            ["When was IBM founded?", "Under what name was IBM founded?"],
        ),
        (
            "When was the mill sold and at what price?",
            ["When was the mill sold?", "At what price was the mill sold?"],
        ),
        (
            "How long is the sample kept, and by whom?",
            ["How long is the sample kept?", "By whom is the sample kept?"],
        ),
        (
            "Who bought the mill and in which year?",
            ["Who bought the mill?", "In which year was the mill bought?"],
        ),
        (
            "Who signed the leases and in which year?",
            ["Who signed the leases?", "In which year were the leases signed?"],
        ),
        (
            "What are the fees for adults and children?",
            ["What are the fees for adults?", "What are the fees for children?"],
        ),
        (
            "What were the profits in 2023, 2024 and 2025?",
            [
                "What were the profits in 2023?",
                "What were the profits in 2024?",
                "What were the profits in 2025?",
            ],
        ),
        (
            "How many cars can Sandpiper and Turnstone carry?",
            ["How many cars can Sandpiper carry?", "How many cars can Turnstone carry?"],
        ),
        (
            "Which is older, the mill or the barn?",
            ["When was the mill built or born?", "When was the barn built or born?"],
        ),
        (
            "Which is cheaper, a day ticket or a week ticket?",
            ["What does a day ticket cost?", "What does a week ticket cost?"],
        ),
        (
            "What is the difference between the rules of 2023 and 2025?",
            ["What is the rules of 2023?", "What is the rules of 2025?"],
        ),
    ],
)
def test_a_question_of_several_parts_becomes_several_questions(question, parts):
    assert texts(question) == parts


@pytest.mark.parametrize(
    "question",
    [
        "When does the mill open?",
        "What was sold and to whom?",
        "How many cars can MV Lark carry and at what price?",
        "When was the mill sold, to whom and at what price?",
        "Who sails to Kiel and in which year?",
        "Other than its main district, where are the offices?",
        "When rich countries trade with poor countries, whose wages increase?",
        "Why do cats and dogs fight in summer and winter?",
        "What distance is between Kiel and Bremen?",
        "The PRDM1 gene, when combined with the PRDM14 gene, plays a role.",
        "Search and rescue",
    ],
)
def test_a_question_that_asks_one_thing_stays_whole(question):
    assert texts(question) == [question]


def test_a_member_is_told_from_its_siblings_by_its_own_words():
    first, second = parts_of("What is the rent at Great Kiel and Little Kiel?")

    assert (first.about, second.about) == ({"great"}, {"littl"})


@pytest.mark.parametrize(
    ("question", "inner", "step"),
    [
        (
            "How many cars can the ship that sails route R2 carry?",
            "Which ship sails route R2?",
            "How many cars can the ship MV Lark carry?",
        ),
        (
            "In which year was the ship built that struck the pier?",
            "Which ship struck the pier?",
            "In which year was the ship MV Lark built?",
        ),
        (
            "What is the age of the man who reported the fire?",
            "Which man reported the fire?",
            "What is the age of the man MV Lark?",
        ),
    ],
)
def test_a_thing_that_is_described_is_asked_for_first(question, inner, step):
    asked = nested(question)

    assert asked.inner == inner
    assert asked.with_name("MV Lark") == step


@pytest.mark.parametrize(
    "question", ["Who is the man that sold the mill?", "When does the mill open?", "The ship that"]
)
def test_a_question_that_needs_no_second_step_has_none(question):
    assert nested(question) is None


def test_a_row_names_a_thing_by_its_labelled_cell_and_never_by_what_was_asked(passage):
    row = passage("Route: R2 | Ship: MV Lark | Days: Monday | From: Kiel")
    question = "How many cars can the ship that sails route R2 carry?"

    found = bridges(nested(question), question, Evidence(row, row.chunk.span, 0.9))

    assert found[0] == "MV Lark"
    assert "R2" not in found
    assert "Monday" not in found


def test_a_sentence_names_a_thing_by_what_a_reader_marked_then_by_its_names(passage):
    text = "On Friday 22 November 2024 the Lark of Ada Lund struck the pier."
    found = passage(text)
    question = "In which year was the ship built that struck the pier?"
    marked = Span(text.index("Lark"), text.index("Lark") + 4)

    names = bridges(nested(question), question, Evidence(found, found.chunk.span, 0.9, marked))
    plain = bridges(nested(question), question, Evidence(found, found.chunk.span, 0.9))

    assert names[0] == "Lark"
    assert "Ada Lund" in plain or any("Ada Lund" in name for name in plain)
    assert not any("November" in name or "Friday" in name for name in plain)


@pytest.mark.parametrize(
    "question",
    ["what " + ":" * 1300 + " or" * 880 + ",", "what " + "gap " * 500 + "between " * 250],
)
def test_a_question_made_to_be_slow_is_left_whole_at_once(question):
    started = time.perf_counter()

    assert len(parts_of(question)) == 1
    assert len(parts_of(question[:250] + question[-250:])) == 1
    assert time.perf_counter() - started < 1


def test_a_clause_without_a_word_is_no_part():
    question = ", and who about how and adults"

    assert texts(question) == [question]
