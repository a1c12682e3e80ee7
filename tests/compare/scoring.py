"""Replies become figures, by the rules of `rag eval`: what is right, which citations hold."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from rag.evaluate.answers import abstention, answers
from rag.evaluate.bootstrap import Figure, figure, mean, once, percentile
from rag.evaluate.citations import citations
from rag.evaluate.datasets import Question
from rag.evaluate.judge import Judge
from rag.evaluate.metrics import ranking_scores
from rag.evaluate.record import Quote, Said, Told
from rag.text import sentences
from tests.compare.refusals import refuses

_MARK = re.compile(r"\[\d+\]")


@dataclass(frozen=True, slots=True)
class Reply:
    """What a system answered to one question."""

    question: Question
    text: str = ""
    said: tuple[Said, ...] = ()
    """Its sentences, each with what stands behind it."""
    marked: int = 0
    """How many sentences say themselves where they come from."""
    ms: float = 0.0
    error: str = ""

    @property
    def answered(self) -> bool:
        """Return whether there is an answer; a failure has no text and is none."""
        return not refuses(self.text)

    @property
    def told(self) -> Told:
        """Return it as `rag eval` keeps answers."""
        said = self.said if self.answered else ()
        return Told("answered" if said else "abstained", 0.0, said, (), None, {"total": self.ms})


@dataclass
class Run:
    """One system on one set."""

    start_s: float = 0.0
    ingest_s: float = 0.0
    chunks: int = 0
    documents: int = 0
    index_mb: float = 0.0
    peak_mb: float = 0.0
    versions: Mapping[str, str] = field(default_factory=dict[str, str])
    ranked: dict[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    """Question id to document ids, best first."""
    search_ms: list[float] = field(default_factory=list[float])
    replies: list[Reply] = field(default_factory=list[Reply])


def reply_of(
    question: Question, answer: Mapping[str, object], texts: Mapping[str, tuple[str, str]]
) -> Reply:
    """Return a system's line as a reply.

    A system that cites by sentence is taken at its word, and the characters are checked by
    itself; of any other, every passage it returns stands behind every sentence, and is exact
    when the document has this text at the place the library names.

    Args:
        question: What was asked.
        answer: The line: `text`, `sources`, `sentences`, `ms`, or `error`.
        texts: Document id to title and text.
    """
    ms = float(str(answer.get("ms", 0)))
    if "error" in answer:
        return Reply(question, ms=ms, error=str(answer["error"]))
    text, cited = str(answer["text"]), answer["sentences"]
    if isinstance(cited, list):
        said = tuple(
            Said(sentence, tuple(Quote(quote, title, exact) for title, quote, exact in quotes))
            for sentence, quotes in cited
        )
        return Reply(question, text, said, sum(bool(one.quotes) for one in said), ms)
    quotes = tuple(_quote(source, texts) for source in answer["sources"])  # type: ignore[attr-defined]
    spoken = [span.of(text) for span in sentences(text)]
    marked = sum(bool(_MARK.search(sentence)) for sentence in spoken)
    return Reply(question, text, tuple(Said(s, quotes) for s in spoken), marked, ms)


def figures(run: Run, qrels: Mapping[str, Mapping[str, int]], judge: Judge) -> dict[str, Figure]:
    """Return the figures of one system on one set, each with its interval."""
    replies = run.replies
    shown = [reply for reply in replies if reply.answered]
    pairs = [(reply.question, reply.told) for reply in replies]
    told = [reply.told for reply in shown]
    bare = [reply.answered for reply in replies if not reply.question.answerable]
    golden = [reply.answered for reply in replies if reply.question.answerable]
    return {
        **answers(pairs),
        **abstention(pairs),
        "answered.answerable": mean(golden),
        "answered.unanswerable": mean(bare),
        **citations(told, judge),
        "citations.sentences_cited": _ratio([(r.marked, len(r.said)) for r in shown]),
        "citations.words": percentile([w for one in told for w in _words(one)], 50),
        **_ranking(run, qrels),
        **_cost(run),
    }


def _quote(source: Sequence[object], texts: Mapping[str, tuple[str, str]]) -> Quote:
    id_, start, content = source
    title, text = texts.get(str(id_), ("", ""))
    exact = isinstance(start, int) and bool(content) and text[start:].startswith(str(content))
    return Quote(str(content), title, exact)


def _words(told: Told) -> list[int]:
    """Return for each sentence how many words are to be read to check it."""
    return [sum(len(quote.text.split()) for quote in said.quotes) for said in told.said]


def _ranking(run: Run, qrels: Mapping[str, Mapping[str, int]]) -> dict[str, Figure]:
    judged = {id_: qrels[id_] for id_ in run.ranked if id_ in qrels}
    if not judged:
        return {}
    order = {id_: {d: -float(i) for i, d in enumerate(ids)} for id_, ids in run.ranked.items()}
    scores = ranking_scores(judged, order)
    return {
        f"retrieval.{name}": mean(list(scores[name].values())) for name in ("ndcg@10", "recall@5")
    }


def _cost(run: Run) -> dict[str, Figure]:
    times = [reply.ms for reply in run.replies if not reply.error]
    return {
        "speed.start_seconds": once(run.start_s),
        "speed.ingest_seconds": once(run.ingest_s),
        "speed.documents_per_second": once(run.documents / max(run.ingest_s, 0.01)),
        "speed.chunks": once(run.chunks),
        "speed.index_mb": once(run.index_mb),
        "speed.retrieve_p50_ms": percentile(run.search_ms, 50),
        "speed.answer_p50_ms": percentile(times, 50),
        "speed.answer_p95_ms": percentile(times, 95),
        "speed.peak_rss_mb": once(run.peak_mb),
        "errors": once(sum(bool(reply.error) for reply in run.replies)),
    }


def _ratio(counts: Sequence[tuple[int, int]]) -> Figure:
    """Return the share of cited sentences over all answers, resampled by answer."""
    kept = np.asarray([row for row in counts if row[1]], np.float64).reshape(-1, 2)
    return figure(lambda rows: float(kept[rows, 0].sum() / kept[rows, 1].sum()), len(kept))
