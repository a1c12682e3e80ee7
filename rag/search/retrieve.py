"""Find candidate chunks for a question: by meaning, by words, and both fused."""

from collections.abc import Sequence
from dataclasses import dataclass

from rag.protocols import Embedder, Ids, Snapshot
from rag.search.fuse import min_max_fusion, reciprocal_rank_fusion
from rag.text import identifiers
from rag.types import Filter, Hit


@dataclass(frozen=True, slots=True)
class Candidates:
    """What each retriever found, each best first, and the merged list."""

    dense: tuple[Hit, ...]
    lexical: tuple[Hit, ...]
    fused: tuple[Hit, ...]

    def to_dict(self) -> dict[str, object]:
        """Return plain values; ids as text, since they exceed what JavaScript can count."""
        stages = {"fused": self.fused, "dense": self.dense, "lexical": self.lexical}
        return {
            name: [{"chunk_id": str(hit.chunk_id), "score": round(hit.score, 6)} for hit in hits]
            for name, hits in stages.items()
        }


@dataclass(frozen=True, slots=True)
class Retriever:
    """Retrieves from both indexes and fuses, under one policy."""

    embedder: Embedder
    candidates: int = 50
    fusion: str = "min_max"
    dense_weight: float = 0.5

    def retrieve(self, snapshot: Snapshot, question: str, filter_: Filter) -> Candidates:
        """Return the candidates for `question` among the chunks `filter_` admits.

        Raises:
            QuestionError: If the filter names a document that is not in the index.
        """
        allowed = snapshot.allowed(filter_) if filter_ else None
        vector = self.embedder.embed_queries([question])[0]
        dense = snapshot.dense(vector, self.candidates, allowed)
        lexical = snapshot.lexical(question, self.candidates, allowed)
        fused = _keep_identifiers(
            self._fuse([dense, lexical]), _exact(snapshot, question, allowed, self.candidates)
        )
        return Candidates(tuple(dense), tuple(lexical), tuple(fused))

    def _fuse(self, rankings: Sequence[Sequence[Hit]]) -> list[Hit]:
        if self.fusion == "rrf":
            return reciprocal_rank_fusion(rankings)
        return min_max_fusion(rankings, [self.dense_weight, 1 - self.dense_weight])


def _exact(snapshot: Snapshot, question: str, allowed: Ids | None, k: int) -> list[Hit]:
    """Return, best first, the chunks that hold every identifier of the question verbatim."""
    wanted = identifiers(question)
    if not wanted:
        return []
    hits = snapshot.lexical(" ".join(wanted), k, allowed)
    chunks = snapshot.chunks([hit.chunk_id for hit in hits])
    texts = [chunk.embedding_text.casefold() for chunk in chunks]
    return [
        hit
        for hit, text in zip(hits, texts, strict=True)
        if all(word.casefold() in text for word in wanted)
    ]


def _keep_identifiers(fused: list[Hit], exact: list[Hit]) -> list[Hit]:
    """Move the chunks that hold the asked identifiers to the front, in fused order.

    Embeddings blur `ERR-4012` into `ERR-4021`; a person who types one means that one.
    """
    if not exact:
        return fused
    wanted = {hit.chunk_id for hit in exact}
    lead = 1.0 + max((hit.score for hit in fused), default=0.0)
    scores = {hit.chunk_id: hit.score for hit in fused}
    front = [Hit(hit.chunk_id, lead + scores.get(hit.chunk_id, 0.0)) for hit in exact]
    front.sort(key=lambda hit: -hit.score)
    return front + [hit for hit in fused if hit.chunk_id not in wanted]
