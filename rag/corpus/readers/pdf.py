"""PDF: text in reading order with its pages; what pages are pictures is read by OCR or reported.

pdfium tells characters and boxes; `layout` makes lines into paragraphs and headings.
"""

import ctypes
import re
import time
from collections.abc import Iterator

import pypdfium2
import pypdfium2.raw as pdfium

from rag.corpus.describe import counted
from rag.corpus.pieces import Content, PageStart, Paragraph, Raw
from rag.corpus.readers.layout import Line, PageLines, page_pieces, without_running_lines
from rag.corpus.readers.ocr import HOW_TO_INSTALL, is_installed, picture_lines
from rag.errors import LoadError

_OCR_SCALE = 200 / 72  # dots per point
_OCR_SHARE = 0.7  # of the time for a file: a long scan is read in part rather than not at all
_MOST_PIXELS = 25_000_000
_BLANKS = re.compile(r"\s+")
_BOLD = re.compile(rb"(?i)bold|black|heavy|cmbx|sfbx|-bd\b")
_LAM = 0x644
_ALEFS = (0x622, 0x623, 0x625, 0x627)
_METADATA = {"Author": "author", "Subject": "subject", "Keywords": "keywords"}


def read_pdf(raw: Raw) -> Iterator[Content]:
    """Yield the document, a page a page."""
    try:
        document = pypdfium2.PdfDocument(raw.data)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise LoadError("is protected by a password; save a copy without one") from None
        raise LoadError("is damaged or incomplete; get a whole copy, or print it to PDF") from None
    content = _described(document)
    until = time.monotonic() + _OCR_SHARE * raw.seconds
    pictures: list[int] = []
    pages: list[PageLines] = []
    for index in range(len(document)):
        lines, is_picture = _page(document, index, content)
        if is_picture and raw.ocr and is_installed() and time.monotonic() < until:
            lines = _recognized(document, index)
            is_picture = not lines.lines
        if is_picture:
            pictures.append(index + 1)
        pages.append(lines)
    content.pieces += _pieces(pages)
    _note_pictures(content, pictures, len(pages))
    yield content


def _pieces(pages: list[PageLines]) -> "Iterator[PageStart | Paragraph]":
    kept = without_running_lines(pages)
    for number, pieces in enumerate(page_pieces(kept), start=1):
        yield PageStart(number)
        yield from pieces  # type: ignore[misc]


def _described(document: pypdfium2.PdfDocument) -> Content:
    found = document.get_metadata_dict(skip_empty=True)
    metadata = {name: found[key] for key, name in _METADATA.items() if key in found}
    metadata["date"] = found.get("ModDate") or found.get("CreationDate") or ""
    content = Content([], found.get("Title", ""), metadata)
    attached = document.count_attachments()
    if attached:
        content.notes.append(f"has {counted(attached, 'attached file')} not read; save them apart")
    return content


def _note_pictures(content: Content, pictures: list[int], count: int) -> None:
    if not pictures:
        return
    numbers = ", ".join(map(str, pictures[:10])) + (", ..." if len(pictures) > 10 else "")
    how = (
        "OCR found none there, or no time: raise ingest.parse_seconds"
        if is_installed()
        else f"to read them, {HOW_TO_INSTALL}"
    )
    if len(pictures) == count:
        content.notes.append(f"is a scan without text ({counted(count, 'page')}); {how}")
    else:
        pages = f"{counted(len(pictures), 'page')} of {count}"
        content.notes.append(f"has {pages} without text ({numbers}); {how}")


def _page(document: pypdfium2.PdfDocument, index: int, content: Content) -> tuple[PageLines, bool]:
    """Return the lines of a page, and whether it is a picture without text."""
    try:
        page = document[index]
    except pypdfium2.PdfiumError:
        content.notes.append(f"has a damaged page {index + 1} that is not read")
        return PageLines((), 0.0), False
    if pdfium.FPDFPage_GetAnnotCount(page):
        # Merged into the page, filled-in form fields and typed notes are text like any other.
        pdfium.FPDFPage_Flatten(page, pdfium.FLAT_NORMALDISPLAY)
        page.close()
        page = document[index]
    text = page.get_textpage()
    lines = tuple(_lines(text))
    is_picture = not lines and pdfium.FPDFPage_CountObjects(page) > 0
    height = page.get_height()
    text.close()
    page.close()
    return PageLines(lines, height), is_picture


