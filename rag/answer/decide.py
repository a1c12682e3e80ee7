"""The one way from verdicts to an `Answer`: what is shown, what is dropped, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from rag.answer.drafted.foreign import withheld
from rag.types import (
    Answer,
    Citation,
    Conflict,
    Mode,
    Outcome,
    Passage,
    Reason,
    Support,
    Verdict,
)

DECLINED = "The documents do not say."
EMPTY = "Nothing has been indexed yet."
OTHERWISE = "The documents say otherwise."
_SILENT = {Reason.NOTHING_INDEXED: EMPTY, Reason.FALSE_PREMISE: OTHERWISE}


def decide(
    question: str,
    verdicts: Sequence[Verdict],
    passages: Sequence[Passage],
    *,
    mode: Mode,
    reason: Reason | None = None,
) -> Answer:
    """Keep the supported claims, drop the rest with their reasons, abstain when none is left.

    `Answer.text` is made of supported claims and their labels alone; nothing else that a
    model wrote has a way into it, and no link of its own into what is dropped. Passages are
    labelled anew, the cited ones first.

    Args:
        question: What was asked.
        verdicts: Every claim that was made, judged, in the order to be shown.
        passages: What the answer may draw on; shown with an abstention as the nearest.
        mode: Who worded the claims.
        reason: Why there may be no or only part of an answer, if that is known already.
    """
    stands = [v.support is Support.SUPPORTED and bool(v.claim.citations) for v in verdicts]
    labels = _labels([v for v, s in zip(verdicts, stands, strict=True) if s], passages)
    shown = tuple(_relabelled(v, labels) for v, s in zip(verdicts, stands, strict=True) if s)
    fallen = [withheld(v) for v, s in zip(verdicts, stands, strict=True) if not s]
    dropped = tuple(_relabelled(verdict, labels) for verdict in fallen)
    if not shown:
        reason = reason or (Reason.UNSUPPORTED_DRAFT if verdicts else Reason.WEAK_EVIDENCE)
        outcome, text = Outcome.ABSTAINED, _SILENT.get(reason, DECLINED)
    else:
        reason = reason or (Reason.CLAIMS_DROPPED if dropped else None)
        outcome = Outcome.PARTIAL if dropped else Outcome.ANSWERED
        text = "".join(v.claim.lead + _with_labels(v) for v in shown).strip()
    return Answer(
        question,
        outcome,
        reason,
        text,
        mode,
        shown,
        dropped,
        tuple(sorted((replace(p, label=labels[p.label]) for p in passages), key=lambda p: p.label)),
    )


def show_conflicts(
    answer: Answer, conflicts: Sequence[Conflict], passages: Sequence[Passage]
) -> Answer:
    """Return `answer` with quotes that disagree, under the labels the answer gave its passages.

    Only a disagreement about what is shown: one of its sides is cited, or holds the words that
    are the answer. An answer for which nothing else speaks gets it as its reason.

    Args:
        answer: As `decide` made it, an abstention too.
        conflicts: Citing passages by the labels of `passages`.
        passages: What the answer was made from, as they were labelled then.
    """
    new = {passage.chunk.id: passage.label for passage in answer.passages}
    labels = {p.label: new[p.chunk.id] for p in passages if p.chunk.id in new}
    conflicts = [conflict for conflict in conflicts if _concerns(answer, conflict)]
    disagree = not all(conflict.superseded for conflict in conflicts)
    return replace(
        answer,
        reason=answer.reason or (Reason.SOURCES_DISAGREE if disagree else None),
        conflicts=tuple(
            replace(c, first=_cited(c.first, labels), second=_cited(c.second, labels))
            for c in conflicts
        ),
    )


def _concerns(answer: Answer, conflict: Conflict) -> bool:
    return any(
        (cited.document_id == side.document_id and cited.span.overlaps(side.span))
        or verdict.claim.text in side.quote
        for verdict in answer.verdicts
        for cited in verdict.claim.citations
        for side in (conflict.first, conflict.second)
    )


def _labels(shown: Sequence[Verdict], passages: Sequence[Passage]) -> dict[int, int]:
    """Map old labels to new ones, counted from 1 in the order in which a reader meets them."""
    met = [citation.label for verdict in shown for citation in verdict.claim.citations]
    order = dict.fromkeys([*met, *(passage.label for passage in passages)])
    return {old: new for new, old in enumerate(order, 1)}


def _relabelled(verdict: Verdict, labels: Mapping[int, int]) -> Verdict:
    citations = tuple(_cited(citation, labels) for citation in verdict.claim.citations)
    return replace(verdict, claim=replace(verdict.claim, citations=citations))


def _cited(citation: Citation, labels: Mapping[int, int]) -> Citation:
    return replace(citation, label=labels.get(citation.label, citation.label))


def _with_labels(verdict: Verdict) -> str:
    labels = dict.fromkeys(citation.label for citation in verdict.claim.citations)
    return verdict.claim.text + " " + "".join(f"[{label}]" for label in labels)
