"""The button that saves what an answer rests on, and the same for programs."""

import json

from selectolax.lexbor import LexborHTMLParser as Page

from rag.custody.receipt import quotes_of
from rag.custody.seal import unsealed

WHEN = "When does the water mill open on weekdays?"
KIND = "quotewell receipt"


def test_the_button_below_an_answer_saves_its_receipt_without_javascript(client, rag):
    form = Page(client.get("/", query_string={"q": WHEN}).text).css_first("form.receipt")
    fields = {node.attributes["name"]: node.attributes["value"] for node in form.css("input")}

    assert form.attributes["method"] == "get"  # a browser sends no origin along that is checked
    saved = client.get(form.attributes["action"], query_string=fields)

    receipt = unsealed(saved.data, KIND, "the file")
    name = f"receipt-{receipt['sha256'][:12]}.json"
    assert saved.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    assert saved.mimetype == "application/json"
    assert receipt["question"] == WHEN
    assert receipt["text"] == rag.ask(WHEN).text
    assert {one.quote for one in quotes_of(receipt)} >= {
        citation.quote for citation in rag.ask(WHEN).citations
    }


def test_an_empty_page_has_nothing_to_save(client):
    assert Page(client.get("/").text).css_first("form.receipt") is None


def test_a_program_gets_the_receipt_of_the_answer_it_would_get(client):
    body = {"question": WHEN, "filter": {"documents": ["mill/notice.md"]}}

    receipt = client.post("/api/receipt", json=body)
    answer = client.post("/api/ask", json=body).json

    kept = unsealed(receipt.data, KIND, "the reply")
    assert kept["claims"] == answer["claims"]
    assert kept["build"] == answer["build"]
    assert kept["text"] == answer["text"]


def test_a_request_for_a_receipt_is_read_as_strictly_as_a_question(client):
    assert client.get("/receipt", query_string={"q": " "}).status_code == 400
    assert client.get("/receipt", query_string={"q": WHEN, "mode": "odd"}).status_code == 422
    assert client.post("/api/receipt", json={"question": WHEN, "odd": 1}).status_code == 422
    assert client.post("/api/receipt", data=json.dumps({"question": WHEN})).status_code == 415
    assert client.post("/receipt", data={"q": WHEN}).status_code == 405
