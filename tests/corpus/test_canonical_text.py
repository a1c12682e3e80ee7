"""The one form of text that all offsets refer to."""

from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rag.corpus.compose import compose, document_id
from rag.corpus.describe import iso_date, pick_title, tidy
from rag.corpus.normalize import clean, code_lines, join_hyphenated, one_line
from rag.corpus.pieces import Code, Content, Heading, Items, PageStart, Paragraph, Row, Table
from rag.corpus.tables import spread, with_headers
from rag.types import BlockKind, Span

TEXT = st.text(max_size=40)
ROW: st.SearchStrategy[Row] = st.lists(TEXT, max_size=4).map(tuple)
PIECES = st.lists(
    st.one_of(
        st.builds(Heading, TEXT, st.integers(0, 6)),
        st.builds(Paragraph, TEXT, st.booleans()),
        st.builds(Items, st.lists(TEXT, max_size=4).map(tuple)),
        st.builds(Code, TEXT),
        st.builds(Table, st.lists(ROW, max_size=4).map(tuple), ROW),
        st.builds(PageStart, st.integers(1, 9)),
    ),
    max_size=10,
)


@given(pieces=PIECES, title=TEXT)
@settings(max_examples=300, deadline=None)
def test_blocks_and_pages_are_in_order_and_hold_all_the_text(pieces, title):
    document = compose(Content(pieces, title), "folder/a.md")

    end = 0
    for block in document.blocks:
        assert not document.text[end : block.span.start].strip("\n")
        assert block.span.of(document.text).strip()
        assert block.kind in BlockKind
        end = block.span.end
    assert end == len(document.text)
    spans = [page.span for page in document.pages if page.span]
    assert spans == sorted(spans)
    assert not any(a.overlaps(b) for a, b in pairwise(spans))
    document.text.encode("utf-8")
    document.title.encode("utf-8")
    assert document.title


@given(text=st.text(max_size=200))
@example("\ufb01\u00ad\u200b\u202e\x00\r\n\u2028\ud800e\u0301\u1e9b\u0323\uff21")
@settings(max_examples=300, deadline=None)
def test_cleaning_clean_text_changes_nothing(text):
    for function in (clean, one_line, code_lines):
        assert function(function(text)) == function(text)


@pytest.mark.parametrize(
    ("raw", "canonical"),
    [
        ("e\u0301t\u00e9", "\u00e9t\u00e9"),
        ("of\ufb01ce and \ufb00", "office and ff"),
        ("co\u00adop\u200berate\ufeff", "cooperate"),
        ("\u202eevil\u2066 text\u2069", "evil text"),
        ("a\x00b\x07c", "abc"),
        ("10\u00a0000\u2009EUR", "10 000 EUR"),
        ("a\r\nb\rc\u2028d", "a\nb\nc\nd"),
        ("x\u00b2 \u00bd", "x\u00b2 \u00bd"),  # raised digits mean something
        ("\U0001d465 \uff21\uff22", "x AB"),
        ("bad \ud800 half", "bad \ufffd half"),
        ("\uf0b7 item \ue000", "\u2022 item "),
    ],
)
def test_each_character_has_one_form(raw, canonical):
    assert clean(raw) == canonical


def test_words_broken_at_a_line_end_are_joined_but_compounds_are_not():
    assert join_hyphenated("the agree-\nment of Baden-\nBaden") == "the agreement of Baden-\nBaden"


def test_code_keeps_its_lines_and_indentation():
    assert code_lines("\n\nif x:\r\n\treturn  1  \n\n") == "if x:\n    return  1"


def test_blocks_carry_the_headings_above_them_outermost_first():
    pieces = [Heading("A", 1), Heading("B", 2), Paragraph("b"), Heading("C", 1), Paragraph("c")]

    blocks = compose(Content(pieces), "a.md").blocks

    assert [block.heading for block in blocks] == [(), ("A",), ("A", "B"), (), ("C",)]


