"""Formats in zip archives: DOCX, PPTX, XLSX, ODT, EPUB."""

import io
import zipfile
from datetime import datetime

import docx
import openpyxl
import pptx
import pytest
from docx.oxml import parse_xml
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

from rag.reports import FileStatus

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
M = 'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'


def saved(document):
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def zip_of(members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def blocks(document):
    return [(block.kind.value, block.span.of(document.text)) for block in document.blocks]


def test_docx_body_comes_in_order_with_lists_and_tables(read):
    word = docx.Document()
    word.core_properties.title = "Lease"
    word.core_properties.author = "Ann Li"
    word.core_properties.modified = datetime(2024, 2, 3)
    word.add_heading("Rent", level=1)
    word.add_paragraph("Due monthly.")
    word.add_paragraph("keys", style="List Bullet")
    word.add_paragraph("locks", style="List Bullet")
    word.add_paragraph("first", style="List Number")
    word.add_paragraph("second", style="List Number")
    table = word.add_table(rows=3, cols=3)
    for row, cells in enumerate([("Room", "Floor", "Rent"), ("A", "1", "400"), ("", "2", "500")]):
        for column, text in enumerate(cells):
            table.cell(row, column).text = text
    table.cell(1, 0).merge(table.cell(2, 0))
    word.sections[0].header.paragraphs[0].text = "Page head"
    word.add_paragraph("After.")

    (document,), _ = read("a.docx", saved(word))

    assert blocks(document) == [
        ("heading", "Rent"),
        ("paragraph", "Due monthly."),
        ("list", "- keys\n- locks\n1. first\n2. second"),
        ("table", "Room: A | Floor: 1 | Rent: 400\nRoom: A | Floor: 2 | Rent: 500"),
        ("paragraph", "After."),
        ("paragraph", "Page head"),
    ]
    assert document.title == "Lease"
    assert document.metadata["author"] == "Ann Li"
    assert document.metadata["date"] == "2024-02-03"


def test_docx_insertions_are_read_deletions_are_not_and_equations_are_text(text_of):
    word = docx.Document()
    word.element.body.insert(
        0,
        parse_xml(
            f"<w:p {W} {M}><w:r><w:t xml:space='preserve'>The fee is </w:t></w:r>"
            "<w:del><w:r><w:delText>5</w:delText></w:r></w:del>"
            "<w:ins><w:r><w:t xml:space='preserve'>6 </w:t></w:r></w:ins>"
            "<m:oMath><m:f><m:num><m:r><m:t>a</m:t></m:r></m:num>"
            "<m:den><m:r><m:t>b</m:t></m:r></m:den></m:f></m:oMath></w:p>"
        ),
    )

    assert text_of("a.docx", saved(word)) == "The fee is 6 (a)/(b)"


def test_docx_comments_name_their_author(text_of):
    word = docx.Document()
    paragraph = word.add_paragraph("Due monthly.")
    word.add_comment(paragraph.runs, text="Or weekly?", author="Bo")

    text = text_of("a.docx", saved(word))

    assert "Comment by Bo at " in text
    assert text.endswith(": Or weekly?")


def test_pptx_slides_are_pages_with_titles_tables_notes_and_charts(read):
    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[1])
    slide.shapes.title.text = "Plan"
    slide.placeholders[1].text = "first\nsecond"
    slide.notes_slide.notes_text_frame.text = "Say hello."
    deck.slides.add_slide(deck.slide_layouts[6])
    slide = deck.slides.add_slide(deck.slide_layouts[6])
    table = slide.shapes.add_table(2, 3, Inches(1), Inches(1), Inches(4), Inches(1)).table
    for column, (head, cell) in enumerate([("Year", "2023"), ("Sold", "5"), ("Left", "2")]):
        table.cell(0, column).text, table.cell(1, column).text = head, cell
    data = CategoryChartData()
    data.categories = ["Q1", "Q2"]
    data.add_series("Sales", (10, 20))
    slide.shapes.add_chart(
        XL_CHART_TYPE.COLUMN_CLUSTERED, Inches(1), Inches(3), Inches(4), Inches(3), data
    )

    (document,), report = read("a.pptx", saved(deck))

    assert blocks(document) == [
        ("heading", "Plan"),
        ("list", "- first\n- second"),
        ("paragraph", "Notes: Say hello."),
        ("table", "Year: 2023 | Sold: 5 | Left: 2"),
        ("table", "Q1 | Sales: 10\nQ2 | Sales: 20"),
    ]
    assert report.pages == 3
    assert report.pages_without_text == (2,)
    assert document.page_at(document.text.index("Year")) == 3


