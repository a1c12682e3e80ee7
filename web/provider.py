"""Which pipeline a request answers from."""

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from typing import TypeAlias, cast

from flask import Flask, current_app, g

from rag.pipeline import Pipeline

Provider: TypeAlias = Callable[[], Pipeline | AbstractContextManager[Pipeline]]


def provide(app: Flask, rag: Pipeline | Provider) -> None:
    """Make `current_rag` work in every request of `app`."""
    app.extensions["quotewell"] = (lambda: rag) if isinstance(rag, Pipeline) else rag
    app.teardown_appcontext(_give_back)


def current_rag() -> Pipeline:
    """Return the pipeline of this request; every call in one request returns the same one.

    Raises:
        RagError: Whatever keeps the provider from having one, such as `IndexNotFound`.
    """
    if "rag" not in g:
        provided = cast("Provider", current_app.extensions["quotewell"])()
        g.lease = ExitStack()
        g.rag = provided if isinstance(provided, Pipeline) else g.lease.enter_context(provided)
    return cast("Pipeline", g.rag)


def _give_back(_: BaseException | None) -> None:
    lease: ExitStack | None = g.pop("lease", None)
    if lease is not None:
        lease.close()
