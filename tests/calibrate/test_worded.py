"""A generator's question counts only if it answers it with what was asked for."""

import random
from dataclasses import dataclass, field

import pytest

from rag.calibrate.questions.corpus import Corpus
from rag.calibrate.questions.make import make
from rag.calibrate.questions.worded import SORT, round_trip, worded
from rag.testing import document_of, pipeline_of

SENTENCE = "Claims about lost parcels must reach the office within 14 days."
QUESTION = "Within how many days must claims about lost parcels reach the office?"


@dataclass
class Turns:
    """A generator that says its replies in turn, again and again, and counts them."""

    replies: list[str]
    asked: list[str] = field(default_factory=list)
    name: str = "turns"

    def count_tokens(self, text):
        return len(text.split())

    def stream(self, messages, *, max_tokens, deadline):
        self.asked.append(messages[-1]["content"])
        yield self.replies[(len(self.asked) - 1) % len(self.replies)]


@pytest.mark.parametrize(
    ("replies", "kept"),
    [
        ([QUESTION, "within 14 days"], QUESTION),
        ([QUESTION + " And why?", "14 days"], QUESTION),
        ([QUESTION, "in a month"], ""),
        ([QUESTION, "14 days is the time in which claims about any parcel must come"], ""),
        (["Who sank the Titanic?", "14 days"], ""),
        (["Must claims about lost parcels reach the office within 14 days?", "14 days"], ""),
    ],
)
def test_a_round_trip_has_to_come_back_to_the_target(replies, kept):
    assert round_trip(SENTENCE, "14 days", Turns(replies)) == kept


def test_the_second_question_is_asked_with_the_sentence_alone():
    generator = Turns([QUESTION, "14 days"])

    round_trip(SENTENCE, "14 days", generator)

    assert generator.asked == [
        f"Text: {SENTENCE}\nAnswer: 14 days",
        f"Text: {SENTENCE}\nQuestion: {QUESTION}",
    ]


def corpus_of(lines):
    return Corpus.of([document_of("a.md", "\n\n".join(lines))])


def test_a_generator_that_cannot_ask_is_left_alone_soon():
    lines = [
        f"The {n}th claim about parcels must reach us within {n} days." for n in range(20, 120)
    ]
    generator = Turns(["Nonsense?"])

    assert list(worded(corpus_of(lines).sentences, generator, random.Random(0))) == []
    assert len(generator.asked) == 30


def test_sentences_that_hold_nothing_to_ask_for_do_not_count_against_it():
    lines = ["nothing of note was ever said about this by anyone at all."] * 40 + [SENTENCE]

    found = list(worded(corpus_of(lines).sentences, Turns([QUESTION, "14 days"]), random.Random(0)))

    assert len(found) == 1


def test_a_kept_question_knows_its_target_and_sentence():
    (made,) = worded(
        corpus_of([SENTENCE]).sentences, Turns([QUESTION, "14 days"]), random.Random(0)
    )

    assert (made.parts.sort, made.parts.text, made.parts.target) == (SORT, QUESTION, "14 days")
    assert made.sentence.text == SENTENCE


class Clerk:
    """Asks how many words the clerk of a port read out, and answers."""

    name = "clerk"

    def count_tokens(self, text):
        return len(text.split())

    def stream(self, messages, *, max_tokens, deadline):
        text = messages[-1]["content"].removeprefix("Text: ").split("\n")[0]
        words = text.rstrip(".").split()
        if "Answer:" in messages[-1]["content"]:
            yield f"How many words did the clerk of {words[4].rstrip(',')} read out?"
        else:
            yield " ".join(words[-2:])


def test_the_generator_adds_questions_where_the_rules_make_too_few():
    texts = {
        f"{thing}.md": " ".join(
            [f"The {thing} was launched on {row + 2} March {1990 + row}."] * (row % 4 != 0)
            + [f"The {thing} can carry {20 + 3 * row} passengers."] * (row % 4 != 1)
            + [f"The {thing} was repaired in {2001 + row}."] * (row % 4 != 2)
            + [f"To the clerk of {thing.title()}, the board had said: read out {row + 40} words."]
        )
        for row, thing in enumerate(
            "ferry barge tug yacht crane dredger trawler schooner launch cutter ketch sloop "
            "lugger dinghy liner tanker".split()
        )
    }
    rag = pipeline_of(texts)
    ids = [document.id for document in rag.snapshot.documents]

    plain = make(rag, ids, count=60)
    more = make(rag, ids, count=60, generator=Clerk())

    assert SORT not in {row.kind for row in plain.rows}
    asked = [row.text for row in more.rows if row.kind == SORT]
    assert asked
    assert all(text.startswith("How many words did the clerk of ") for text in asked)
