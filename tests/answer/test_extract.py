import pytest

from rag.answer.asked.question import Expected, expected, holds
from rag.answer.drafted.prompt import INSTRUCTIONS, declines, write_prompt
from rag.answer.evidence.extract import choose_sentences, find_evidence, quote_claims
from rag.testing import HashingEmbedder
from rag.types import Chunk, Evidence, Passage, Span, chunk_id

TEXT = (
    "# Mill\n\nThe mill stands on the river. It was built in 1850 by two brothers. "
    "The mill opens at nine.\n\n- Bring grain."
)


def evidence_for(question, *passages):
    return find_evidence(question, passages, HashingEmbedder())


def test_the_sentence_that_answers_comes_first_and_headings_never(passage):
    found = evidence_for("When does the mill open?", passage(TEXT))

    assert found[0].quote == "The mill opens at nine."
    assert [e.relevance for e in found] == sorted((e.relevance for e in found), reverse=True)
    assert all(0 <= e.relevance <= 1 for e in found)
    assert "# Mill" not in {e.quote for e in found}
    assert "Bring grain." in {e.quote for e in found}


def test_a_sentence_in_two_overlapping_passages_is_listed_once(passage):
    whole = passage(TEXT)
    span = Span(whole.document.text.index("The mill opens"), len(TEXT))
    chunk = Chunk(
        chunk_id(whole.document.revision, span),
        whole.document.id,
        whole.document.revision,
        span,
        span.of(TEXT),
    )

    found = evidence_for("When?", whole, Passage(2, whole.document, chunk, 0.5))

    spans = [e.span for e in found]
    assert len(spans) == len(set(spans))


def test_no_passages_give_no_evidence():
    assert evidence_for("When?") == []


def test_a_sentence_that_leans_back_takes_its_antecedent_along(passage):
    found = evidence_for("When was it built?", passage(TEXT))
    built = next(e for e in found if "1850" in e.quote)

    (claim,) = quote_claims([built])

    assert claim.text == ("The mill stands on the river. It was built in 1850 by two brothers.")
    assert claim.citations[0].quote == claim.text


def test_sentences_that_say_the_same_are_shown_once(passage):
    a = passage("The mill opens at nine.")
    b = passage("The mill opens at nine!", label=2, source="b.md")
    evidence = [Evidence(a, a.chunk.span, 0.9), Evidence(b, b.chunk.span, 0.89)]

    assert choose_sentences(evidence, keep=0.5, most=3) == evidence[:1]


def test_chosen_sentences_are_few_relevant_and_in_reading_order(passage):
    text = "Cats sleep all day. Dogs bark at night. Birds sing in spring. Fish swim in rivers."
    found = passage(text)
    starts = [0, 20, 40, 62]
    ends = [19, 39, 61, len(text)]
    scores = [0.6, 0.9, 0.2, 0.7]
    evidence = sorted(
        (Evidence(found, Span(s, e), r) for s, e, r in zip(starts, ends, scores, strict=True)),
        key=lambda e: -e.relevance,
    )

    chosen = choose_sentences(evidence, keep=0.7, most=2)

    assert [e.quote for e in chosen] == ["Dogs bark at night.", "Fish swim in rivers."]


@pytest.mark.parametrize(
    ("question", "kind", "good", "bad"),
    [
        ("When did it open?", Expected.TIME, "It opened in 1850.", "It opened slowly."),
        ("How many blades are there?", Expected.NUMBER, "It has 12.", "It has blades."),
        ("How much of the 5 kg is left?", Expected.NUMBER, "Then 3 kg.", "Of the 5 kg."),
        ("Who built it?", Expected.PERSON, "Built by Ada Lund.", "built of stone."),
        ("Where is it?", Expected.PLACE, "It stands in Kiel.", "It stands."),
    ],
)
def test_a_question_expects_a_kind_of_thing(question, kind, good, bad):
    assert expected(question) is kind
    assert holds(kind, good, question)
    assert not holds(kind, bad, question)


def test_a_prompt_starts_with_what_is_constant_and_keeps_its_budget(passage):
    def count(text):
        return len(text.split())

    long = passage(" ".join(f"Filler number {n} is here." for n in range(60)) + " " + TEXT)
    evidence = evidence_for("When does the mill open?", long)

    messages = write_prompt("When?", evidence, budget=40, count_tokens=count)

    assert messages[0]["content"] == INSTRUCTIONS
    assert "The mill opens at nine." in messages[1]["content"]
    assert count(messages[1]["content"].split("Question:")[0]) <= 41
    assert messages[1]["content"].endswith("Question: When?")


def test_a_draft_that_declines_is_recognised():
    assert declines("The documents do not say.")
    assert declines("  ")
    assert not declines("The mill opens at nine.")


def test_the_row_of_an_asked_identifier_beats_a_similar_one_and_its_absence_is_noticed(passage):
    text = (
        "Code: E-417 | Meaning: Coolant flow low\n"
        "Code: E-471 | Meaning: Contactor stuck\nAlarms are shown on the bridge."
    )
    asked = evidence_for("What does alarm E-471 mean?", passage(text))
    absent = evidence_for("What does alarm E-427 mean?", passage(text))

    assert asked[0].quote == "Code: E-471 | Meaning: Contactor stuck"
    assert absent[0].relevance < asked[0].relevance / 4
