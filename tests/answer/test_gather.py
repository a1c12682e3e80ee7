from typing import ClassVar

import numpy as np
import pytest

from rag.answer.evidence.cover import choose
from rag.answer.evidence.extract import find_evidence
from rag.answer.evidence.gather import gather
from rag.answer.evidence.remember import Remembering
from rag.testing import HashingEmbedder, pipeline_of
from rag.types import Evidence, Filter, Outcome, Reason

TEXTS = {
    "fares.md": (
        "# Fares\n\nA ticket for adults costs 12 euros.\n\nA ticket for dogs costs 3 euros."
    ),
    "lark.md": "# Lark\n\nThe ship Lark carries 34 cars.",
    "routes.md": "# Routes\n\nThe ship that sails route R2 is called Lark.",
    "mill.md": "# Mill\n\nAda Lund founded the mill.\n\nThe mill closed in 1921.",
}


class Looks:
    """Search and read over `TEXTS`, which remembers every search."""

    def __init__(self, floor=0.02):
        self.rag, self.searched, self.floor = pipeline_of(TEXTS), [], floor

    def search(self, queries):
        self.searched.append(queries[0])
        return self.rag._search(tuple(queries), Filter())[0]

    def read(self, question, passages):
        return find_evidence(question, passages, HashingEmbedder())

    def likely(self, evidence):
        return bool(evidence) and evidence[0].relevance >= self.floor

    def gather(self, question, **more):
        return gather((question,), self.search, self.read, self.likely, **more)


def best(found):
    return [part[0].quote for part in found.parts]


def test_a_plain_question_is_searched_once():
    looks = Looks()

    found = looks.gather("When did the mill close?")

    assert looks.searched == ["When did the mill close?"]
    assert best(found) == ["The mill closed in 1921."]
    assert found.missing == ()


def test_each_part_is_searched_and_has_its_own_sentence():
    looks = Looks()

    found = looks.gather("Who founded the mill and when did it close?")

    assert looks.searched[1:] == ["Who founded the mill?", "When did the mill close?"]
    assert best(found) == ["Ada Lund founded the mill.", "The mill closed in 1921."]


def test_a_part_no_sentence_speaks_of_is_missing():
    found = Looks().gather("What does a ticket for adults and children cost?")

    assert best(found) == ["A ticket for adults costs 12 euros."]
    assert found.missing == ("What does a ticket for children cost?",)


def test_a_thing_described_is_looked_up_before_what_is_asked_of_it():
    looks = Looks()

    found = looks.gather("How many cars can the ship that sails route R2 carry?")

    assert "How many cars can the ship Lark carry?" in looks.searched
    assert best(found) == [
        "The ship that sails route R2 is called Lark.",
        "The ship Lark carries 34 cars.",
    ]


def test_without_a_second_look_there_is_one_search():
    looks = Looks()

    found = looks.gather("Who founded the mill and when did it close?", again=False)

    assert len(looks.searched) == 1
    assert len(found.parts) == 1


def test_passages_are_labelled_in_a_row_and_every_sentence_names_one_of_them():
    found = Looks().gather("Who founded the mill and what does a ticket for dogs cost?")

    assert [p.label for p in found.passages] == list(range(1, len(found.passages) + 1))
    labels = {p.label: p.chunk.id for p in found.passages}
    assert all(labels[e.passage.label] == e.passage.chunk.id for e in found.evidence)


def test_the_gate_looks_at_the_part_that_is_answered_least_surely():
    found = Looks().gather("Who founded the mill and when did it close?")

    assert found.weakest[0].relevance == min(part[0].relevance for part in found.parts)


def test_nothing_found_is_nothing_gathered():
    found = gather(("Who and when?",), lambda q: [], lambda q, p: [], lambda e: False)

    assert (found.passages, found.weakest) == ((), ())


def test_a_text_is_embedded_once_however_often_it_is_looked_at():
    class Counting(HashingEmbedder):
        asked: ClassVar[list[str]] = []

        def embed_queries(self, queries):
            self.asked.extend(queries)
            return super().embed_queries(queries)

    embedder = Remembering(Counting())
    first = embedder.embed_queries(["a mill", "a barn", "a mill"])
    again = embedder.embed_queries(["a barn"])

    assert Counting.asked == ["a mill", "a barn"]
    assert np.array_equal(first, HashingEmbedder().embed_queries(["a mill", "a barn", "a mill"]))
    assert np.array_equal(again[0], first[1])


def test_an_answer_to_a_part_says_what_is_missing():
    answer = pipeline_of(TEXTS).ask("What does a ticket for adults and children cost?")

    assert answer.outcome is Outcome.PARTIAL
    assert answer.reason is Reason.ONLY_PART
    assert answer.missing == ("What does a ticket for children cost?",)
    assert answer.to_dict()["missing"] == list(answer.missing)
    assert answer.text == "A ticket for adults costs 12 euros. [1]"


def test_an_answer_to_all_parts_is_whole_and_quotes_each():
    answer = pipeline_of(TEXTS).ask("Who founded the mill and when did it close?")

    assert answer.outcome is Outcome.ANSWERED
    assert {c.quote for c in answer.citations} == {
        "Ada Lund founded the mill.",
        "The mill closed in 1921.",
    }


def test_sentences_of_every_part_are_chosen_even_where_one_part_is_more_relevant(passage):
    strong = Evidence(
        passage("Cats sleep all day."), passage("Cats sleep all day.").chunk.span, 0.9
    )
    other = passage("Dogs bark at night.", label=2, source="b.md")
    weak = Evidence(other, other.chunk.span, 0.2)

    chosen = choose("What do cats do and what do dogs do?", [[strong], [weak]], keep=0.7, most=1)

    assert [e.quote for e in chosen] == ["Cats sleep all day.", "Dogs bark at night."]


RULES = "These hold:\n- No smoking. None at all.\n- No dogs\n- No music\nCats sleep.\n- No cats"


@pytest.mark.parametrize(
    ("question", "first", "quotes"),
    [
        ("What are the rules?", "No dogs", ["No smoking.", "None at all.", "No dogs", "No music"]),
        (
            "List the rules.",
            "These hold:",
            ["These hold:", "No smoking.", "None at all.", "No dogs", "No music"],
        ),
        ("Who may smoke?", "No smoking.", ["No smoking."]),
        ("What are cats?", "Cats sleep.", ["Cats sleep."]),
    ],
)
def test_a_question_for_a_list_that_an_item_answers_gets_the_items_around_it(
    passage, question, first, quotes
):
    evidence = find_evidence(question, [passage(RULES)], HashingEmbedder())
    evidence.sort(key=lambda each: each.quote != first)

    chosen = choose(question, [evidence], keep=1.0, most=1)

    assert [each.quote for each in chosen] == quotes