def test_xlsx_sheets_hold_several_tables_with_titles(read):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Costs"
    rows = [
        ["Costs of 2023"],
        ["Item", "Price", "Bought"],
        ["Desk", 250.0, datetime(2023, 4, 5)],
        ["Lamp", 19.5, None],
        [],
        ["City", "People"],
        ["Oslo", 700000],
    ]
    for row in rows:
        sheet.append(row)
    hidden = book.create_sheet("Secret")
    hidden.append(["hush"])
    hidden.sheet_state = "hidden"
    book.create_sheet("Empty")

    (document,), report = read("a.xlsx", saved(book))

    assert blocks(document) == [
        ("heading", "Costs"),
        ("paragraph", "Costs of 2023"),
        ("table", "Item: Desk | Price: 250 | Bought: 2023-04-05\nItem: Lamp | Price: 19.5"),
        ("table", "City: Oslo | People: 700000"),
    ]
    assert report.pages_without_text == (2,)
    assert report.status is FileStatus.PARTIAL
    assert "1 hidden sheet not read" in report.reason


def test_xlsx_tables_side_by_side_are_parted_but_labels_stay_with_their_values(text_of):
    book = openpyxl.Workbook()
    for row in [
        ["Year", "Sold", None, "City", "People"],
        [2023, 5, None, "Oslo", 700],
        [],
        ["Voltage", None, "kV", 130],
        ["Frequency", None, "Hz", 50],
    ]:
        book.active.append(row)

    text = text_of("a.xlsx", saved(book))

    assert "Year: 2023 | Sold: 5\n\nCity: Oslo | People: 700" in text
    assert "Voltage | kV | 130\nFrequency | Hz | 50" in text


def test_odt_headings_lists_tables_and_notes(read):
    office = "urn:oasis:names:tc:opendocument:xmlns"
    content = f"""<o:document-content xmlns:o="{office}:office:1.0" xmlns:t="{office}:text:1.0"
      xmlns:b="{office}:table:1.0"><o:body><o:text><t:h t:outline-level="1">Rent</t:h>
      <t:p>Due<t:s/>monthly<t:note><t:note-body><t:p>Not weekly.</t:p></t:note-body></t:note>.</t:p>
      <t:tracked-changes><t:p>deleted</t:p></t:tracked-changes>
      <t:list><t:list-item><t:p>keys</t:p></t:list-item></t:list>
      <b:table><b:table-row><b:table-cell><t:p>Year</t:p></b:table-cell><b:table-cell>
      <t:p>Sold</t:p></b:table-cell></b:table-row><b:table-row><b:table-cell><t:p>2023</t:p>
      </b:table-cell><b:table-cell><t:p>5</t:p></b:table-cell></b:table-row></b:table>
      </o:text></o:body></o:document-content>"""
    mime = "application/vnd.oasis.opendocument.text"

    (document,), _ = read("a.odt", zip_of({"mimetype": mime, "content.xml": content}))

    assert blocks(document) == [
        ("heading", "Rent"),
        ("paragraph", "Due monthly."),
        ("paragraph", "Note: Not weekly."),
        ("list", "- keys"),
        ("table", "Year: 2023 | Sold: 5"),
    ]


def test_epub_chapters_follow_the_spine(read):
    container = '<c><rootfiles><rootfile full-path="OPS/p.opf"/></rootfiles></c>'
    package = """<package xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata>
      <dc:title>Book</dc:title><dc:creator>Ann</dc:creator></metadata><manifest>
      <item id="a" href="ch%201.xhtml"/><item id="b" href="two.xhtml"/><item id="c" href="no"/>
      <item id="n" href="nav.xhtml" properties="nav"/></manifest><spine><itemref idref="n"/>
      <itemref idref="b"/><itemref idref="a"/><itemref idref="c"/></spine></package>"""
    data = zip_of(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": container,
            "OPS/p.opf": package,
            "OPS/ch 1.xhtml": "<html><body><h1>One</h1><p>first</p></body></html>",
            "OPS/two.xhtml": "<html><body><h1>Two</h1></body></html>",
            "OPS/nav.xhtml": "<html><body>Contents</body></html>",
        }
    )

    (document,), report = read("a.epub", data)

    assert document.text == "Two\n\nOne\n\nfirst"
    assert document.title == "Book"
    assert "lacks its chapter no" in report.reason


def test_a_file_is_read_as_what_it_is_not_as_its_name_says(read):
    word = docx.Document()
    word.add_paragraph("Hello.")

    (document,), report = read("a.pdf", saved(word))

    assert (document.text, report.format) == ("Hello.", "docx")


@pytest.mark.parametrize(
    ("name", "stream", "advice"),
    [
        ("a.doc", "WordDocument", "save it as .docx"),
        ("a.ppt", "PowerPoint Document", "save it as .pptx"),
        ("a.docx", "EncryptedPackage", "protected by a password"),
    ],
)
def test_old_and_encrypted_office_files_say_what_to_do(read, name, stream, advice):
    data = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500) + stream.encode("utf-16-le")

    documents, report = read(name, data)

    assert not documents
    assert advice in report.reason


def test_a_plain_archive_is_refused_with_advice(read):
    _, report = read("a.zip", zip_of({"a.txt": "x"}))

    assert "unpack it" in report.reason
