"""What a file is: by its first bytes and its members, then by its name."""

import re
from pathlib import PurePosixPath
from zipfile import BadZipFile

from rag.corpus.archive import Archive
from rag.corpus.pieces import Raw
from rag.errors import LoadError

_MAGIC = (
    (b"{\\rtf", "rtf"),
    (b"\x89PNG\r\n\x1a\n", "image"),
    (b"\xff\xd8\xff", "image"),
    (b"II*\x00", "image"),
    (b"MM\x00*", "image"),
)
_OFFICE = {"word/document.xml": "docx", "ppt/presentation.xml": "pptx", "xl/workbook.xml": "xlsx"}
_MIME = {
    "application/epub+zip": "epub",
    "application/vnd.oasis.opendocument.text": "odt",
    "application/vnd.oasis.opendocument.spreadsheet": "ods",
    "application/vnd.oasis.opendocument.presentation": "odp",
}
_NAMES = {
    "markdown": ".md .markdown .mdx .mkd",
    "html": ".html .htm .xhtml",
    "csv": ".csv .tsv .tab",
    "json": ".json .geojson .ipynb",
    "jsonl": ".jsonl .ndjson",
    "eml": ".eml",
    "rst": ".rst",
    "lines": (
        ".log .py .js .ts .java .c .h .cpp .go .rs .rb .sh .sql .css .xml .yaml .yml .toml .ini "
        ".cfg .conf"
    ),
}
_BY_SUFFIX = {suffix: kind for kind, names in _NAMES.items() for suffix in names.split()}
_BINARY_ONLY = {
    ".pdf": "PDF",
    ".docx": "DOCX",
    ".pptx": "PPTX",
    ".xlsx": "XLSX",
    ".xlsm": "XLSM",
    ".epub": "EPUB",
    ".odt": "ODT",
    ".doc": "Word",
    ".ppt": "PowerPoint",
    ".xls": "Excel",
}
_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ARCHIVES = (b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"BZh", b"\xfd7zXZ")
_HTML = re.compile(
    rb"(?i)^\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype html|html[\s>])", re.DOTALL
)

_SVG = re.compile(
    rb"(?i)^\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*|<!doctype[^>]*>\s*)*<svg[\s>]", re.DOTALL
)


def detect(raw: Raw) -> str:
    """Return the name of the format of `raw`.

    Raises:
        LoadError: If it is empty or nothing that can be read, saying what to do.
    """
    data = raw.data
    if not data.strip(b"\x00 \t\r\n\xef\xbb\xbf"):
        raise LoadError("is empty")
    if b"%PDF-" in data[:1024]:
        return "pdf"
    if data.startswith(b"PK\x03\x04"):
        return _in_zip(raw)
    if data.startswith(_COMPOUND):
        return _in_compound(data)
    if data.startswith(_ARCHIVES):
        raise LoadError("is a compressed archive; unpack it and add the files inside")
    kind = next((kind for magic, kind in _MAGIC if data.startswith(magic)), None)
    return kind or _by_name(raw)


def _in_zip(raw: Raw) -> str:
    try:
        archive = Archive(raw.data, raw.unpacked_mb)
    except BadZipFile:
        raise LoadError(
            "is a damaged or incomplete archive; get a whole copy, or save it again"
        ) from None
    if "mimetype" in archive.names:
        kind = _MIME.get(archive.read("mimetype").decode("ascii", "replace").strip())
        if kind:
            return kind
    for name, kind in _OFFICE.items():
        if name in archive.names:
            return kind
    if "xl/workbook.bin" in archive.names:
        return "xls"  # the binary form; read by the same library
    raise LoadError("is a zip archive; unpack it and add the files inside")


def _in_compound(data: bytes) -> str:
    """Tell the formats of Microsoft's old container apart by the names of their streams."""

    def holds(name: str) -> bool:
        return name.encode("utf-16-le") in data

    if holds("EncryptedPackage"):
        raise LoadError("is protected by a password; save a copy without one")
    if holds("WordDocument"):
        raise LoadError("is in the old .doc format; save it as .docx")
    if holds("PowerPoint Document"):
        raise LoadError("is in the old .ppt format; save it as .pptx")
    if holds("Workbook") or holds("Book"):
        return "xls"
    if holds("__nameid_version1.0"):
        raise LoadError("is an Outlook message; save it as .eml")
    raise LoadError("is in an old Microsoft format that is not read; save it as .docx or .pdf")


def _by_name(raw: Raw) -> str:
    suffix = PurePosixPath(raw.name).suffix.lower()
    if suffix == ".svg" or _SVG.match(raw.data[:2048]):
        raise LoadError("is a drawing (SVG), whose text is not read; save it as PDF")
    if suffix in _BINARY_ONLY:
        kind = _BINARY_ONLY[suffix]
        if _HTML.match(raw.data[:2048]):
            return "html"  # reports saved as `.xls` are often pages
        raise LoadError(f"is named {suffix} but holds no {kind} data; get the original file")
    if suffix not in _BY_SUFFIX and _HTML.match(raw.data[:2048]):
        return "html"
    return _BY_SUFFIX.get(suffix, "text")
