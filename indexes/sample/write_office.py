"""Word, Excel and PowerPoint files, the same bytes on every run."""

import re
import zipfile
from datetime import date, datetime, time
from io import BytesIO
from pathlib import Path
from typing import Any

import docx
import openpyxl
import pptx
from docx.shared import Pt
from openpyxl.styles import Font
from openpyxl.worksheet.worksheet import Worksheet
from pptx.slide import Slide
from pptx.util import Inches

from indexes.sample.outline import Kind, Outline, Part

_LIST_STYLES = {Kind.BULLETS: "List Bullet", Kind.STEPS: "List Number"}
_MODIFIED = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*")


def write_docx(outline: Outline, path: Path) -> None:
    """Write a Word document with real heading styles, lists and tables."""
    document = docx.Document()
    _describe(document.core_properties, outline)
    document.add_heading(outline.title, level=0)
    for part in outline.parts:
        match part.kind:
            case Kind.HEADING:
                document.add_heading(part.text, level=part.level - 1)
            case Kind.BULLETS | Kind.STEPS:
                for line in part.lines:
                    document.add_paragraph(line, style=_LIST_STYLES[part.kind])
            case Kind.TABLE:
                table = document.add_table(len(part.rows), len(part.rows[0]), style="Table Grid")
                _fill(table, part)
            case Kind.CODE:
                run = document.add_paragraph(style="No Spacing").add_run(part.text)
                run.font.name, run.font.size = "Courier New", Pt(9)
            case _:
                document.add_paragraph(part.text)
    buffer = BytesIO()
    document.save(buffer)
    _repack(buffer, path, outline.date)


def write_pptx(outline: Outline, path: Path) -> None:
    """Write one slide per section; block quotes become the speaker's notes."""
    deck = pptx.Presentation()
    _describe(deck.core_properties, outline)
    opening = deck.slides.add_slide(deck.slide_layouts[0])
    _title(opening, outline.title)
    opening.placeholders[1].text = f"{outline.author}\n{outline.date:%d %B %Y}"
    for heading, parts in outline.sections():
        has_table = any(part.kind is Kind.TABLE for part in parts)
        slide = deck.slides.add_slide(deck.slide_layouts[5 if has_table else 1])
        _title(slide, heading)
        lines = [line for p in parts if p.kind not in {Kind.TABLE, Kind.NOTE} for line in p.lines]
        if has_table:
            _table_slide(slide, parts, lines)
        else:
            slide.placeholders[1].text = "\n".join(lines)
        for note in (part.text for part in parts if part.kind is Kind.NOTE):
            frame = slide.notes_slide.notes_text_frame
            if frame is not None:
                frame.text = note
    buffer = BytesIO()
    deck.save(buffer)
    _repack(buffer, path, outline.date)


def write_xlsx(outline: Outline, path: Path) -> None:
    """Write one sheet per section; dates and numbers become typed cells."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for heading, parts in outline.sections():
        sheet = book.create_sheet(heading)
        for part in parts:
            if part.kind is Kind.TABLE:
                _append_table(sheet, part)
            else:
                sheet.append([part.text])
            sheet.append([])
    book.properties.title, book.properties.creator = outline.title, outline.author
    book.properties.created = datetime.combine(outline.date, time(9))
    buffer = BytesIO()
    book.save(buffer)
    _repack(buffer, path, outline.date)


def _describe(properties: Any, outline: Outline) -> None:  # noqa: ANN401
    """Set the core properties, which Word and PowerPoint name alike."""
    moment = datetime.combine(outline.date, time(9))
    properties.title, properties.author = outline.title, outline.author
    properties.last_modified_by, properties.comments = outline.author, ""
    properties.created = properties.modified = moment


def _fill(table: Any, part: Part) -> None:  # noqa: ANN401
    """Fill a Word or PowerPoint table, which share these names."""
    for r, row in enumerate(part.rows):
        for c, value in enumerate(row):
            table.cell(r, c).text = value


def _title(slide: Slide, text: str) -> None:
    if slide.shapes.title is not None:
        slide.shapes.title.text = text


def _table_slide(slide: Slide, parts: list[Part], lines: list[str]) -> None:
    part = next(part for part in parts if part.kind is Kind.TABLE)
    left, width = Inches(0.6), Inches(8.8)
    frame = slide.shapes.add_table(
        len(part.rows), len(part.rows[0]), left, Inches(1.5), width, Inches(0.4 * len(part.rows))
    )
    _fill(frame.table, part)
    if lines:
        box = slide.shapes.add_textbox(left, Inches(6), width, Inches(1))
        box.text_frame.word_wrap = True
        box.text_frame.text = "\n".join(lines)


def _append_table(sheet: Worksheet, part: Part) -> None:
    head = sheet.max_row + 1 if sheet.max_row > 1 or sheet["A1"].value else 1
    for row in part.rows:
        sheet.append([_typed(value) for value in row])
    for cell in sheet[head]:
        cell.font = Font(bold=True)
    for row in sheet.iter_rows(min_row=head + 1):
        for cell in row:
            if isinstance(cell.value, date):
                cell.number_format = "yyyy-mm-dd"
            elif isinstance(cell.value, float):
                cell.number_format = "0.00"


def _typed(value: str) -> str | int | float | date | None:
    """Return the date or number that `value` spells, else the text."""
    if re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        return date.fromisoformat(value)
    if re.fullmatch(r"-?\d+", value):
        return int(value)
    if re.fullmatch(r"-?\d+\.\d+", value):
        return float(value)
    return value or None


def _repack(buffer: BytesIO, path: Path, day: date) -> None:
    """Write the archive in `buffer` to `path` without the clock the libraries put into it."""
    stamp = f"{day.isoformat()}T09:00:00Z".encode()
    with zipfile.ZipFile(buffer) as made, zipfile.ZipFile(path, "w") as archive:
        for name in made.namelist():
            data = made.read(name)
            if name == "docProps/core.xml":
                data = _MODIFIED.sub(rb"\g<1>" + stamp, data)
            info = zipfile.ZipInfo(name, (day.year, day.month, day.day, 9, 0, 0))
            archive.writestr(info, data, zipfile.ZIP_DEFLATED, 9)
