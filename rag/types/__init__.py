"""The nouns of the pipeline, in the order they come to exist.

    Document -> Chunk -> Hit -> Passage -> Evidence -> Draft -> Claim -> Verdict -> Answer

`documents` holds the nouns up to `Passage`, `answers` those after it; import all from here.
All are frozen: a stage returns new values and never edits what it was given. Every `Span`
counts characters of the `Document.text` or `Draft.text` it points into, so that
`citation.span.of(document.text) == citation.quote` can be checked by slicing a string.
"""

from rag.types.answers import (
    Answer,
    Citation,
    Claim,
    Conflict,
    Correction,
    Draft,
    Evidence,
    Mode,
    Outcome,
    Reason,
    Support,
    Turn,
    Verdict,
)
from rag.types.documents import (
    Block,
    BlockKind,
    Chunk,
    ChunkId,
    Document,
    DocumentId,
    Filter,
    Hit,
    Page,
    Passage,
    Revision,
    Span,
    chunk_id,
    revision_of,
)

__all__ = [
    "Answer",
    "Block",
    "BlockKind",
    "Chunk",
    "ChunkId",
    "Citation",
    "Claim",
    "Conflict",
    "Correction",
    "Document",
    "DocumentId",
    "Draft",
    "Evidence",
    "Filter",
    "Hit",
    "Mode",
    "Outcome",
    "Page",
    "Passage",
    "Reason",
    "Revision",
    "Span",
    "Support",
    "Turn",
    "Verdict",
    "chunk_id",
    "revision_of",
]
