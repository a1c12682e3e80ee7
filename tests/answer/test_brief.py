from dataclasses import replace

import pytest

from rag.answer.asked.question import asks_for_words
from rag.answer.brief import brief
from rag.answer.evidence.extract import find_evidence, quote_claims
from rag.pipeline import Policy
from rag.testing import HashingEmbedder, WordReader, pipeline_of
from rag.types import Evidence, Outcome, Span, Support, Verdict

MILL = {"mill.md": "The mill stands by the river. In summer the mill opens at nine, not at ten."}
OPEN = Policy(relevance_floor=0.0, answerability_floor=0.0)


def asking(question, words, texts=MILL, policy=OPEN):
    pipeline = replace(pipeline_of(texts, policy=policy), reader=WordReader(words))
    return pipeline.ask(question)


def test_the_words_asked_for_are_the_answer_and_their_sentence_the_quote():
    answer = asking("When does the mill open?", {"nine"})

    assert answer.text == "nine [1]"
    assert answer.outcome is Outcome.ANSWERED
    assert answer.citations[0].quote == "In summer the mill opens at nine, not at ten."


def test_what_is_shown_is_a_piece_of_its_quote():
    answer = asking("When does the mill open?", {"nine", "ten"})

    (verdict,) = answer.verdicts
    assert verdict.claim.text in verdict.claim.citations[0].quote


def test_marks_around_the_words_are_left_out():
    answer = asking("What is it made of?", {"oak"}, {"a.md": "The mill is made of (solid) oak."})

    assert answer.text == "oak [1]"


@pytest.mark.parametrize(
    "question",
    ["Does the mill open at nine?", "Describe the mill.", "When does it open and where is it?"],
)
def test_a_question_that_words_cannot_answer_gets_the_sentence(question):
    answer = asking(question, {"nine"})

    assert "the mill opens at nine, not at ten." in answer.text


def test_words_that_the_reader_is_far_from_sure_of_are_not_shown_alone():
    answer = asking("When does the mill open?", {"noon"})

    assert "the mill opens at nine, not at ten." in answer.text


def test_a_long_answer_is_the_sentence_it_is():
    text = (
        "The mill is a house in which two stones that a river turns grind the grain of a village."
    )
    pipeline = pipeline_of({"a.md": text}, policy=OPEN)
    question = "What is the mill?"
    passages, _ = pipeline.search(question)
    (best,) = find_evidence(question, passages, HashingEmbedder())
    verdicts = [Verdict(claim, Support.SUPPORTED, 1.0) for claim in quote_claims([best])]

    long = brief(question, verdicts, [replace(best, answer=Span(12, len(text)))])
    short = brief(question, verdicts, [replace(best, answer=Span(12, 19))])

    assert long == verdicts
    assert short[0].claim.text == "a house"


def test_cells_of_two_columns_are_not_one_answer():
    text = "Country: Finland | Area: 338,424 | Capital: Helsinki"
    pipeline = pipeline_of({"a.md": text}, policy=OPEN)
    question = "What is the area of Finland?"
    passages, _ = pipeline.search(question)
    (best,) = find_evidence(question, passages, HashingEmbedder())
    verdicts = [Verdict(claim, Support.SUPPORTED, 1.0) for claim in quote_claims([best])]

    across = brief(question, verdicts, [replace(best, answer=Span(25, len(text)))])
    within = brief(question, verdicts, [replace(best, answer=Span(25, 32))])

    assert across == verdicts
    assert within[0].claim.text == "338,424"


def test_brevity_can_be_turned_off():
    answer = asking("When does the mill open?", {"nine"}, policy=replace(OPEN, brief=False))

    assert "In summer the mill opens at nine, not at ten." in answer.text


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("Who built the mill?", True),
        ("how many sails does it have", True),
        ("Is the mill open on Sunday?", False),
        ("Why is the mill closed?", False),
        ("How does the mill work?", False),
        ("What happens when it rains?", False),
        ("List the sails.", False),
        ("opening hours mill", False),
        ("Who built it, and when was that?", False),
        ("When was it founded and under what name?", False),
        ("What goods are not carried?", False),
    ],
)
def test_which_questions_a_few_words_may_answer(question, words):
    assert asks_for_words(question) is words


