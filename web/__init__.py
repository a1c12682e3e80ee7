"""The page: ask, read the answer, open the source at the quoted characters.

`create_app(rag)` takes a ready pipeline, so this package knows nothing of models or files on
disk; only `web.serve`, the command, does. One blueprint a topic:

    ask      the page, which works without JavaScript
    source   one document, with a quote marked
    shelf    the indexes: what is live, what ran and what runs next
    receipt  what an answer rests on, as a file to keep
    api      the same answers as JSON, for programs
"""

from collections.abc import Collection, Sequence

from flask import Flask

from rag.pipeline import Pipeline
from web import api, ask, errors, receipt, security, shelf, source
from web.provider import Provider, provide

__all__ = ["create_app"]


def create_app(
    rag: Pipeline | Provider,
    *,
    examples: Sequence[str] = (),
    hosts: Collection[str] = security.LOOPBACK_NAMES,
    shelves: shelf.Shelves | None = None,
) -> Flask:
    """Return the application that answers from `rag`.

    Args:
        rag: A ready pipeline; or a callable that is asked once a request for the current one
            and returns it, or a context manager around it (such as `rag.live.Live`).
        examples: Questions the empty page offers to try.
        hosts: Names, without port, under which browsers may reach the page. A request that
            names another host is refused, so that a foreign site cannot rebind its own name
            to this machine and read the answers.
        shelves: Tells the state of the indexes, for the page `/indexes`; without it there is
            no such page.
    """
    app = Flask(__name__)
    provide(app, rag)
    security.protect(app, hosts)
    errors.register(app)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.register_blueprint(ask.blueprint(tuple(examples)))
    app.register_blueprint(source.pages)
    shelf.show(app, shelves)
    app.register_blueprint(receipt.files)
    app.register_blueprint(api.calls)
    return app
