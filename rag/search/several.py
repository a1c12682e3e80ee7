"""Retrieve for one question put in several ways, and merge what each way found."""

from collections.abc import Sequence

from rag.protocols import Snapshot
from rag.search.fuse import min_max_fusion
from rag.search.retrieve import Candidates, Retriever
from rag.types import Filter, Hit

_FIRST = 2.0  # weight of the first way to put it; the others have 1


def retrieve_each(
    retriever: Retriever, snapshot: Snapshot, queries: Sequence[str], filter_: Filter
) -> Candidates:
    """Return the candidates for `queries`, the first of which counts most.

    Args:
        retriever: Finds candidates for one query.
        snapshot: Where to look.
        queries: The question as understood, then other ways to put it; repeats are left out.
        filter_: Which chunks may be seen.

    Raises:
        QuestionError: If the filter names a document that is not in the index.
    """
    found = [retriever.retrieve(snapshot, q, filter_) for q in dict.fromkeys(queries)]
    if len(found) == 1:
        return found[0]
    return Candidates(
        _merged([each.dense for each in found]),
        _merged([each.lexical for each in found]),
        _merged([each.fused for each in found]),
    )


def _merged(rankings: Sequence[Sequence[Hit]]) -> tuple[Hit, ...]:
    return tuple(min_max_fusion(rankings, [_FIRST, *(1.0 for _ in rankings[1:])]))
