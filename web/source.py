"""One document, scrolled to the quoted characters."""

from dataclasses import dataclass

from flask import Blueprint, render_template, request
from werkzeug.exceptions import NotFound

from rag.errors import QuestionError
from rag.protocols import Snapshot
from rag.types import Document, DocumentId, Filter, Span
from web.access.rules import Role, needs
from web.links import Place, Trail, read_offset, read_span
from web.provider import current_rag
from web.reading import WINDOW, parts_of, window_of

pages = Blueprint("source", __name__)

_SHORTEST_REVISION = 8
_MOST_PLACES = 50


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the address asks to be marked, and why it cannot be."""

    place: Place | None
    mark: Span | None
    notice: str = ""


@pages.get("/source/<document_id>")
@needs(Role.READER)
def show(document_id: str) -> str:
    """Show the document, the cited characters marked."""
    document = _find(current_rag().snapshot, document_id)
    asked = _asked(document)
    window = window_of(document, asked.mark, read_offset(request.args.get("from")) or 0)
    before, after = _trail().beside(asked.place)
    return render_template(
        "source.html",
        document=document,
        asked=asked,
        parts=parts_of(document, window, asked.mark) if window else [],
        page=document.page_at(asked.mark.start) if asked.mark else None,
        unread=[page.number for page in document.pages if page.span is None],
        trail=_trail(),
        before=before,
        after=after,
        earlier=max(0, window.start - WINDOW) if window and window.start else None,
        later=window.end if window and window.end < len(document.text) else None,
    )


def _find(snapshot: Snapshot, document_id: str) -> Document:
    """Return the document of that id, asking only what every snapshot promises."""
    try:
        allowed = snapshot.allowed(Filter(documents=(document_id,)))
    except QuestionError:
        raise NotFound("No document of this index has that id. It may have been removed.") from None
    if allowed is not None and len(allowed):
        # A filter also takes sources; the chunk knows the id.
        document_id = snapshot.chunks([allowed[0]])[0].document_id
    return snapshot.document(DocumentId(document_id))


def _asked(document: Document) -> _Asked:
    args = request.args
    if not any(args.get(name) for name in ("start", "end", "revision")):
        return _Asked(None, None)
    span, revision = read_span(args.get("start"), args.get("end")), args.get("revision", "")
    place = Place(document.id, revision, span) if span else None
    if span is None:
        notice = "The address does not say which characters to mark, so nothing is marked."
    elif len(revision) < _SHORTEST_REVISION:
        notice = (
            "The address does not say which revision of the document was quoted, so nothing "
            "is marked."
        )
    elif not document.revision.startswith(revision):
        notice = (
            "The document has changed since this quote was taken, so nothing is marked. "
            "Ask again to see what it says now."
        )
    elif span.end > len(document.text):
        notice = "The quote would lie beyond the end of this document, so nothing is marked."
    else:
        return _Asked(place, span)
    return _Asked(place, None, notice)


def _trail() -> Trail:
    args = request.args
    places = map(Place.parse, args.getlist("c")[:_MOST_PLACES])
    return Trail(tuple(place for place in places if place), args.get("q", ""), args.get("mode", ""))
