import json
import time
from pathlib import Path

import pytest

from indexes.sample import folder
from rag.answer.asked.follow import standalone
from rag.answer.asked.topic import name_runs
from rag.types import Turn

ADULTS = "What does a ticket for adults cost?"
CARRY = "How many passengers can MV Turnstone carry?"


@pytest.mark.parametrize(
    ("before", "typed", "meant"),
    [
        (ADULTS, "and for children?", "What does a ticket for children cost?"),
        ("What was the fee in 2024?", "What about 2023?", "What was the fee in 2023?"),
        ("What was the fee in 2024?", "2023?", "What was the fee in 2023?"),
        (CARRY, "What about the Sandpiper?", "How many passengers can MV Sandpiper carry?"),
        (CARRY, "And cars?", "How many cars can MV Turnstone carry?"),
        (CARRY, "When was it built?", "When was MV Turnstone built?"),
        (CARRY, "and what is its length?", "What is MV Turnstone's length?"),
        ("When does the mill open?", "When does it close?", "When does the mill close?"),
        (
            "When does the lease end?",
            "And how much is the rent?",
            "How much is the rent (the lease)?",
        ),
        ("What does alarm E-417 mean?", "and E-471?", "What does alarm E-471 mean?"),
        ("What did Ada Lund buy?", "When?", "When did Ada Lund buy?"),
        ("How many chairs are there at Kiel?", "How do I get there?", "How do I get to Kiel?"),
        (
            "How much leave do full-time staff have?",
            "and part-time staff?",
            "How much leave do part-time staff have?",
        ),
        (
            "What is the weight limit of the bridge?",
            "Is that enough for a bus?",
            "Is that enough for a bus (the weight limit of the bridge)?",
        ),
    ],
)
def test_a_question_that_leans_on_the_last_is_made_to_stand_alone(before, typed, meant):
    assert standalone(typed, [Turn(before)]) == meant


ADULT_TICKET = "What does an adult ticket to Kiel cost?"
CHILD_TICKET = "What does a child ticket to Kiel cost?"


@pytest.mark.parametrize(
    ("before", "typed", "meant"),
    [
        (ADULT_TICKET, "And for children?", CHILD_TICKET),
        (ADULT_TICKET, "And a child?", CHILD_TICKET),
        (CHILD_TICKET, "What about adults?", ADULT_TICKET),
        (CHILD_TICKET, "And an adult ticket?", ADULT_TICKET),
        ("Does an infant travel free?", "And seniors?", "Does a senior travel free?"),
        ("How do men enter?", "And women?", "How do women enter?"),
        ("When do summer sailings start?", "And in winter?", "When do winter sailings start?"),
        ("What is sold on weekdays?", "And at the weekend?", "What is sold at the weekend?"),
        ("What is sold at night?", "And during the day?", "What is sold during the day?"),
        ("What is a single to Kiel?", "And a return?", "What is a return to Kiel?"),
        (
            "Can an adult buy a ticket for a child?",
            "And for a senior?",
            "Can an adult buy a ticket for a senior?",
        ),
    ],
)
def test_what_excludes_the_new_is_replaced_by_it_and_its_article_mended(before, typed, meant):
    assert standalone(typed, [Turn(before)]) == meant


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        (
            [ADULT_TICKET, "And for children?", "And for a horse in a trailer?"],
            "What does a ticket to Kiel cost for a horse in a trailer?",
        ),
        (
            ["What is a ticket for adults?", "And for a horse in a trailer?", "and for a dog?"],
            "What is a ticket for a dog?",
        ),
        (
            ["What does a ticket for adults include?", "And for large dogs?", "And a cat?"],
            "What does a ticket for a cat include?",
        ),
        (
            ["What is the fee for a child in 2022?", "And in 2023?", "And for adults in 2024?"],
            "What is the fee for adults in 2024?",
        ),
        (
            ["What is the fee for a horse in a trailer?", "And in winter?", "And in summer?"],
            "What is the fee for a horse in a trailer in summer?",
        ),
        (
            ["What is the fee for a dog in summer?", "And for cats in winter?"],
            "What is the fee for cats in winter?",
        ),
    ],
)
def test_follow_ups_never_pile_up(asked, meant):
    *before, typed = asked

    assert standalone(typed, [Turn(question) for question in before]) == meant