def test_pages_without_text_have_no_span():
    pieces = [PageStart(1), Paragraph("one"), PageStart(2), PageStart(3), Paragraph("three")]

    document = compose(Content(pieces), "a.pdf")

    assert [(page.number, page.span) for page in document.pages] == [
        (1, Span(0, 3)),
        (2, None),
        (3, Span(5, 10)),
    ]


def test_a_sentence_over_two_pages_is_one_block_and_each_half_knows_its_page():
    pieces = [
        PageStart(1),
        Paragraph("The rent is"),
        PageStart(2),
        Paragraph("due on Monday.", continues=True),
    ]

    document = compose(Content(pieces), "a.pdf")

    assert document.text == "The rent is due on Monday."
    assert len(document.blocks) == 1
    assert document.page_at(document.text.index("rent")) == 1
    assert document.page_at(document.text.index("due")) == 2


def test_a_table_row_can_be_understood_alone():
    table = Table((("2023", "5", ""), ("2024", "7", "new\nshop")), ("Year", "Sold:", "Note"))

    document = compose(Content([table]), "a.csv")

    assert document.text == "Year: 2023 | Sold: 5\nYear: 2024 | Sold: 7 | Note: new shop"


def test_a_header_that_no_row_uses_is_not_lost():
    assert compose(Content([Table((("1", ""),), ("A", "B"))]), "a").text == "A | B\nA: 1"


def test_cells_over_several_rows_are_repeated_and_over_columns_are_not():
    rows = [[("North", 1, 2), ("wide", 2, 1)], [("a", 1, 1), ("b", 1, 1)]]

    assert spread(rows) == [("North", "wide", ""), ("North", "a", "b")]


def test_a_cell_at_the_end_of_a_row_reaches_down_too():
    assert spread([[("a", 1, 1), ("b", 1, 3)], [("c", 1, 1)], []])[:2] == [("a", "b"), ("c", "b")]


@pytest.mark.parametrize(
    ("rows", "headers"),
    [
        ([("Year", "Sold"), ("2023", "5")], ("Year", "Sold")),
        ([("", "2022", "2023"), ("Oslo", "1", "2")], ()),
        ([("City", "Mayor", "Since"), ("Oslo", "Ann", "May")], ("City", "Mayor", "Since")),
        ([("Name", "Ann"), ("City", "Oslo")], ()),
        ([("only", "row")], ()),
        ([("a", "a", "a"), ("1", "2", "3")], ()),
    ],
)
def test_a_first_row_is_a_header_only_if_it_looks_like_one(rows, headers):
    assert with_headers(rows).headers == headers


@pytest.mark.parametrize(
    ("stated", "title"),
    [
        ("Lease of 2023", "Lease of 2023"),
        ("Microsoft Word - lease.docx", "First heading"),
        ("untitled", "First heading"),
        ("", "First heading"),
        ("a.pdf", "First heading"),
        ("C:\\docs\\lease.doc", "First heading"),
        ("12345", "First heading"),
    ],
)
def test_a_title_that_no_person_wrote_gives_way_to_the_first_heading(stated, title):
    assert pick_title(stated, "First heading", "a.pdf") == title


def test_without_title_and_heading_the_file_names_the_document():
    assert pick_title("", "", "a.pdf") == "a.pdf"


@pytest.mark.parametrize(
    ("written", "iso"),
    [
        ("D:20240103093826+01'00'", "2024-01-03"),
        ("2024-01-03T09:38:26Z", "2024-01-03"),
        ("Wed, 03 Jan 2024 09:38:26 +0100", "2024-01-03"),
        ("3 January 2024", "2024-01-03"),
        ("03.01.2024", "2024-01-03"),
        ("2024-13-45", ""),
        ("next week", ""),
    ],
)
def test_dates_are_iso_or_left_out(written, iso):
    assert iso_date(written) == iso
    assert tidy({"Date": written}) == ({"date": iso} if iso else {})


def test_the_same_source_has_the_same_provisional_id():
    assert document_id("a/b.txt") == document_id("a/b.txt") != document_id("a/c.txt")
    assert len(document_id("a/b.txt")) == 16
