"""One rule says for every system what a refusal is."""

import re

import pytest

from tests.compare.refusals import REFUSALS, refuses


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n",
        "I don't know.",
        "I\u2019m sorry, but that is nowhere in the text.",
        "The context does not provide the year. It lists the owners.",
        "The provided context does not explicitly mention a price.",
        "The documents do not say.",
        "There is no information about this.",
        "The year is not mentioned.",
        "It is not specified in the passage.",
        "The price isn't given in the provided text.",
        "Information on the crew is not available.",
        "The answer to the question is not given.",
        "Empty Response",
        "Unknown.",
        "Answer: not stated",
        "I do not have enough information to answer.",
        "Based on the context, we cannot determine who built it.",
        "It is not possible to say when it opened.",
        "The question cannot be answered from these documents.",
        "There is insufficient information in the text.",
        "The mill opened in 1904. The text does not say who built it.",
    ],
)
def test_a_refusal_is_recognised_however_it_is_worded(text):
    assert refuses(text)


@pytest.mark.parametrize(
    "text",
    [
        "The mill opened in 1904.",
        "No ship sails on Sundays.",
        "He knows the answer.",
        "The answer is no, and the internet is not available on all ships.",
        "The fare does not include meals.",
        "Meals are not provided on board.",
        "Passengers cannot bring bicycles.",
        "Bicycles are not available on Fridays.",
        "The captain was not given the letter.",
        "Dogs do not have to be on a lead.",
        "The origin of the name is unknown to most visitors.",
        "You cannot take a car on this ship.",
    ],
)
def test_an_answer_is_none(text):
    assert not refuses(text)


def test_every_pattern_of_a_refusal_is_needed_by_an_example():
    examples = test_a_refusal_is_recognised_however_it_is_worded.pytestmark[0].args[1]

    unused = [p for p in REFUSALS if not any(_matches(p, text) for text in examples)]

    assert unused == []


def _matches(pattern, text):
    return re.search(pattern, text, re.IGNORECASE) is not None