@pytest.mark.parametrize(
    ("before", "typed", "meant"),
    [
        ("How much is it per day?", "And at night?", "How much is it per day at night?"),
        ("What is an adult ticket?", "And for a week?", "What is an adult ticket for a week?"),
        ("What was the fee in 2024?", "And in a cabin?", "What was the fee in 2024 in a cabin?"),
        ("What is the fee in Kiel?", "And in winter?", "What is the fee in Kiel in winter?"),
    ],
)
def test_what_excludes_nothing_is_added(before, typed, meant):
    assert standalone(typed, [Turn(before)]) == meant


def test_a_question_phrase_with_its_preposition_takes_the_clause_before():
    asked = standalone("And under what name?", [Turn("When was IBM founded?")])

    assert asked == "Under what name was IBM founded?"


def test_each_pronoun_takes_what_it_can_mean():
    asked = standalone("Why did she sell it?", [Turn("When did the mill of Ada Lund open?")])

    assert asked == "Why did Ada Lund sell the mill of Ada Lund?"


def test_what_the_answer_names_is_what_a_which_question_was_about():
    turn = Turn("Which ship struck the fender?", "MV Sandpiper struck the fender. [1]")

    assert standalone("When was it built?", [turn]) == "When was MV Sandpiper built?"


def test_a_person_is_the_one_the_answer_names():
    turn = Turn("Who founded the mill?", "The mill was founded by Ada Lund.")

    assert standalone("When was she born?", [turn]) == "When was Ada Lund born?"


def test_a_follow_up_of_a_follow_up_keeps_the_topic():
    turns = [Turn(ADULTS), Turn("and for children?"), Turn("What about dogs?")]

    assert standalone("When can I buy it?", turns[:2]) == "When can I buy a ticket for children?"


@pytest.mark.parametrize("word", ["a", "A", "Aa ", "A of ", "in A ", "a'", "é"])
def test_a_long_history_is_looked_at_in_time_that_grows_with_it(word):
    start = time.perf_counter()
    standalone("When did she open it there?", [Turn("Who is he?", word * 30_000)])
    name_runs(word * 10_000)

    assert time.perf_counter() - start < 5


def test_what_would_grow_too_long_is_left_as_typed():
    before = Turn("What does a ticket " + "for adults " * 170)

    typed = "and for children " + "x" * 1990

    assert standalone("and for children?", [before]) != "and for children?"
    assert standalone(typed, [before]) == typed


def test_without_history_nothing_is_rewritten():
    assert standalone("and for children?", []) == "and for children?"


@pytest.mark.parametrize(
    "question",
    [
        "When does the Hestray lease end?",
        "What does it cost to take a bicycle on the ferry?",
        "Is it possible to pay by card?",
        "What happens to the deposit if it is cancelled?",
        "What are apprentices paid in their first year?",
        "How many cars can the ship that sails route R2 carry?",
        "Who lost his hat?",
        "Is there a pool on the ship?",
        "Which of these is a ferry?",
        "Who founded the mill and when did it close?",
        "Opening hours",
        "how did jessica jones get her powers in the show",
        "When the Rhine took a right turn what did it create?",
        "What year is it?",
        "Und für Kinder?",
    ],
)
def test_a_question_that_stands_alone_is_left_alone(question):
    turn = Turn("Which ship carries 34 cars to Brannoch?", "MV Sandpiper carries 34 cars.")

    assert standalone(question, [turn]) == question


def test_the_sample_questions_asked_one_after_another_are_not_rewritten():
    lines = (Path(folder()) / "queries.jsonl").read_text(encoding="utf-8").splitlines()
    asked = [json.loads(line)["text"] for line in lines]
    turns = [Turn(question, "MV Sandpiper sails to Ulsay.") for question in asked]

    changed = [
        question
        for place, question in enumerate(asked[1:], 1)
        if standalone(question, turns[:place]) != question
    ]

    assert changed == []


def test_blanks_within_an_earlier_question_change_nothing():
    before = Turn("When did Port\n  Ellery open?")

    assert standalone("And Stone Bay?", [before]) == "When did Stone Bay open?"


def test_another_preposition_before_another_year_is_kept():
    before = Turn("What was the fee after 2019?")

    assert standalone("And before 2020?", [before]) == "What was the fee before 2020?"
