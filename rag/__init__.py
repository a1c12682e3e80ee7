"""Answers from your documents, with every sentence checked against its source.

from rag import Rag

Rag.ingest(["contracts/"], "contracts")
answer = Rag.open("contracts").ask("When does the lease end?")
"""

from rag.assemble import Rag
from rag.conversation import Conversation
from rag.errors import RagError
from rag.pipeline import Pipeline, Policy
from rag.reports import FileReport
from rag.settings import Settings
from rag.types import (
    Answer,
    Citation,
    Claim,
    Conflict,
    Correction,
    Document,
    Filter,
    Mode,
    Outcome,
    Passage,
    Reason,
    Span,
    Support,
    Turn,
    Verdict,
)

__all__ = [
    "Answer",
    "Citation",
    "Claim",
    "Conflict",
    "Conversation",
    "Correction",
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
    "Turn",
    "Verdict",
]
