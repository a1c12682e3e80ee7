"""Pictures of text, read by the real engine when the extra is installed."""

import io

import pytest

from rag.corpus.readers.ocr import HOW_TO_INSTALL, is_installed
from rag.reports import FileStatus

needs_ocr = pytest.mark.skipif(not is_installed(), reason=f"needs OCR: {HOW_TO_INSTALL}")


def picture(kind):
    from PIL import Image, ImageDraw, ImageFont  # noqa: PLC0415  (comes with the extra)

    image = Image.new("RGB", (900, 120), "white")
    font = ImageFont.load_default(size=44)
    ImageDraw.Draw(image).text((20, 30), "The lock closes at nine", "black", font=font)
    data = io.BytesIO()
    image.save(data, kind)
    return data.getvalue()


@pytest.mark.slow
@needs_ocr
@pytest.mark.parametrize(
    ("name", "kind"), [("a.png", "PNG"), ("a.jpg", "JPEG"), ("a.tiff", "TIFF")]
)
def test_a_picture_of_text_is_read(read, name, kind):
    (document,), report = read(name, picture(kind))

    assert report.status is FileStatus.ACCEPTED
    assert "lock closes at nine" in document.text.lower()


@pytest.mark.slow
@needs_ocr
def test_a_scanned_page_of_a_pdf_is_read_and_keeps_its_number(read):
    (document,), report = read("scan.pdf", picture("PDF"))

    assert "lock closes at nine" in document.text.lower()
    assert document.pages[0].number == 1
    assert report.pages_without_text == ()


@pytest.mark.skipif(is_installed(), reason="OCR is installed here")
def test_without_the_extra_a_picture_is_rejected_with_the_command(read):
    documents, report = read("a.png", b"\x89PNG\r\n\x1a\n" + bytes(64))

    assert documents == []
    assert report.status is FileStatus.REJECTED
    assert HOW_TO_INSTALL in report.reason
