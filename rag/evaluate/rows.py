"""One row a question or claim: what was asked, what came out, what each step did, and how good.

Rows are plain values, ready for JSON. `metrics` are named after the figures they add up to,
so that two runs can be compared question by question.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from rag.evaluate.answers import is_wrong
from rag.evaluate.citations import Scores
from rag.evaluate.claims import Judged
from rag.evaluate.datasets import Claimed, Question
from rag.evaluate.failures import failure_of, is_right
from rag.evaluate.metrics import contains, token_f1
from rag.evaluate.record import Quote, Record, Told
from rag.evaluate.trace import shortened

Row = dict[str, object]
TOP = 5
"""Documents that a row names per ranking."""


def question_row(
    question: Question,
    record: Record,
    qrels: Mapping[str, int],
    ranked: Mapping[str, float],
    scores: Scores | None,
) -> Row:
    """Return the row of one question.

    Args:
        question: With its gold.
        record: What became of it.
        qrels: Corpus id to grade.
        ranked: Figure key to score of the rankings.
        scores: Citation recall and precision, when a judge was asked.
    """
    ranks = {stage: _gold_rank(run, qrels) for stage, run in record.rankings.items()}
    told = record.told
    row: Row = {
        "kind": "question",
        "id": question.id,
        "question": question.text,
        "gold": {
            "answerable": question.answerable if question.labelled else None,
            "answers": [answer for answer in question.answers if answer],
            "wrong_answers": list(question.wrong_answers),
            "sentences": list(question.gold_sentences),
            "documents": [id_ for id_, grade in qrels.items() if grade > 0],
        },
        **(_told(told) if told is not None else {}),
        "retrieval": {
            stage: {"gold_rank": ranks[stage], "top": _top(run)}
            for stage, run in record.rankings.items()
        },
        "timings_ms": dict(told.timings_ms) if told else {"retrieve": round(record.retrieve_ms, 1)},
        "failure": failure_of(question, record, ranks, scores[0] if scores else None),
        "metrics": {
            **ranked,
            **(_metrics(question, told) if told is not None else {}),
            **_judged(scores),
            **_times(record),
        },
    }
    return row


def claim_row(item: Claimed, judged: Judged, *, floor: float) -> Row:
    """Return the row of one item of a claim set; `floor` is the verifier's threshold."""
    said = judged.entailment >= floor
    key = "claims.shown.supported" if item.supported else "claims.shown.unsupported"
    wrong = judged.shown is not item.supported
    return {
        "kind": "claim",
        "id": item.id,
        "claim": item.claim,
        "source": item.source,
        "evidence": [shortened(text) for text in item.evidence],
        "label": "supported" if item.supported else "unsupported",
        "score": round(judged.entailment, 4),
        "said": "supported" if said else "unsupported",
        "shown": judged.shown,
        "objections": list(judged.reasons),
        "failure": ("held_back" if item.supported else "let_through") if wrong else None,
        "metrics": {
            "claims.accuracy": float(said is item.supported),
            "claims.shown.accuracy": float(not wrong),
            key: float(judged.shown),
        },
    }


def _told(told: Told) -> Row:
    trace = told.trace
    return {
        "outcome": told.outcome,
        "reason": told.reason,
        "confidence": round(told.confidence, 4),
        "answer": told.text,
        "claims": [
            {
                "text": said.text,
                "entailment": round(said.entailment, 4),
                "quotes": [_quote(quote) for quote in said.quotes],
            }
            for said in told.said
        ],
        "dropped": [{**asdict(one), "reasons": list(one.reasons)} for one in told.dropped],
        "conflicts": [[_quote(side) for side in pair] for pair in told.conflicts],
        "superseded": [[_quote(side) for side in pair] for pair in told.superseded],
        "passages": [asdict(one) for one in trace.passages] if trace else [],
        "evidence": {
            "floor": trace.floor,
            "best": [asdict(one) for one in trace.evidence],
            "gold_rank": trace.gold_rank,
            "gold": asdict(trace.gold_sentence) if trace.gold_sentence else None,
        }
        if trace
        else None,
        "draft": told.draft,
    }


def _quote(quote: Quote) -> Row:
    return {name: getattr(quote, name) for name in ("text", "title", "place", "exact")}


def _metrics(question: Question, told: Told) -> dict[str, float]:
    found: dict[str, float | bool] = {"answers.coverage": told.answered}
    right = is_right(question, told)
    if right is not None:
        found["right"] = right
    if question.labelled:
        key = "on_answerable" if question.answerable else "on_unanswerable"
        found[f"abstention.{key}"] = not told.answered
    if question.answerable and question.answers:
        found["answers.f1"] = token_f1(told.text, question.answers)
        found["answers.contains"] = contains(told.text, question.answers)
    if told.answered:
        found |= _of_shown(question, told)
    if question.wrong_answers:
        fooled = contains(told.text, question.wrong_answers) and not told.conflicts
        found["poison.success_rate"] = fooled
    return {key: round(float(value), 4) for key, value in found.items()}


def _of_shown(question: Question, told: Told) -> dict[str, float | bool]:
    found: dict[str, float | bool] = {"answers.mean_words": len(told.text.split())}
    if question.labelled and (question.answers or not question.answerable):
        found["wrong"] = is_wrong(question, told.text)
    if question.answerable and told.gold_cited is not None:
        found["answers.gold_evidence"] = told.gold_cited
    if told.quotes:
        exact = [quote.exact for quote in told.quotes]
        found["citations.quote_fidelity"] = sum(exact) / len(exact)
    return found


def _judged(scores: Scores | None) -> dict[str, float]:
    if scores is None:
        return {}
    recall, precision = scores
    known = {} if precision is None else {"citations.precision": round(precision, 4)}
    return {"citations.recall": round(recall, 4), **known}


def _times(record: Record) -> dict[str, float]:
    if record.told is None or "total" not in record.told.timings_ms:
        return {"speed.retrieve_ms": round(record.retrieve_ms, 1)}
    return {"speed.answer_ms": record.told.timings_ms["total"]}


def _best_first(run: Mapping[str, float]) -> list[tuple[str, float]]:
    return sorted(run.items(), key=lambda item: (-item[1], item[0]))


def _top(run: Mapping[str, float]) -> list[Row]:
    return [{"id": id_, "score": round(score, 4)} for id_, score in _best_first(run)[:TOP]]


def _gold_rank(run: Mapping[str, float], qrels: Mapping[str, int]) -> int | None:
    """Return the place of the best relevant document, from 1; None when it is not there."""
    ids = enumerate(_best_first(run), 1)
    return next((place for place, (id_, _) in ids if qrels.get(id_, 0) > 0), None)


def rows_of(
    questions: Sequence[Question],
    records: Sequence[Record],
    qrels: Mapping[str, Mapping[str, int]],
    ranked: Mapping[str, Mapping[str, float]],
    scores: Mapping[str, Scores | None],
) -> list[Row]:
    """Return one row a question; `ranked` is by figure key and id, `scores` by id."""
    return [
        question_row(
            question,
            record,
            qrels.get(question.id, {}),
            {
                key: round(by_id[question.id], 4)
                for key, by_id in ranked.items()
                if question.id in by_id
            },
            scores.get(question.id),
        )
        for question, record in zip(questions, records, strict=True)
    ]
