import time

import pytest

from rag.answer.disagreement.premise import false_premise
from rag.types import Evidence


def evidence_of(*found):
    return [Evidence(p, p.chunk.span, 0.9 - row / 10) for row, p in enumerate(found)]


@pytest.mark.parametrize(
    ("question", "sentence", "asked", "said"),
    [
        ("Why did the mill close in 2019?", "The mill closed in 2017.", "2019", "2017"),
        ("Who built the mill in 1850?", "The mill was built in 1805 by monks.", "1850", "1805"),
        (
            "Why are camera pictures kept for 60 days?",
            "Camera pictures are kept for 31 days.",
            "60 days",
            "31 days",
        ),
        (
            "Why does the yearly rent of the berth cost £9,000?",
            "The yearly rent of the berth costs £8,400 a year.",
            "£9,000",
            "£8,400",
        ),
    ],
)
def test_what_a_question_states_wrongly_is_corrected_with_the_quote(
    passage, question, sentence, asked, said
):
    found = false_premise(question, evidence_of(passage(sentence)))

    assert found is not None
    assert (found.asked, found.said) == (asked, said)
    assert found.citation.quote == sentence


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("Why did the mill close in 2017?", "The mill closed in 2017."),
        ("Who won the cup in 2019?", "Ada Lund won the cup in 2017."),
        ("What was the fee of the mill in 2019?", "In 2017 the fee of the mill was 2 euros."),
        ("Why did the mill close after 2019?", "The mill closed in 2017."),
        ("Why did the Kiel mill close in 2019?", "The Bremen mill closed in 2017."),
        ("Why is a ticket with more than 20 kg refused?", "A ticket with 15 kg is refused."),
        ("Why did the mill close in 2019?", "The mill closed in 2017 and again in 2021."),
        ("Why did the mill close in 2019?", "Cats sleep all day since 2017."),
    ],
)
def test_a_question_is_not_corrected_on_what_does_not_contradict_it(passage, question, sentence):
    assert false_premise(question, evidence_of(passage(sentence))) is None


def test_a_figure_that_any_sentence_confirms_is_not_corrected(passage):
    other = passage("It closed again in 2019.", label=2, source="b.md")
    evidence = evidence_of(passage("The mill closed in 2017."), other)

    assert false_premise("Why did the mill close in 2019?", evidence) is None


def test_a_question_full_of_figures_is_held_against_many_sentences_at_once(passage):
    question = f"Why did the mill sell {' '.join(f'{n} cars' for n in range(5000, 5390))}?"
    evidence = evidence_of(*(passage(f"The mill sold {n} cars.") for n in range(200)))

    started = time.perf_counter()
    false_premise(question, evidence)

    assert time.perf_counter() - started < 2
