"""One rule for all systems: what is a refusal, what is right, which citations hold."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from rag.evaluate.citations import alce, as_evidence, questions_of
from rag.evaluate.datasets import Question
from rag.evaluate.judge import Judge
from rag.evaluate.metrics import contains, ranking_scores, token_f1
from rag.evaluate.record import Quote, Said
from rag.text import sentences

REFUSALS = (
    r"(?:do|does|did|can|could)(?:n['\u2019]t| not|not) (?:\w+ ){0,3}?(?:know|say|mention|provide|"
    r"specify|specif|contain|include|answer|state|give|determine|find|have (?:enough|any|the))",
    r"(?:not|isn['\u2019]t|aren['\u2019]t) (?:\w+ ){0,2}?(?:mentioned|provided|specified|stated|"
    r"given|available|clear|discussed|included|contained|enough)",
    r"no (?:\w+ )?(?:information|mention|answer|context|details?)",
    r"(?:unable|impossible) to (?:\w+ )?(?:answer|determine|say|find)",
    r"\bunknown\b|\bempty response\b|\bi['\u2019]?m sorry\b|\bunanswerable\b|\bcannot\b",
)
_REFUSAL = re.compile("|".join(REFUSALS), re.IGNORECASE)


@dataclass
class Reply:
    """What a system did with one question."""

    question: Question
    ranked: Sequence[str] = ()
    search_ms: float = 0.0
    text: str = ""
    said: Sequence[Said] = ()
    ask_ms: float = 0.0
    error: str = ""

    @property
    def answered(self) -> bool:
        """Return whether there is an answer; a failure is none."""
        return not self.error and not refuses(self.text)


@dataclass
class Run:
    """One system on one set."""

    ingest_s: float
    chunks: int
    peak_mb: float
    replies: list[Reply] = field(default_factory=list)


def refuses(text: str) -> bool:
    """Return whether a text declines: empty, or its first sentence says it does not know."""
    spans = sentences(text)
    return not spans or bool(_REFUSAL.search(spans[0].of(text)))


def said_by(text: str, sources: Sequence[Sequence[str]]) -> list[Said]:
    """Return the sentences of a text, each citing every source, as a reader must take it."""
    quotes = tuple(Quote(content, title, False) for title, content in sources)
    return [Said(span.of(text), quotes) for span in sentences(text)]


def scores(
    run: Run, qrels: Mapping[str, Mapping[str, int]], judge: Judge
) -> dict[str, float | None]:
    """Return the row of a table; None where the set says nothing."""
    replies = run.replies
    golden = [r for r in replies if r.question.answerable and r.question.answers]
    bare = [r for r in replies if not r.question.answerable]
    shown = [r for r in replies if r.answered]
    judged = {r.question.id for r in replies} & qrels.keys()
    ranking = ranking_scores(
        {id_: qrels[id_] for id_ in judged},
        {r.question.id: {d: -i for i, d in enumerate(r.ranked)} for r in replies},
    )
    recall, precision = _citations(shown, judge)
    quotes = [quote.exact for r in shown for said in r.said for quote in said.quotes]
    return {
        "ingest_s": run.ingest_s,
        "chunks": run.chunks,
        "peak_mb": run.peak_mb,
        "ndcg@10": _mean(list(ranking["ndcg@10"].values())),
        "recall@5": _mean(list(ranking["recall@5"].values())),
        "answered": _mean([r.answered for r in golden]),
        "unanswerable_answered": _mean([r.answered for r in bare]),
        "f1": _mean([token_f1(r.text, r.question.answers) if r.answered else 0 for r in golden]),
        "contains": _mean([r.answered and contains(r.text, r.question.answers) for r in golden]),
        "words": _mean([len(r.text.split()) for r in shown]),
        "citation_recall": recall,
        "citation_precision": precision,
        "exact_quotes": _mean(quotes),
        "retrieve_p50_ms": _percentile([r.search_ms for r in replies], 50),
        "answer_p50_ms": _percentile([r.ask_ms for r in replies], 50),
        "answer_p95_ms": _percentile([r.ask_ms for r in replies], 95),
        "errors": float(sum(bool(r.error) for r in replies)),
    }


def _citations(shown: Sequence[Reply], judge: Judge) -> tuple[float | None, float | None]:
    asked = list(dict.fromkeys(key for r in shown for said in r.said for key in questions_of(said)))
    if not asked:
        return None, None
    evidence = [as_evidence(quotes) for _, quotes in asked]
    verdicts = judge.supports(evidence, [text for text, _ in asked])
    held = dict(zip(asked, map(bool, verdicts), strict=True))
    rows = [alce(r.said, held) for r in shown if r.said]
    return _mean([r for r, _ in rows]), _mean([p for _, p in rows if p is not None])


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None


def _percentile(values: Sequence[float], share: float) -> float | None:
    return float(np.percentile(values, share)) if values else None
