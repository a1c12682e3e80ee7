"""Pictures of text, by the optional `ocr` extra; nothing is loaded until a picture comes."""

from functools import lru_cache
from importlib.util import find_spec
from typing import Any

import numpy as np
import numpy.typing as npt

from rag.corpus.readers.layout import Line
from rag.errors import ExtraMissing

HOW_TO_INSTALL = "pip install 'quotewell[ocr]'"
_LEAST_SCORE = 0.5


def is_installed() -> bool:
    """Return whether pictures can be read."""
    return find_spec("rapidocr_onnxruntime") is not None


def picture_lines(pixels: npt.NDArray[np.uint8]) -> list[Line]:
    """Return the lines of text in a picture, top to bottom, boxes in pixels with y upwards.

    Args:
        pixels: Colours in the order blue, green, red; shape (height, width, 3).

    Raises:
        ExtraMissing: If the extra is not installed.
    """
    found, _ = _engine()(pixels)
    height = pixels.shape[0]
    return [
        Line(
            str(text),
            left=min(x for x, _ in box),
            right=max(x for x, _ in box),
            bottom=height - max(y for _, y in box),
            top=height - min(y for _, y in box),
        )
        for box, text, score in found or []
        if float(score) >= _LEAST_SCORE
    ]


@lru_cache(maxsize=1)
def _engine() -> Any:  # noqa: ANN401  (the engine has no types)
    try:
        from rapidocr_onnxruntime import RapidOCR  # noqa: PLC0415
    except ImportError:
        raise ExtraMissing("reading pictures of text", "ocr") from None
    return RapidOCR(intra_op_num_threads=1, inter_op_num_threads=1)
