"""Choose the passages an answer may draw on, and label them."""

from collections.abc import Sequence
from dataclasses import replace

from rag.protocols import Reranker, Snapshot
from rag.types import Chunk, Hit, Passage, Span, chunk_id


def choose_passages(
    snapshot: Snapshot,
    question: str,
    hits: Sequence[Hit],
    *,
    k: int,
    reranker: Reranker | None = None,
) -> list[Passage]:
    """Return at most `k` passages, best first, labelled 1, 2, ...

    With a reranker, every hit is read and reordered by its score. Chunks that touch or
    overlap in one document are merged into one passage, which takes the better score and
    rank, so that a thought cut by the splitter is whole again.

    Raises:
        ModelError: If the reranker returns another number of scores than texts.
    """
    chunks = snapshot.chunks([hit.chunk_id for hit in hits])
    scored = [(chunk, hit.score) for chunk, hit in zip(chunks, hits, strict=True)]
    if reranker is not None and scored:
        scores = reranker.score(question, [chunk.embedding_text for chunk, _ in scored])
        scored = [(chunk, float(s)) for (chunk, _), s in zip(scored, scores, strict=True)]
        scored.sort(key=lambda pair: -pair[1])
    passages: list[Passage] = []
    for chunk, relevance in merge_neighbours(snapshot, scored[:k]):
        document = snapshot.document(chunk.document_id)
        passages.append(Passage(len(passages) + 1, document, chunk, relevance))
    return passages


def merge_neighbours(
    snapshot: Snapshot, scored: Sequence[tuple[Chunk, float]]
) -> list[tuple[Chunk, float]]:
    """Join chunks of one revision with nothing but blanks between them; best first."""
    merged: list[tuple[Chunk, float]] = []
    for chunk, score in scored:
        chunk_, score_ = chunk, score
        place = len(merged)
        for row in range(len(merged) - 1, -1, -1):
            if joined := _join(snapshot, merged[row][0], chunk_):
                chunk_, score_ = joined, max(score_, merged[row][1])
                place = row
                del merged[row]
        merged.insert(place, (chunk_, score_))
    return merged


def _join(snapshot: Snapshot, a: Chunk, b: Chunk) -> Chunk | None:
    if a.revision != b.revision or a.heading != b.heading:
        return None
    first, second = sorted((a, b), key=lambda chunk: chunk.span)
    text = snapshot.document(a.document_id).text
    if second.span.start > first.span.end and text[first.span.end : second.span.start].strip():
        return None
    span = Span(first.span.start, max(first.span.end, second.span.end))
    return replace(a, id=chunk_id(a.revision, span), span=span, text=span.of(text))
