from dataclasses import replace

from rag.answer.disagreement.sides import sides_of, voices
from rag.types import Span

WHO = "Who sang the song?"


def test_documents_that_answer_alike_stand_on_one_side(heard):
    evidence = heard(
        "[Elvis Presley] sang the song first.",
        "The song was sung by [Frank Sinatra].",
        "It was [the singer Elvis Presley].",
    )

    found = sides_of(WHO, evidence, floor=0.5)

    assert [(side.answer, len(side.evidence)) for side in found] == [
        ("Elvis Presley", 2),
        ("Frank Sinatra", 1),
    ]
    assert found[0].best is evidence[0]


def test_who_is_not_relevant_marks_nothing_or_repeats_the_question_takes_no_side(heard):
    weak = heard("[Frank Sinatra] sang it.", relevance=0.1)
    silent = heard("Somebody sang the song.")
    echo = heard("[Ada Lund] was a singer.")

    assert sides_of(WHO, weak, floor=0.5) == []
    assert sides_of(WHO, silent, floor=0.5) == []
    assert sides_of("Who was Ada Lund?", echo, floor=0.5) == []


def test_a_document_speaks_once_with_its_best_sentence(heard):
    (best,) = heard("[Elvis Presley] sang the song.")
    (later,) = heard("[Frank Sinatra] sang the song.", relevance=0.6)

    assert [side.answer for side in sides_of(WHO, [best, later], floor=0.5)] == ["Elvis Presley"]


def test_a_document_speaks_with_the_sentence_in_which_the_answer_is_marked(heard):
    (topic,) = heard("[The first] of many songs. Elvis Presley sang it.")
    text = topic.passage.document.text
    topic = replace(topic, span=Span(0, 24), signals={"marked": -0.9})
    moved = replace(
        topic,
        span=Span(text.index("Elvis"), len(text)),
        relevance=0.8,
        answer=Span(text.index("Elvis"), text.index(" sang")),
        signals={"marked": 0.4},
    )

    assert [s.answer for s in sides_of(WHO, [topic, moved], floor=0.5)] == ["Elvis Presley"]


def test_copies_of_one_text_are_one_voice(heard):
    text = "The song was sung first by [Frank Sinatra] in the long hot summer of that year."
    copies = heard(text, text.replace("first", "first of all"), "[Frank Sinatra] sang it.")

    assert voices(copies) == 2


def test_an_answer_of_another_kind_takes_no_side(heard):
    named, role = heard("[Paula Renn] signs it.", "Above that [the finance director] signs it.")

    found = sides_of("Who signs it?", [named, role], floor=0.1)

    assert [side.answer for side in found] == ["Paula Renn"]
