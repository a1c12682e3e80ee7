"""Every failure as one sentence and a code: JSON for programs, a page for people.

A sentence for a fault of ours never quotes the exception, which may hold a path; the log
has the whole of it.
"""

import logging

from flask import Flask, Response, jsonify, make_response, render_template, request
from werkzeug.exceptions import HTTPException

from rag.errors import IndexFault, IndexNotFound, ModelError, QuestionError, RagError

logger = logging.getLogger(__name__)

_FAULTS: dict[type[Exception], tuple[int, str, str]] = {
    IndexNotFound: (
        503,
        "no_index",
        "Nothing has been indexed yet. Run `rag ingest FOLDER`, then ask again.",
    ),
    IndexFault: (
        503,
        "index_unavailable",
        "The index cannot be used at the moment. The server's log says why; "
        "`rag ingest` builds it anew.",
    ),
    ModelError: (
        503,
        "model_unavailable",
        "A model cannot be used at the moment. The server's log says why.",
    ),
    Exception: (500, "internal_error", "Something went wrong here. The server's log has it."),
}
_SENTENCES = {
    400: ("bad_request", "The request cannot be understood."),
    403: ("forbidden", "This is not allowed."),
    404: ("not_found", "There is no page at this address."),
    405: ("method_not_allowed", "This address does not take that kind of request."),
    413: ("too_large", "The request is larger than the 64 KB that are read."),
    415: ("unsupported_media_type", "Send JSON, with the header Content-Type: application/json."),
    422: ("unprocessable", "The request is well-formed, but a value in it is not allowed."),
}


def register(app: Flask) -> None:
    """Answer every exception of `app` in one shape."""
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(QuestionError, _question)
    app.register_error_handler(Exception, _fault)


def _http(error: HTTPException) -> Response:
    status = error.code or 500
    code, sentence = _SENTENCES.get(status, (error.name.lower().replace(" ", "_"), error.name))
    own = error.description if error.description != type(error).description else None
    response = _respond(status, code, own or sentence)
    for name, value in error.get_headers():
        if name == "Allow":
            response.headers[name] = value
    return response


def _question(error: QuestionError) -> Response:
    message = str(error)
    return _respond(400, "bad_question", message[:1].upper() + message[1:] + ".")


def _fault(error: Exception) -> Response:
    status, code, sentence = next(
        fault for kind, fault in _FAULTS.items() if isinstance(error, kind)
    )
    if isinstance(error, RagError):
        logger.error("%s %s: %s", request.method, request.path, error)
    else:
        logger.error("%s %s failed", request.method, request.path, exc_info=error)
    return _respond(status, code, sentence)


def _respond(status: int, code: str, message: str) -> Response:
    if request.path.startswith("/api/"):
        return make_response(jsonify(error={"code": code, "message": message}), status)
    page = render_template(
        "error.html", message=message, code=code, status=status, question=_asked()
    )
    return make_response(page, status)


def _asked() -> str:
    # A body that was refused must not be read again, so only the address is looked at.
    return request.args.get("q", "")[:4000]
