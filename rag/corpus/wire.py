"""Documents and reports as JSON, for the pipe between the loader and its workers."""

from typing import Any

from rag.reports import FileReport, FileStatus
from rag.types import Block, BlockKind, Document, DocumentId, Page, Revision, Span


def document_to_json(document: Document) -> dict[str, Any]:
    """Return `document` as plain data."""
    return {
        "id": document.id,
        "revision": document.revision,
        "text": document.text,
        "source": document.source,
        "title": document.title,
        "metadata": dict(document.metadata),
        "pages": [[p.number, *_ends(p.span)] for p in document.pages],
        "blocks": [[b.kind, *_ends(b.span), list(b.heading)] for b in document.blocks],
    }


def document_from_json(data: dict[str, Any]) -> Document:
    """Return the document that `document_to_json` wrote."""
    return Document(
        id=DocumentId(data["id"]),
        revision=Revision(data["revision"]),
        text=data["text"],
        source=data["source"],
        title=data["title"],
        metadata=data["metadata"],
        pages=tuple(Page(row[0], Span(*row[1:]) if row[1:] else None) for row in data["pages"]),
        blocks=tuple(
            Block(BlockKind(kind), Span(start, end), tuple(heading))
            for kind, start, end, heading in data["blocks"]
        ),
    )


def report_to_json(report: FileReport) -> dict[str, Any]:
    """Return what a worker knows of a report as plain data."""
    return {
        "source": report.source,
        "status": report.status,
        "format": report.format,
        "reason": report.reason,
        "characters": report.characters,
        "documents": report.documents,
        "pages": report.pages,
        "pages_without_text": list(report.pages_without_text),
        "tables": report.tables,
    }


def report_from_json(data: dict[str, Any]) -> FileReport:
    """Return the report that `report_to_json` wrote."""
    known = data | {
        "status": FileStatus(data["status"]),
        "pages_without_text": tuple(data["pages_without_text"]),
    }
    return FileReport(**known)


def _ends(span: Span | None) -> list[int]:
    return [span.start, span.end] if span else []
