"""The page: a question box, and the answer below it. Works without JavaScript."""

from flask import Blueprint, render_template, request

from rag.types import Mode
from web import words
from web.access.rules import Role, needs
from web.card import card_of
from web.provider import current_rag
from web.wire import read_mode


def blueprint(examples: tuple[str, ...]) -> Blueprint:
    """Return the routes of the page, which offers `examples` before anything is asked."""
    pages = Blueprint("ask", __name__)

    @pages.route("/", methods=["GET", "POST"])
    @needs(Role.READER)
    def page() -> str:
        """Show the box, and the answer if a question came with the request."""
        given = request.form if request.method == "POST" else request.args
        rag, question = current_rag(), given.get("q")
        mode = read_mode(given.get("mode") or None)
        return render_template(
            "ask.html",
            words=words,
            question=question or "",
            card=None if question is None else card_of(rag.ask(question, mode=mode)),
            mode=mode or rag.policy.mode,
            modes=tuple(Mode) if rag.generator else (),
            snapshot=rag.snapshot,
            examples=examples,
        )

    return pages
