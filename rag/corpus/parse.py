"""One file's bytes become documents and a report. Runs in a worker, never in the main process."""

from dataclasses import replace
from importlib import import_module
from pathlib import PurePosixPath
from typing import cast
from zipfile import BadZipFile

from rag.corpus.compose import compose
from rag.corpus.detect import detect
from rag.corpus.pieces import Content, Raw, Reader
from rag.errors import LoadError
from rag.reports import FileReport, FileStatus
from rag.types import BlockKind, Document

# Format: module and function. Imported when first needed, so that a worker starts quickly.
_READERS = {
    "text": "plain.read_plain",
    "lines": "plain.read_lines",
    "markdown": "markdown.read_markdown",
    "html": "markup.read_html",
    "csv": "delimited.read_delimited",
    "json": "records.read_json",
    "jsonl": "records.read_json_lines",
    "pdf": "pdf.read_pdf",
    "docx": "word.read_docx",
    "pptx": "slides.read_pptx",
    "xlsx": "sheets.read_workbook",
    "xls": "sheets.read_workbook",
    "ods": "sheets.read_workbook",
    "odt": "opendocument.read_opendocument",
    "odp": "opendocument.read_opendocument",
    "epub": "epub.read_epub",
    "eml": "mail.read_mail",
    "rtf": "rtf.read_rtf",
    "rst": "restructured.read_restructured",
    "image": "image.read_image",
}
_DAMAGED = (BadZipFile, KeyError, IndexError, ValueError, TypeError, EOFError, RecursionError)


def parse(
    data: bytes,
    source: str,
    *,
    name: str = "",
    unpacked_mb: int = 512,
    ocr: bool = True,
    seconds: int = 60,
) -> list[Document | FileReport]:
    """Return the documents in `data`, then the report on them.

    The file's `name` tells what it is, where its bytes do not. The last part of `source` may
    not: that of a page is what its site liked to call it, `guide.md` or `example.rs`.

    A file that cannot be read gives a report and no document. `MemoryError` and errors of
    a reader that nobody foresaw come through.
    """
    raw = Raw(data, name or PurePosixPath(source).name, "", unpacked_mb, ocr, seconds)
    kind = ""
    try:
        kind = detect(raw)
        contents = list(_reader(kind)(replace(raw, format=kind)))
        documents = [compose(content, _source(source, content)) for content in contents]
    except LoadError as error:
        return [_rejected(source, kind, str(error))]
    except _DAMAGED as error:
        detail = f"{type(error).__name__}: {error}"[:120]
        reason = f"is damaged or no proper {kind.upper() or 'file'} ({detail}); save it again"
        return [_rejected(source, kind, reason)]
    return _reported(documents, contents, kind, source)


def _reader(kind: str) -> Reader:
    module, _, function = _READERS[kind].partition(".")
    return cast("Reader", getattr(import_module(f"rag.corpus.readers.{module}"), function))


def _source(source: str, content: Content) -> str:
    return f"{source}#{content.key}" if content.key else source


def _reported(
    documents: list[Document], contents: list[Content], kind: str, source: str
) -> list[Document | FileReport]:
    kept = [document for document in documents if document.text]
    notes = [note for content in contents for note in content.notes]
    if not kept:
        return [_rejected(source, kind, notes[0] if notes else "holds no text")]
    pages = [page for document in kept for page in document.pages]
    report = FileReport(
        source,
        FileStatus.PARTIAL if notes else FileStatus.ACCEPTED,
        format=kind,
        reason=" ".join(f"The file {note}." for note in notes),
        characters=sum(len(document.text) for document in kept),
        documents=len(kept),
        pages=len(pages),
        pages_without_text=tuple(page.number for page in pages if page.span is None),
        tables=sum(b.kind is BlockKind.TABLE for document in kept for b in document.blocks),
    )
    return [*kept, report]


def _rejected(source: str, kind: str, reason: str) -> FileReport:
    return FileReport(source, FileStatus.REJECTED, kind, f"The file {reason}.")
