from dataclasses import replace

import pytest
from selectolax.lexbor import LexborHTMLParser as Page

from rag.types import BlockKind, Span
from web import create_app
from web.reading import WINDOW, parts_of, window_of

QUOTES = (
    "forty crowns",
    "Fee: 40 crowns\nCraft: Skiff | Fee",
    "house.\n- Keep the",
    "receipt for ninety days.\n\nif barge:",
    "    fee = 40",
    "keeper 🛶 posts",
    "door.\nAsk",
)


def source(client, document, start, end, **query):
    response = client.get(
        f"/source/{document.id}",
        query_string={"revision": document.revision, "start": start, "end": end, **query},
    )
    assert response.status_code == 200
    return Page(response.get_data(as_text=True))


def text_of(shown):
    for label in shown.css(".text .page"):
        label.decompose()
    return shown.css_first(".text").text()


def marked(shown):
    for label in shown.css(".text .page"):
        label.decompose()
    return "".join(node.text() for node in shown.css(".text mark"))


@pytest.mark.parametrize("quote", QUOTES)
def test_exactly_the_quoted_characters_are_marked(client, tariff, quote):
    start = tariff.text.index(quote)

    shown = source(client, tariff, start, start + len(quote))

    assert marked(shown) == quote
    assert len(shown.css("#quote")) == 1
    assert text_of(shown) == tariff.text


def test_every_span_of_a_document_is_marked_exactly(tariff):
    window = Span(0, len(tariff.text))
    for start in range(0, len(tariff.text), 7):
        for end in range(start + 1, len(tariff.text) + 1, 11):
            parts = parts_of(tariff, window, Span(start, end))
            pieces = [p for part in parts for line in part.lines for c in line.cells for p in c]

            assert "".join(p.text for p in pieces) == tariff.text
            assert "".join(p.text for p in pieces if p.marked) == tariff.text[start:end]
            assert sum(p.first for p in pieces) == 1


def test_right_to_left_quote_is_marked_exactly(client, rag):
    document = rag.snapshot.documents[2]

    shown = source(client, document, 8, 20)

    assert marked(shown) == document.text[8:20]
    assert shown.css_first(".text p").attributes["dir"] == "auto"


def test_blocks_become_the_elements_they_are(client, tariff):
    shown = source(client, tariff, 0, 4)

    assert shown.css_first(".text h2").text().strip().endswith("Lock tariffs")
    assert len(shown.css(".text ul.table li")) == 2
    assert shown.css_first(".text ul.list li").text().startswith("- ")
    assert shown.css_first(".text pre code").text() == "if barge:\n    fee = 40\n\n"


def test_pages_are_labelled_and_pages_without_text_are_named(client, tariff):
    start = tariff.text.index("Keep")

    shown = source(client, tariff, start, start + 4)

    assert [node.text() for node in shown.css(".text .page")] == ["page 1", "page 3"]
    facts = shown.css_first("#source dl").text()
    assert "Quoted page3" in facts.replace("\n", "")
    assert "Pages without text2" in facts.replace("\n", "")
    assert "2024-02-01" in facts


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"start": "5", "end": "5"}, "which characters"),
        ({"start": "9", "end": "2"}, "which characters"),
        ({"start": "-1", "end": "4"}, "which characters"),
        ({"start": "x", "end": "4"}, "which characters"),
        ({"start": "٣", "end": "٤"}, "which characters"),
        ({"start": "1" * 5000, "end": "4"}, "which characters"),
        ({"start": "1", "end": "999999"}, "beyond the end"),
        ({"start": "1", "end": "4", "revision": "0" * 64}, "has changed"),
        ({"start": "1", "end": "4", "revision": ""}, "which revision"),
    ],
)
def test_span_that_does_not_fit_is_said_and_not_marked(client, tariff, query, sentence):
    query = {"revision": tariff.revision, **query}

    response = client.get(f"/source/{tariff.id}", query_string=query)
    shown = Page(response.text)

    assert response.status_code == 200
    assert sentence in shown.css_first(".notice").text()
    assert not shown.css(".text mark")
    assert text_of(shown) == tariff.text


@pytest.mark.parametrize("id_", ["nope", "..", "%2e%2e%2fetc", "a'b--", "\u202e"])
def test_unknown_document_is_a_404_page_with_a_sentence(client, id_):
    response = client.get(f"/source/{id_}?start=0&end=4")

    assert response.status_code == 404
    assert Page(response.text).css_first("#answer h2").text().endswith(".")


def test_quotes_before_and_after_are_linked_and_lead_back(client, tariff):
    first, second = (0, 4), (10, 20)
    trail = [f"{a}-{b}-{tariff.revision[:12]}-{tariff.id}" for a, b in (first, second)]
    query = {"revision": tariff.revision[:12], "c": trail, "q": "Why?"}

    shown = source(client, tariff, *first, **query)
    following = shown.css_first("a[rel=next]").attributes["href"]
    after = Page(client.get(following).text)

    assert not shown.css("a[rel=prev]")
    assert marked(after) == tariff.text[10:20]
    assert marked(Page(client.get(after.css_first("a[rel=prev]").attributes["href"]).text))
    assert shown.css_first(".back").attributes["href"].startswith("/?q=Why")


def test_malformed_trail_is_ignored(client, tariff):
    shown = source(client, tariff, 0, 4, c=["", "1-2", "a-b-c-d", "-" * 2000, "5-1-abc-x"])

    assert not shown.css("a[rel=next], a[rel=prev]")


def test_long_document_is_shown_a_window_at_a_time(rag_over, laid_out, blocks):
    long = laid_out("long", (*blocks[:3], (BlockKind.HEADING, "word and word.\n" * 20_000)))
    far = long.text.rindex("and")
    with create_app(rag_over((long,))).test_client() as client:
        shown = source(client, long, far, far + 3)
        start = source(client, long, 0, 4)

        assert marked(shown) == "and"
        assert len(text_of(shown)) <= WINDOW
        assert not shown.css(".more a[href*='from=300']")
        later = start.css_first(".more a").attributes["href"]
        following = Page(client.get(later).text)

    assert long.text.startswith(text_of(start) + text_of(following))


def test_quote_longer_than_the_window_is_shown_whole(tariff):
    long = replace(tariff, text="x" * 3 * WINDOW, blocks=(), pages=())
    mark = Span(10, 2 * WINDOW)

    window = window_of(long, mark)
    pieces = parts_of(long, window, mark)[0].lines[0].cells[0]

    assert [p.text for p in pieces if p.marked] == [mark.of(long.text)]


def test_document_without_text_says_so(rag_over, tariff):
    empty = replace(tariff, text="", blocks=(), pages=())
    with create_app(rag_over((empty,))).test_client() as client:
        # Known to the index, though no chunk of it can be found.
        assert "no text that could be read" in client.get(f"/source/{empty.id}").text
