"""How much of the gold spans lies in what is retrieved: `python -m tests.bench.chunking SET`

Chunks are taken in fused order while they fit a number of characters, so that neither small nor
large ones have an advantage. Try `RAG_SPLIT_SIZE=110` for other chunks (in a home of its own).
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from rag.evaluate.gold import Gold
from rag.types import Span
from tests.bench.sets import opened, scope_of

BUDGETS = (1500, 3000, 4800, 8000)


def covered(golds: Sequence[Span], chunks: Sequence[Span], budget: int) -> float:
    """Return the share of the characters of `golds` in the first `chunks` that fit `budget`."""
    held: set[int] = set()
    used = 0
    for chunk in chunks:
        used += chunk.end - chunk.start
        if used > budget:
            break
        held |= set(range(chunk.start, chunk.end))
    wanted = {place for gold in golds for place in range(gold.start, gold.end)}
    return len(wanted & held) / len(wanted)


def main(folder: Path) -> None:
    """Print mean recall for each budget."""
    questions, rag = opened(folder)
    gold = Gold(questions)
    rows = []
    for question in questions.questions:
        _, found = rag.search(question.text, filter_=scope_of(questions, question))
        chunks = rag.snapshot.chunks([hit.chunk_id for hit in found.fused])
        document = rag.snapshot.document(chunks[0].document_id)
        if golds := gold.spans(question, document):
            mine = [chunk.span for chunk in chunks if chunk.document_id == document.id]
            rows.append([covered(golds, mine, budget) for budget in BUDGETS])
    for budget, recall in zip(BUDGETS, np.mean(rows, axis=0), strict=True):
        print(f"recall at {budget:,} characters: {recall:.3f} ({len(rows)} questions)")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