@pytest.mark.parametrize(
    ("sentence", "marked", "shown"),
    [
        ("It costs $12.50 a day.", "12", "$12.50"),
        ("It is -5 °C there.", "5", "-5 °C"),
        ("It holds 12,500 litres.", "12", "12,500"),
        ("It lasts 10-14 days.", "14 days", "10-14 days"),
        ("About 3 million people live there.", "3", "3 million"),
        ("The share is 5 % of it.", "5", "5 %"),
        ("In 1989 it was.", "19", "1989"),
        ("Ada lived 1815-1852 in London.", "1815", "1815"),
        ("It takes up to 5 cars.", "5 cars", "up to 5 cars"),
        ("It was won by Ada (Lovelace).", "Ada (Lovelace", "Ada (Lovelace)"),
        ('She said "yes" then.', '"yes', '"yes"'),
        ("It is Ada's (old) mill.", "Ada", "Ada"),
        ("The ship sails Kiel-Oslo.", "Kiel", "Kiel"),
        ("The mill opens, not at nine.", "nine", None),
        ("It does not open at nine.", "nine", None),
        ("It opens not only at nine.", "nine", "nine"),
        ("It never opens; it isn't nine.", "nine", None),
    ],
)
def test_words_are_not_cut_from_their_sign_unit_bound_or_denial(passage, sentence, marked, shown):
    found = passage(sentence)
    start = sentence.index(marked)
    answer = Span(start, start + len(marked))
    evidence = Evidence(found, found.chunk.span, 0.9, answer, {"marked_lead": 0.0, "marked": 1.0})
    verdicts = [Verdict(claim, Support.SUPPORTED, 1.0) for claim in quote_claims([evidence])]

    (verdict,) = brief("What is it?", verdicts, [evidence])

    assert verdict.claim.text == (shown or sentence)
    assert verdict.claim.text in verdict.claim.citations[0].quote


@pytest.mark.parametrize(
    ("question", "shown"),
    [
        ("How many cars can the Lark carry?", None),
        ("How many passengers can the Lark carry?", "148"),
        ("How many people can the vessel Lark carry?", "148"),
    ],
)
def test_the_cell_of_another_column_is_not_shown_alone(passage, question, shown):
    found = passage("Vessel: MV Lark | Passengers: 148 | Cars: 22")
    start = found.chunk.text.index("148")
    marks = {"marked_lead": 0.0, "marked": 1.0}
    evidence = Evidence(found, found.chunk.span, 0.9, Span(start, start + 3), marks)
    verdicts = [Verdict(claim, Support.SUPPORTED, 1.0) for claim in quote_claims([evidence])]

    (verdict,) = brief(question, verdicts, [evidence])

    assert verdict.claim.text == (shown or found.chunk.text)


@pytest.mark.parametrize(
    ("text", "words", "shown"),
    [
        ("The milk is in the fridge of room 204.", {"room"}, "room 204"),
        ("The milk is in the fridge of room B.", {"room"}, "room"),
        ("The mill of Selby 1904 exhibition fame is here.", {"Selby"}, "Selby"),
        ("The milk is kept in hall 2/14, beside the door.", {"hall"}, "hall 2/14"),
    ],
)
def test_a_number_that_belongs_to_a_word_is_not_cut_off_at_the_end_of_a_clause(text, words, shown):
    answer = asking("Where is it kept?", words, {"a.md": text})

    assert answer.text == f"{shown} [1]"


@pytest.mark.parametrize("lead", [" such as", ", including", ", for example", ", e.g."])
def test_what_is_told_by_examples_is_not_shown_without_them(lead):
    text = f"Ducks eat food{lead} grass, fish and worms."

    answer = asking("What do ducks eat?", {"food"}, {"a.md": text})

    assert answer.text == f"{text} [1]"
