import pytest
from selectolax.lexbor import LexborHTMLParser as Page

from rag.testing import document_of, pipeline_of
from web import create_app

WHEN = "When does the water mill open on weekdays?"


def page(response):
    return Page(response.get_data(as_text=True))


def ask(client, question, **query):
    return page(client.get("/", query_string={"q": question, **query}))


def test_empty_page_offers_examples_and_says_how_to_ingest(client):
    shown = page(client.get("/"))

    assert shown.css_first(".examples a").text() == "When does the water mill open?"
    assert shown.css_first(".examples a").attributes["href"].startswith("/?q=When")
    assert "rag ingest" in shown.css_first("#answer").text()


def test_index_without_passages_says_that_nothing_is_indexed():
    with create_app(pipeline_of({})).test_client() as client:
        assert "Nothing has been indexed yet" in client.get("/").text
        assert "run `rag ingest FOLDER` first" in client.get("/?q=Why?").text


def test_every_sentence_and_quote_of_the_answer_is_shown(client, rag):
    answer = rag.ask(WHEN)

    shown = ask(client, WHEN)

    claims = [node.text() for node in shown.css(".claim")]
    assert len(claims) == len(answer.verdicts) > 0
    for verdict, claim in zip(answer.verdicts, claims, strict=True):
        assert claim.startswith(verdict.claim.text)
    quotes = {node.text() for node in shown.css(".quote .words")}
    assert quotes == {c.quote for c in answer.citations}


def test_quotes_equal_their_slice_of_the_document(client, rag):
    for question in (WHEN, "What does a barge pay?", "متى تفتح طاحونة الماء القديمة؟"):
        answer = rag.ask(question)
        shown = ask(client, question)

        slices = {c.span.of(rag.snapshot.document(c.document_id).text) for c in answer.citations}
        assert slices
        assert {node.text() for node in shown.css(".quote .words")} == slices


def test_marks_lead_to_the_quote_they_name(client):
    shown = ask(client, WHEN)

    for claim in shown.css(".claim"):
        names = claim.attributes["data-quotes"].split()
        for name, mark in zip(names, claim.css("a.mark"), strict=True):
            listed = shown.css_first(f"#quote-{name}")
            marked = page(client.get(mark.attributes["href"])).css_first("#quote")
            assert listed.css_first(".words").text() == marked.text()


def test_second_quote_of_one_passage_gets_a_letter():
    text = "The mill opens at nine on Monday. The mill opens at ten on Sunday."
    with create_app(pipeline_of({"a.md": text})).test_client() as client:
        shown = ask(client, "When does the mill open on Monday and Sunday?")

    assert [node.text() for node in shown.css(".claim .mark")] == ["1a", "1b"]


def test_documents_that_disagree_are_shown_side_by_side_with_dates(client):
    shown = ask(client, WHEN)
    sides = shown.css(".conflicts figure")

    assert shown.css_first("#outcome").text() == "Your documents do not agree"
    assert len(sides) == 2
    assert {side.css_first(".date").text() for side in sides} == {"2021-04-12", "2024-05-30"}


def test_an_older_version_is_folded_apart_from_disagreements(rag_over):
    texts = [f"Cancel a trip {hours} hours before departure, at the pier." for hours in (24, 48)]
    dates = ("2023-04-01", "2025-06-01")
    documents = tuple(
        document_of(f"{date}.md", text, {"date": date})
        for date, text in zip(dates, texts, strict=True)
    )
    with create_app(rag_over(documents)).test_client() as client:
        shown = ask(client, "How long before departure must I cancel a trip?")

    figures = shown.css("details.superseded figure")
    assert [figure.css_first(".date").text() for figure in figures] == ["2025-06-01", "2023-04-01"]
    assert not shown.css(".conflicts")


def test_abstention_shows_nearest_passages_and_what_to_do(client, rag):
    shown = ask(client, "What is the moon made of?")

    assert shown.css_first("#answer h2").text() == "The documents do not say"
    assert len(shown.css(".near")) == len(rag.ask("What is the moon made of?").passages) > 0
    assert shown.css(".advice li")
    assert not shown.css(".claim")


def test_dropped_sentences_are_folded_with_reasons(client):
    shown = ask(client, WHEN, mode="generative")

    dropped = shown.css_first("details.dropped")
    assert "It was built in 1204." in dropped.text()
    assert "the quotes do not say this" in dropped.text()
    assert [node.text() for node in dropped.css("s")] == ["built", "1204"]
    assert "open" not in dropped.attributes
    assert all("1204" not in claim.text() for claim in shown.css(".claim"))


def test_answer_says_build_mode_confidence_and_what_was_not_read(client):
    text = ask(client, WHEN).css_first("#answer").text()

    for part in (
        "20260214-101500-a3f9",
        "Quoted sentences",
        "not yet calibrated",
        "2 of 41 files could not be read.",
    ):
        assert part in text


def test_mode_is_offered_only_with_a_generator(client):
    with create_app(pipeline_of({"a.md": "The mill opens."})).test_client() as other:
        assert not page(other.get("/")).css("input[name=mode]")

    assert len(page(client.get("/")).css("input[name=mode]")) == 2


def test_posted_form_answers_like_the_address(client):
    posted = page(client.post("/", data={"q": WHEN}))

    assert [n.text() for n in posted.css(".claim")] == [
        n.text() for n in ask(client, WHEN).css(".claim")
    ]


@pytest.mark.parametrize("question", ["", "   ", "\0"])
def test_blank_question_is_a_sentence_on_the_page(client, question):
    response = client.get("/", query_string={"q": question})

    assert response.status_code == 400
    assert "question is empty" in page(response).css_first("#answer h2").text()


def test_whole_page_weighs_less_than_100_kb(client):
    parts = ["/", "/static/page.css", "/static/page.js", "/static/mark.svg"]

    weight = 0
    for part in parts:
        with client.get(part) as response:
            weight += len(response.data)

    assert 1000 < weight < 100_000


def test_pages_name_no_other_host_and_hold_no_inline_code(client):
    for address in ("/", f"/?q={WHEN}", "/nope"):
        shown = page(client.get(address))
        assert not shown.css("[style], style, [onclick], [onload], script:not([src])")
        for node in shown.css("[src], link[href]"):
            assert (node.attributes.get("src") or node.attributes["href"]).startswith("/static/")


def test_a_false_premise_is_shown_with_what_the_documents_say_instead(client):
    shown = ask(client, "Why does a barge pay 50 crowns at the upper lock?")

    assert "The documents say forty crowns, not 50 crowns." in shown.css_first(".card").text()
    assert shown.css_first(".near .words").text() == "A barge pays forty crowns at the upper lock."


def test_a_part_that_is_not_answered_is_named(client):
    shown = ask(client, "What does a barge and a kayak pay at the upper lock?")

    assert (
        "Not answered: What does a kayak pay at the upper lock?" in shown.css_first(".card").text()
    )
