"""E-mail: headers, the best body, and the names of what is attached."""

from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import cast

from rag.corpus.describe import counted
from rag.corpus.pieces import Content, Items, Paragraph, Piece, Raw
from rag.corpus.readers.markup import html_content
from rag.corpus.readers.plain import plain_pieces
from rag.errors import LoadError

_SHOWN = ("From", "To", "Cc", "Date", "Subject")


def read_mail(raw: Raw) -> Iterator[Content]:
    """Yield the message as one document."""
    message = message_from_bytes(raw.data, policy=default)
    fields = {name: str(message[name]) for name in _SHOWN if message[name]}
    if not fields:
        raise LoadError("has no e-mail headers; save the message again as .eml")
    content = Content([Items(tuple(f"{name}: {value}" for name, value in fields.items()))])
    content.title = fields.get("Subject", "")
    content.metadata = {
        "from": fields.get("From", ""),
        "author": fields.get("From", ""),
        "to": fields.get("To", ""),
        "date": fields.get("Date", ""),
    }
    content.pieces += _body(message)
    attached = [part.get_filename() or part.get_content_type() for part in _attached(message)]
    if attached:
        content.pieces.append(Paragraph(f"Attachments: {', '.join(attached)}"))
        content.notes.append(
            f"has {counted(len(attached), 'attachment')} not read; save them apart"
        )
    yield content


def _body(message: EmailMessage) -> list[Piece]:
    part = message.get_body(preferencelist=("plain", "html"))
    if part is None:
        return []
    text = _text(cast("EmailMessage", part))
    return html_content(text).pieces if part.get_content_subtype() == "html" else plain_pieces(text)


def _text(part: EmailMessage) -> str:
    try:
        return str(part.get_content())
    except LookupError:  # a character set that does not exist
        payload = cast("bytes", part.get_payload(decode=True))
        return payload.decode("utf-8", "replace")


def _attached(message: EmailMessage) -> list[EmailMessage]:
    try:
        return cast("list[EmailMessage]", list(message.iter_attachments()))
    except (AttributeError, TypeError):  # a body that says multipart and holds none
        return []
