import pytest

from rag.answer.disagreement.conflict import find_conflicts
from rag.testing import document_of
from rag.types import Chunk, Evidence, Passage, Span

WHO = "Who sang the song?"


def quotes(found):
    return [(c.first.source, c.second.source) for c in found]


def test_two_documents_with_different_figures_for_one_thing_conflict_without_a_reader(passage):
    a = passage("Adult tickets for the mill cost 12 euros.")
    b = passage("Adult tickets for the mill cost 10 euros.", label=2, source="b.md")
    c = passage("Adult tickets for the mill cost 12 euros in summer.", label=3, source="c.md")
    evidence = [Evidence(p, p.chunk.span, 0.9) for p in (a, b, c)]

    found = find_conflicts("What do tickets cost?", evidence, floor=0.5)

    pairs = {frozenset((x.first.source, x.second.source)) for x in found}
    assert pairs == {frozenset(("a.md", "b.md")), frozenset(("b.md", "c.md"))}
    assert find_conflicts("What do tickets cost?", [evidence[0], evidence[2]], floor=0.5) == []
    assert find_conflicts("What do tickets cost?", evidence, floor=0.95) == []


def test_one_document_does_not_conflict_with_itself():
    text = "Tickets for adults cost 12 euros.\n\nTickets for adults cost 10 euros."
    document = document_of("a.md", text)
    chunk = Chunk(1, document.id, document.revision, Span(0, len(text)), text)
    found = Passage(1, document, chunk, 1.0)
    evidence = [Evidence(found, block.span, 0.9) for block in document.blocks]

    assert find_conflicts("What do tickets cost?", evidence, floor=0.5) == []


def test_each_pair_of_sides_is_shown_once_with_dates_and_the_number_of_documents(heard):
    evidence = heard(
        "[Frank Sinatra] recorded an unforgettable rendition.",
        "A ballad originally sung by [Elvis Presley].",
        "In truth [Frank Sinatra] it was.",
        metadata=({"date": "2024-02-01"}, {}, {}),
    )

    (found,) = find_conflicts(WHO, evidence, floor=0.5)

    assert (found.first.source, found.second.source) == ("a.md", "b.md")
    assert (found.first_date, found.second_date) == ("2024-02-01", "")
    assert (found.first_count, found.second_count) == (2, 1)
    assert found.to_dict()["second_date"] is None


@pytest.mark.parametrize(
    ("question", "texts"),
    [
        # one answer finer than the other, several asked for, both named in one sentence
        ("When was it built?", ("Built in [1954].", "Finished in [May 1954].")),
        ("Which of the singers sang it?", ("[Elvis Presley] sang.", "[Frank Sinatra] sang.")),
        (WHO, ("[Elvis Presley] sang.", "[Frank Sinatra].", "Elvis Presley and Frank Sinatra.")),
        # an explanation in two wordings
        ("How does the mill turn?", ("By the [river].", "A [wheel] turns it.")),
        ("Why was it built, and who paid?", ("For [grain].", "Against [floods].")),
        # the figures of two years
        ("How many people live there?", ("In 2010 [924] did.", "[1,243] did in 2000.")),
        # brackets tell two things of one name apart
        (
            "What sport is Doug Harvey known for?",
            ("Doug Harvey (umpire), of [baseball].", "Doug Harvey (goalkeeper) played [hockey]."),
        ),
        # and so do all the other names of two passages
        (
            "Where was Ann Lee born?",
            (
                "Ann Lee, a friend of Bo Berg, Ida Holm and Uwe Dahl, was born in [Kiel].",
                "Ann Lee, who wrote to Jo Falk, Pia Moe and Tom Rye, was born in [Bonn].",
            ),
        ),
    ],
)
def test_answers_that_may_all_be_right_are_no_disagreement(heard, question, texts):
    assert find_conflicts(question, heard(*texts), floor=0.5) == []


def test_a_sentence_that_denies_one_answer_does_not_reconcile_them(heard):
    evidence = heard("It was [Elvis Presley].", "Not Elvis Presley but [Frank Sinatra] sang it.")

    assert len(find_conflicts(WHO, evidence, floor=0.5)) == 1


def test_a_twin_conflicts_even_where_it_is_not_relevant_by_itself(heard):
    (strong,) = heard("The parish of the hill was founded in [1856] by monks.")
    _, weak = heard("-", "The parish of the hill was founded in [1900] by monks.", relevance=0.2)

    assert quotes(find_conflicts("When?", [strong, weak], floor=0.5)) == [("a.md", "b.md")]


def test_an_older_revision_is_superseded_and_the_newer_comes_first(heard):
    evidence = heard(
        "Cancel [24 hours] before departure to get the fare back.",
        "Cancel [48 hours] before departure to get the fare back.",
        metadata=({"date": "2023-04-01"}, {"date": "2025-06-01"}),
    )

    (found,) = find_conflicts("How long before departure must I cancel?", evidence, floor=0.5)

    assert found.superseded
    assert (found.first.source, found.second.source) == ("b.md", "a.md")
    assert (found.first_date, found.second_date) == ("2025-06-01", "2023-04-01")
