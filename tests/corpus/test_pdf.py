"""PDF: paragraphs, headings, tables and pages from geometry."""

import pytest

from rag.reports import FileStatus


def blocks(document):
    return [(block.kind.value, block.span.of(document.text)) for block in document.blocks]


def lines(*texts, top=700, size=10, left=72):
    return [(left, top - 12 * row, size, text) for row, text in enumerate(texts)]


def test_lines_become_paragraphs_and_large_type_becomes_headings(read, make_pdf):
    page = [
        (72, 780, 18, "Lease of the flat"),
        *lines("The tenant pays the rent on the first day", "of each month to the landlord."),
        *lines("The landlord keeps the heating working", "all the year round.", top=650),
    ]

    (document,), report = read("a.pdf", make_pdf(page))

    assert blocks(document) == [
        ("heading", "Lease of the flat"),
        (
            "paragraph",
            "The tenant pays the rent on the first day of each month to the landlord.",
        ),
        ("paragraph", "The landlord keeps the heating working all the year round."),
    ]
    assert document.title == "Lease of the flat"
    assert report.pages == 1


def test_a_bold_line_of_its_own_is_a_heading(read, make_pdf):
    page = lines("Rent", "The rent is due on the first day of each month.")

    (document,), _ = read("a.pdf", make_pdf(page, bold=("Rent",)))

    assert [kind for kind, _ in blocks(document)] == ["heading", "paragraph"]


def test_hyphenated_words_are_joined(read, make_pdf):
    page = lines("All of this is written in the agree-", "ment between the two parties of it.")

    (document,), _ = read("a.pdf", make_pdf(page))

    assert "the agreement between" in document.text


def test_list_items_are_lines(read, make_pdf):
    page = lines("1. The keys of the house", "2. The key of the letter box", "and of the cellar")

    (document,), _ = read("a.pdf", make_pdf(page))

    assert blocks(document) == [
        (
            "list",
            "1. The keys of the house\n2. The key of the letter box and of the cellar",
        )
    ]


def test_rows_with_gaps_are_a_table(read, make_pdf):
    page = []
    for row, cells in enumerate([("Year", "Sold", "Left"), ("2023", "5", "2"), ("2024", "7", "1")]):
        page += [(72 + 120 * column, 700 - 14 * row, 10, c) for column, c in enumerate(cells)]

    (document,), report = read("a.pdf", make_pdf(page))

    assert blocks(document) == [
        ("table", "Year: 2023 | Sold: 5 | Left: 2\nYear: 2024 | Sold: 7 | Left: 1")
    ]
    assert report.tables == 1


def test_running_heads_and_page_numbers_are_dropped(read, make_pdf):
    names = ["alpha", "beta", "gamma", "delta"]
    pages = [
        [
            (72, 800, 9, "House rules of 2023"),
            (72, 700, 10, f"Page of {name}."),
            (72, 650, 10, f"It says {name} again."),
            (72, 600, 10, f"More on {name}."),
            (72, 30, 9, f"Page {number} of 4"),
        ]
        for number, name in enumerate(names, start=1)
    ]

    (document,), _ = read("a.pdf", make_pdf(*pages))

    assert "House rules" not in document.text
    assert "of 4" not in document.text
    assert all(f"It says {name} again." in document.text for name in names)


def test_a_sentence_goes_on_over_the_page_break(read, make_pdf):
    first = [(72, 100, 10, "The deposit is paid back")]
    second = [(72, 700, 10, "within thirty days of the end.")]

    (document,), _ = read("a.pdf", make_pdf(first, second))

    assert document.text == "The deposit is paid back within thirty days of the end."
    assert document.page_at(0) == 1
    assert document.page_at(document.text.index("within")) == 2


def test_metadata_and_pages_without_text_are_reported(read, make_pdf):
    info = b"<< /Title (Big Lease) /Author (Ann) /ModDate (D:20240203000000Z) >>"

    (document,), report = read("a.pdf", make_pdf([(72, 700, 10, "Text.")], [], info=info))

    assert document.title == "Big Lease"
    assert document.metadata == {"author": "Ann", "date": "2024-02-03"}
    assert report.pages_without_text == (2,)
    assert report.status is FileStatus.ACCEPTED  # an empty page is no picture


def scan(make_pdf):
    """Return a PDF whose one page draws a shape and holds no text."""
    whole = make_pdf([(72, 700, 10, "xxxxxxxxxx")])
    stream = b"BT /F1 10 Tf 72 700 Td (xxxxxxxxxx) Tj ET"
    return whole.replace(stream, b"72 700 100 50 re f".ljust(len(stream)))


def test_a_scan_is_refused_with_the_command_that_helps(read, make_pdf):
    documents, report = read("a.pdf", scan(make_pdf), ocr=False)

    assert not documents
    assert report.status is FileStatus.REJECTED
    assert "is a scan without text (1 page)" in report.reason


def test_a_password_is_named_as_the_reason(read, make_pdf):
    key = "00" * 32
    encrypt = f"/Encrypt << /Filter /Standard /V 1 /R 2 /O <{key}> /U <{key}> /P -4 >> "
    encrypt += "/ID [<00> <00>]"

    documents, report = read("a.pdf", make_pdf([(72, 700, 10, "x")], extra=encrypt))

    assert not documents
    assert "protected by a password" in report.reason


@pytest.mark.parametrize("keep", [20, 300])
def test_a_truncated_pdf_is_refused(read, make_pdf, keep):
    documents, report = read("a.pdf", make_pdf([(72, 700, 10, "x")])[:keep])

    assert not documents
    assert "damaged or incomplete" in report.reason
