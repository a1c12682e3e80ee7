"""The one place that names concrete classes: settings and an index become a `Rag`."""

from rag.assemble.index import make_ingester
from rag.assemble.models import (
    SHIPPED_READER,
    make_embedder,
    make_generator,
    make_reader,
    make_reranker,
    make_verifier,
)
from rag.assemble.rag import Rag, make_policy

__all__ = [
    "SHIPPED_READER",
    "Rag",
    "make_embedder",
    "make_generator",
    "make_ingester",
    "make_policy",
    "make_reader",
    "make_reranker",
    "make_verifier",
]
