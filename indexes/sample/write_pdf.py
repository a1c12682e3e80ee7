"""PDF files with bookmarks, tables and page numbers. Needs fpdf2, which only this uses."""

from datetime import UTC, datetime, time
from pathlib import Path

from fpdf import FPDF

from indexes.sample.outline import Kind, Outline, Part

_FONT = "Helvetica"
_HEADING_SIZES = {1: 16, 2: 13, 3: 11}


class _Sheet(FPDF):
    """A4 pages whose foot names the document and the page."""

    def footer(self) -> None:
        """Print the foot of one page."""
        self.set_y(-12)
        self.set_font(_FONT, size=8)
        self.cell(0, 5, f"{self.title} - page {self.page_no()} of {{nb}}", align="C")


def write_pdf(outline: Outline, path: Path) -> None:
    """Write a PDF; its base fonts know Latin-1 only, so other characters raise an error."""
    pdf = _Sheet(format="A4")
    pdf.set_title(outline.title)
    pdf.set_author(outline.author)
    pdf.set_lang("en-GB")
    pdf.set_creation_date(datetime.combine(outline.date, time(9), UTC))
    pdf.set_auto_page_break(auto=True, margin=20)
    pdf.add_page()
    pdf.set_font(_FONT, "B", 18)
    pdf.multi_cell(0, 9, outline.title, align="L", new_x="LMARGIN", new_y="NEXT")
    pdf.ln(3)
    for part in outline.parts:
        _write(pdf, part)
    pdf.output(str(path))


def _write(pdf: FPDF, part: Part) -> None:
    pdf.set_font(_FONT, size=11)
    match part.kind:
        case Kind.HEADING:
            pdf.set_font(_FONT, "B", _HEADING_SIZES[part.level])
            pdf.start_section(part.text, level=part.level - 2)
            pdf.multi_cell(0, 7, part.text, align="L", new_x="LMARGIN", new_y="NEXT")
        case Kind.TABLE:
            with pdf.table(line_height=6.5, text_align="LEFT") as table:
                for cells in part.rows:
                    table.row(cells)
            pdf.ln(3)
        case Kind.BULLETS | Kind.STEPS:
            for number, line in enumerate(part.lines, 1):
                mark = f"{number}." if part.kind is Kind.STEPS else "-"
                pdf.multi_cell(0, 6, f"{mark} {line}", align="L", new_x="LMARGIN", new_y="NEXT")
            pdf.ln(2)
        case Kind.CODE:
            pdf.set_font("Courier", size=9)
            pdf.multi_cell(0, 4.6, part.text, align="L", new_x="LMARGIN", new_y="NEXT")
            pdf.ln(2)
        case _:
            pdf.multi_cell(0, 6, part.text, align="L", new_x="LMARGIN", new_y="NEXT")
            pdf.ln(2)
