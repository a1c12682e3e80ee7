"""Answers from your documents, with every sentence checked against its source.

from rag import Rag

Rag.ingest(["contracts/"], "contracts")
answer = Rag.open("contracts").ask("When does the lease end?")
"""

from rag.assemble import Rag
from rag.errors import RagError
from rag.pipeline import Pipeline, Policy
from rag.reports import FileReport
from rag.settings import Settings
from rag.types import (
    Answer,
    Citation,
    Claim,
    Conflict,
    Document,
    Filter,
    Mode,
    Outcome,
    Passage,
    Reason,
    Span,
    Support,
    Verdict,
)

__all__ = [
    "Answer",
    "Citation",
    "Claim",
    "Conflict",
    "Document",
    "FileReport",
    "Filter",
    "Mode",
    "Outcome",
    "Passage",
    "Pipeline",
    "Policy",
    "Rag",
    "RagError",
    "Reason",
    "Settings",
    "Span",
    "Support",
    "Verdict",
]