def _recognized(document: pypdfium2.PdfDocument, index: int) -> PageLines:
    page = document[index]
    width, height = page.get_size()
    scale = min(_OCR_SCALE, (_MOST_PIXELS / max(width * height, 1)) ** 0.5)
    lines = picture_lines(page.render(scale=scale, grayscale=False).to_numpy())
    page.close()
    return PageLines(tuple(lines), height * scale)


def _lines(text: pypdfium2.PdfTextPage) -> Iterator[Line]:
    """Yield the printed lines of a page with their boxes.

    pdfium ends a line with CR LF, and with U+FFFE where it has a word hyphenated.
    """
    count = text.count_chars()
    start = 0
    characters: list[str] = []
    for index in range(count):
        code = pdfium.FPDFText_GetUnicode(text, index)
        if code in {0x02, 0xFFFE} or code in {10, 13}:
            hyphen = code in {0x02, 0xFFFE}
            yield from _line(text, "".join(characters), start, index, hyphenated=hyphen)
            characters, start = [], index + 1
        else:
            characters.append(chr(code) if code < 0x110000 else "\ufffd")
            if code == _LAM and _is_one_glyph(text, index):
                characters[-2:] = characters[:-3:-1]
    yield from _line(text, "".join(characters), start, count, hyphenated=False)


def _is_one_glyph(text: pypdfium2.PdfTextPage, index: int) -> bool:
    """Return whether a lam and the alef before it are one ligature.

    pdfium turns lines from right to left around, and with them the letters of ligatures.
    """
    if index == 0 or pdfium.FPDFText_GetUnicode(text, index - 1) not in _ALEFS:
        return False
    return bool(text.get_charbox(index) == text.get_charbox(index - 1))


def _line(
    text: pypdfium2.PdfTextPage, line: str, start: int, end: int, *, hyphenated: bool
) -> Iterator[Line]:
    if not line.strip():
        return
    first = start + len(line) - len(line.lstrip())
    last = end - 1 - (len(line) - len(line.rstrip()))
    left, bottom, right, top = text.get_charbox(first, loose=True)
    other = text.get_charbox(last, loose=True)
    cells = _cells(text, line, start, 1.2 * max(top - bottom, 1.0))
    yield Line(
        " ".join(cells),
        cells=cells,
        left=min(left, other[0]),
        right=max(right, other[2]),
        bottom=bottom,
        top=max(top, bottom),
        bold=_is_bold(text, first) and _is_bold(text, last),
        hyphenated=hyphenated,
    )


def _cells(text: pypdfium2.PdfTextPage, line: str, start: int, widest: float) -> tuple[str, ...]:
    """Return a line cut at blanks wider than `widest` points: the cells of a table's row."""
    parts, begin = [], 0
    for blank in _BLANKS.finditer(line.rstrip()):
        if blank.start() == 0:
            continue
        before = text.get_charbox(start + blank.start() - 1, loose=True)
        after = text.get_charbox(start + blank.end(), loose=True)
        if after[0] - before[2] > widest:
            parts.append(line[begin : blank.start()])
            begin = blank.end()
    parts.append(line[begin:])
    return tuple(_whole(part) for part in parts)


def _whole(text: str) -> str:
    """Return `text` with the half pairs of UTF-16 that pdfium gives put together."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").strip()


def _is_bold(text: pypdfium2.PdfTextPage, index: int) -> bool:
    """Return whether a character is bold, by its font's weight or by its name."""
    if pdfium.FPDFText_GetFontWeight(text, index) >= 600:
        return True
    name = ctypes.create_string_buffer(128)
    flags = ctypes.c_int()
    pdfium.FPDFText_GetFontInfo(text, index, name, len(name), flags)
    return bool(_BOLD.search(name.value))
