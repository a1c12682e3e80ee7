"""Bytes become text, or a reason why they are none."""

import codecs
import re

import charset_normalizer

from rag.errors import LoadError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROL = re.compile("[\x00-\x08\x0e-\x1a\x7f]")
_SAMPLE = 200_000
_BINARY = "is not text in any known encoding; convert it to UTF-8 or to one of the formats read"


def decode(data: bytes, stated: str = "") -> str:
    """Return the text of `data`: by its byte order mark, as stated, as UTF-8, or by guess.

    Raises:
        LoadError: If the bytes are binary, or text in no known encoding.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _strict(data, encoding)
    for encoding in filter(None, (stated, "utf-8")):
        try:
            return _not_binary(data.decode(encoding))
        except (UnicodeDecodeError, LookupError):
            continue
    return _guessed(data)


def _strict(data: bytes, encoding: str) -> str:
    try:
        return _not_binary(data.decode(encoding))
    except UnicodeDecodeError:
        raise LoadError(_BINARY) from None


def _guessed(data: bytes) -> str:
    sample = data[:_SAMPLE]
    if sample.count(0) > len(sample) // 4:
        little = sample[1::2].count(0) > sample[0::2].count(0)
        return _strict(data, "utf-16-le" if little else "utf-16-be")
    best = charset_normalizer.from_bytes(sample).best()
    if best is None:
        raise LoadError(_BINARY)
    # Of encodings that read a short text alike, the commonest is the likeliest.
    encoding = "cp1252" if "cp1252" in best.could_be_from_charset else best.encoding
    try:
        return _not_binary(data.decode(encoding))
    except UnicodeDecodeError:
        return _strict(data, "latin-1")


def _not_binary(text: str) -> str:
    sample = text[:_SAMPLE]
    if len(_CONTROL.findall(sample)) * 50 > len(sample):
        raise LoadError(_BINARY)
    return text
