"""The same answers as the page, as JSON."""

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import UnsupportedMediaType

from rag.custody.receipt import receipt_of
from rag.types import Answer
from web import shelf
from web.access.rules import Role, needs
from web.provider import current_rag
from web.wire import read_ask

calls = Blueprint("api", __name__, url_prefix="/api")


@calls.post("/ask")
@needs(Role.READER)
def ask() -> Response:
    """Return `Answer.to_dict()` for the question in the body."""
    return jsonify(_answer().to_dict())


@calls.post("/receipt")
@needs(Role.READER)
def receipt() -> Response:
    """Return the receipt of the answer to the question in the body, which is as for `/ask`."""
    return jsonify(receipt_of(_answer(), current_rag()))


def _answer() -> Answer:
    if request.mimetype != "application/json":
        raise UnsupportedMediaType
    asked = read_ask(request.get_data())
    return current_rag().ask(
        asked.question,
        mode=asked.mode,
        filter_=asked.filter_,
        history=asked.history,
        rewritten=asked.rewritten,
    )


@calls.get("/search")
@needs(Role.READER)
def search() -> Response:
    """Return the passages an answer to `q` would draw on, best first."""
    question = request.args.get("q", "")
    rag = current_rag()
    passages, _ = rag.search(question)
    return jsonify(
        question=question,
        passages=[passage.to_dict() for passage in passages],
        build=rag.snapshot.build,
    )


@calls.get("/health")
@needs(Role.READER)
def health() -> Response:
    """Return which build answers, how many passages it holds, its age and what ran last."""
    snapshot = current_rag().snapshot
    return jsonify(
        status="ok",
        build=snapshot.build,
        passages=len(snapshot),
        unread=snapshot.unread,
        **shelf.health(),
    )
