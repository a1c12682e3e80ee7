"""PNG, JPEG and TIFF, by OCR."""

import io
from collections.abc import Iterator

import numpy as np

from rag.corpus.pieces import Content, PageStart, Raw
from rag.corpus.readers.layout import PageLines, page_pieces
from rag.corpus.readers.ocr import HOW_TO_INSTALL, is_installed, picture_lines
from rag.errors import LoadError

_MOST_PIXELS = 50_000_000


def read_image(raw: Raw) -> Iterator[Content]:
    """Yield the text of a picture; a TIFF may hold several pages."""
    if not (raw.ocr and is_installed()):
        how = HOW_TO_INSTALL if raw.ocr else "switch on ingest.ocr"
        raise LoadError(f"is a picture; to read text in pictures, {how}")
    from PIL import Image, ImageSequence  # noqa: PLC0415  (comes with the extra)

    content = Content()
    with Image.open(io.BytesIO(raw.data)) as image:
        pages = []
        for frame in ImageSequence.Iterator(image):
            if frame.width * frame.height > _MOST_PIXELS:
                raise LoadError(f"is a picture of more than {_MOST_PIXELS} pixels; make it smaller")
            pixels = np.ascontiguousarray(np.asarray(frame.convert("RGB"))[:, :, ::-1])
            pages.append(PageLines(tuple(picture_lines(pixels)), float(frame.height)))
    for number, pieces in enumerate(page_pieces(pages), start=1):
        content.pieces += [PageStart(number), *pieces] if len(pages) > 1 else pieces
    if not any(page.lines for page in pages):
        raise LoadError("is a picture in which no text was found")
    yield content
