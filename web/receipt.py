"""Save what an answer rests on as a file; `rag recheck` looks its quotes up again later."""

import json

from flask import Blueprint, Response, request

from rag.custody.receipt import receipt_of
from web.access.rules import Role, needs
from web.provider import current_rag
from web.wire import read_mode

files = Blueprint("receipt", __name__)


@files.get("/receipt")
@needs(Role.READER)
def save() -> Response:
    """Answer the question in the address again, and return the receipt as a file to keep."""
    rag, given = current_rag(), request.args
    answer = rag.ask(given.get("q", ""), mode=read_mode(given.get("mode") or None))
    receipt = receipt_of(answer, rag)
    response = Response(json.dumps(receipt, indent=1), mimetype="application/json")
    name = f"receipt-{str(receipt['sha256'])[:12]}.json"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
