"""Formats that are text: plain, Markdown, HTML, CSV, JSON, mail, RTF, RST."""

import json

import pytest

from rag.reports import FileStatus
from rag.types import BlockKind


def blocks(document):
    return [(block.kind.value, block.span.of(document.text)) for block in document.blocks]


def test_hard_wrapped_lines_become_one_paragraph_and_short_lines_stay(read):
    data = (
        b"Terms of the lease\n==================\n\n"
        b"The tenant pays the rent on the first day of the\n"
        b"month, by bank transfer to the account of the land-\nlord.\n\n"
        b"Name: Ann\nCity: Oslo\n\n- keys\n  and locks\n- heating\n"
    )

    (document,), _ = read("a.txt", data)

    assert blocks(document) == [
        ("heading", "Terms of the lease"),
        (
            "paragraph",
            "The tenant pays the rent on the first day of the month, by bank transfer to the "
            "account of the landlord.",
        ),
        ("list", "Name: Ann\nCity: Oslo"),
        ("list", "- keys and locks\n- heating"),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_text_is_decoded_whatever_its_encoding(text_of, encoding):
    sentence = "Die K\u00fcndigung muss sp\u00e4testens drei Monate vorher \u00fcbergeben werden."

    assert text_of("a.txt", sentence.encode(encoding)) == sentence


def test_programs_and_logs_keep_their_lines(read):
    (document,), _ = read("a.py", b"def f():\n    return 1\n")

    assert blocks(document) == [("code", "def f():\n    return 1")]


def test_markdown_keeps_structure_and_front_matter(read):
    data = (
        b"---\ntitle: House rules\nauthor: 'Ann Li'\nlastmod: 2024-02-03\n"
        b"tags: [quiet, pets]\n---\n"
        b"# Rules\n\nNo *noise* after\n[22:00](x).\n\n1. one\n2. two\n   - deep\n\n"
        b"```py\nx = 1\n```\n\n| Pet | Fee |\n|---|---|\n| Cat | 5 |\n\n## Pets\n\nAsk.\n"
    )

    (document,), report = read("a.md", data)

    assert blocks(document) == [
        ("heading", "Rules"),
        ("paragraph", "No noise after 22:00."),
        ("list", "1. one\n2. two\n- deep"),
        ("code", "x = 1"),
        ("table", "Pet: Cat | Fee: 5"),
        ("heading", "Pets"),
        ("paragraph", "Ask."),
    ]
    assert document.title == "House rules"
    assert document.metadata == {
        "author": "Ann Li",
        "date": "2024-02-03",
        "keywords": "quiet, pets",
    }
    assert document.blocks[-1].heading == ("House rules", "Rules", "Pets")
    assert report.tables == 1


def test_toml_front_matter_is_read_too(read):
    (document,), _ = read("a.md", b'+++\ntitle = "T"\ndate = 2024-02-03\n+++\nText.\n')

    assert (document.title, document.metadata["date"]) == ("T", "2024-02-03")
    assert document.text == "Text."


def test_html_drops_what_a_reader_does_not_see(read):
    data = b"""<!doctype html><html lang="en"><head><title>Shop</title>
      <meta name="author" content="Ann"><style>p{}</style><script>let x</script></head><body>
      <nav>Home | About</nav><main><h1>Opening</h1><p>We open
      at <b>nine</b>.<span hidden>secret</span></p><p style="display: none">gone</p>
      <img alt="Map of the shop"><template>t</template></main><footer>Imprint</footer>"""

    (document,), _ = read("a.html", data)

    assert document.text == "Opening\n\nWe open at nine.\n\nMap of the shop"
    assert document.title == "Shop"
    assert document.metadata == {"author": "Ann", "language": "en"}


def test_html_without_main_keeps_its_navigation(text_of):
    assert text_of("a.html", b"<html><nav>Home</nav><p>Text</p>") == "Home\n\nText"


def test_html_tables_lists_and_terms(read):
    data = b"""<html><table><caption>Fees</caption>
      <tr><th rowspan=2>Kind<th colspan=2>Fee</tr><tr><th>2023<th>2024</tr>
      <tr><td rowspan=2>Adult<td>5<td>6</tr><tr><td>7<td></tr></table>
      <ol start=3><li><p>three</p><li>four<ul><li>deep</ul></ol>
      <dl><dt>Rent<dd>Monthly pay</dl><pre>a\n  b</pre>"""

    (document,), _ = read("a.html", data)

    assert blocks(document) == [
        ("paragraph", "Fees"),
        (
            "table",
            "Kind: Adult | Fee / 2023: 5 | Fee / 2024: 6\nKind: Adult | Fee / 2023: 7",
        ),
        ("list", "3. three\n4. four\n- deep"),
        ("list", "Rent: Monthly pay"),
        ("code", "a\n  b"),
    ]


def test_html_nested_ten_thousand_deep_is_read(text_of):
    assert text_of("a.html", b"<html>" + b"<div>" * 10_000 + b"bottom") == "bottom"


def test_html_says_its_encoding(text_of):
    data = "<html><meta charset='windows-1251'><p>\u0414\u043e\u0433\u043e\u0432\u043e\u0440"

    assert text_of("a.html", data.encode("cp1251")) == "\u0414\u043e\u0433\u043e\u0432\u043e\u0440"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_csv_delimiters_are_found(text_of, delimiter):
    rows = [["Name", "City", "Age"], ["Ann", "Oslo", "41"], ["Bo", "Bonn", "7"]]
    data = "\n".join(delimiter.join(row) for row in rows).encode()

    text = text_of("a.csv", data)

    assert text == "Name: Ann | City: Oslo | Age: 41\nName: Bo | City: Bonn | Age: 7"


def test_ragged_and_quoted_csv_rows_are_kept(text_of):
    text = text_of("a.csv", b'Name,Note\nAnn,"tall, ""very"""\nBo,x,extra\nCy\n')

    assert text == 'Name: Ann | Note: tall, "very"\nName: Bo | Note: x | extra\nName: Cy'


def test_json_lines_become_a_document_each(read):
    lines = [
        {"_id": "d1", "title": "Rent", "text": "Due monthly.", "year": 2023, "tags": ["x"]},
        {"id": 7, "name": "Keys", "body": "Two keys.\n\nOne lock.", "created": "2024-05-06"},
        {"text": "No id."},
        {"_id": "d1", "text": "Same id."},
        {"_id": "bad\ud800", "text": "Half \ud83d pair."},
    ]
    data = "\n".join(map(json.dumps, lines)).encode()

    documents, report = read("f/a.jsonl", data)

    names = ["d1", "7", "3", "4", "bad\ufffd"]
    assert [document.source for document in documents] == [f"f/a.jsonl#{name}" for name in names]
    assert [document.title for document in documents[:2]] == ["Rent", "Keys"]
    assert documents[0].metadata == {"year": "2023"}
    assert documents[1].metadata == {"date": "2024-05-06"}
    assert documents[1].text == "Two keys.\n\nOne lock."
    assert report.documents == 5
    assert len({document.id for document in documents}) == 5


def test_records_whose_ids_look_like_line_numbers_stay_apart(read):
    data = b'{"id": "2", "text": "one"}\n{"text": "two"}\n{"id": "2", "text": "three"}\n'

    documents, _ = read("a.jsonl", data)

    assert [document.source for document in documents] == ["a.jsonl#2", "a.jsonl#2~", "a.jsonl#3"]


def test_broken_json_lines_are_counted_and_the_rest_is_read(read):
    documents, report = read("a.jsonl", b'{"text": "one"}\n{oops\n{"text": "two"}\n')

    assert len(documents) == 2
    assert report.status is FileStatus.PARTIAL
    assert "1 line of no valid JSON, the first is 2" in report.reason


def test_other_json_becomes_paths(text_of):
    data = json.dumps({"port": 80, "hosts": [{"name": "a"}, {"name": "b"}], "on": True}).encode()

    assert text_of("a.json", data) == ("port: 80\nhosts[1].name: a\nhosts[2].name: b\non: true")


def test_invalid_json_is_refused_with_its_line(read):
    documents, report = read("a.json", b'{"a": 1,\n "b" 2}')

    assert not documents
    assert "line 2" in report.reason


def test_deep_json_is_refused_not_crashed_on(read):
    _, report = read("a.json", b"[" * 100_000)

    assert report.status is FileStatus.REJECTED


def test_mail_has_headers_body_and_names_of_attachments(read):
    data = (
        b"From: Ann <ann@example.org>\r\nTo: bo@example.org\r\nSubject: =?utf-8?q?Caf=C3=A9?=\r\n"
        b"Date: Wed, 03 Jan 2024 09:00:00 +0000\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n'
        b"Content-Type: text/html; charset=utf-8\r\n\r\n<p>See you <b>there</b>.</p>\r\n--b\r\n"
        b"Content-Type: application/pdf\r\n"
        b'Content-Disposition: attachment; filename="menu.pdf"\r\n\r\nxx\r\n--b--\r\n'
    )

    (document,), report = read("a.eml", data)

    assert "\nSubject: Caf\u00e9\n" in document.text
    assert document.text.startswith("From: Ann <ann@example.org>\nTo: bo@example.org")
    assert document.text.endswith("See you there.\n\nAttachments: menu.pdf")
    assert document.title == "Caf\u00e9"
    assert document.metadata["date"] == "2024-01-03"
    assert report.status is FileStatus.PARTIAL
    assert "1 attachment not read" in report.reason


def test_rtf_is_read_by_its_content_whatever_its_name(read):
    data = rb"{\rtf1\ansi {\b Rent} is due.\par It is \u8364?450 caf\'e9.\par}"

    (document,), report = read("a.doc", data)

    assert document.text == "Rent is due.\n\nIt is \u20ac450 caf\u00e9."
    assert report.format == "rtf"


def test_rst_keeps_structure_and_what_sphinx_adds(read):
    data = (
        b"Guide\n=====\n\nSome *text*\nhere.\n\n.. versionadded:: 1.2\n   The flag.\n\n"
        b".. code-block:: python\n\n   x = 1\n\n.. include:: /etc/passwd\n\n"
        b"Part\n----\n\n* a\n* b\n"
    )

    (document,), _ = read("a.rst", data)

    assert blocks(document) == [
        ("heading", "Guide"),
        ("paragraph", "Some text here."),
        ("paragraph", "1.2 The flag."),
        ("code", "x = 1"),
        ("heading", "Part"),
        ("list", "- a\n- b"),
    ]
    assert document.blocks[-1].kind is BlockKind.LIST
    assert document.blocks[-1].heading == ("Guide", "Part")
    assert document.title == "Guide"


def test_a_stated_title_stands_above_every_block_unless_the_text_opens_with_it(read):
    (stated,), _ = read("a.md", b"---\ntitle: Lock tariffs\n---\n\nA barge pays forty crowns.")
    (opening,), _ = read(
        "b.md", b"---\ntitle: Lock tariffs\n---\n\n# Lock tariffs\n\nForty crowns."
    )

    assert stated.blocks[0].heading == ("Lock tariffs",)
    assert [block.heading for block in opening.blocks] == [(), ("Lock tariffs",)]


def test_data_and_rtf_and_rst_and_text_state_their_titles_and_dates(read):
    (data,), _ = read("a.json", b'{"title": "Parts", "date": "2026-02-16", "parts": [1, 2]}')
    (rtf,), _ = read(
        "b.rtf", rb"{\rtf1{\info{\title Bicycles}{\creatim\yr2022\mo5\dy9}}\pard Free.\par}"
    )
    (rst,), _ = read("c.rst", b"Work alone\n==========\n\n:Date: 2023-10-16\n\nCall in.")
    (text,), _ = read("d.txt", b"Weather limits\n\nStay in the berth.")

    assert (data.title, data.metadata["date"]) == ("Parts", "2026-02-16")
    assert (rtf.title, rtf.metadata["date"]) == ("Bicycles", "2022-05-09")
    assert (rst.title, rst.metadata["date"]) == ("Work alone", "2023-10-16")
    assert text.title == "Weather limits"


def test_a_power_keeps_its_mark_and_a_footnote_mark_stays_plain(text_of):
    text = text_of(
        "a.md", b"A u8 holds 2<sup>8</sup> &minus; 1 values.<sup>[5]</sup> H<sub>2</sub>O."
    )

    assert "2^8" in text
    assert "H_2O" in text
    assert "^[5]" not in text


def test_a_drawing_is_rejected_with_a_reason(read):
    documents, report = read("a.svg", b'<?xml version="1.0"?><svg><path d="M1 2"/></svg>')

    assert documents == []
    assert "drawing" in report.reason


def test_records_inside_a_data_file_are_rows_that_are_understood_alone(text_of):
    data = (
        '{"parts": [{"number": "V-1", "stock": 3, "fits": ["A", "B"]},'
        ' {"number": "V-2", "stock": 0}]}'
    )

    assert text_of("a.json", data.encode()).split("\n") == [
        "number: V-1 | stock: 3 | fits: A, B",
        "number: V-2 | stock: 0",
    ]
