"""Runs as JSON, written by hand: what a report and a comparison read."""

import copy

FIGURE = {"value": 0.5, "n": 4, "ci95": [0.25, 0.75]}


def question(id_, state="right", *, text="It has four.", place="mill.md", **more):
    """Return the row of a question that was answered rightly, wrongly or not."""
    shown = "" if state == "declined" else text
    quotes = [{"text": shown, "title": "Mill", "place": place, "exact": True}] if shown else []
    metrics = {"answers.coverage": float(bool(shown)), "right": float(state == "right")}
    if shown:
        metrics["wrong"] = float(state == "wrong")
    row = {
        "kind": "question",
        "id": id_,
        "question": f"What is {id_}?",
        "gold": {
            "answerable": True,
            "answers": ["four"],
            "wrong_answers": [],
            "sentences": [],
            "documents": ["mill"],
        },
        "outcome": "answered" if shown else "abstained",
        "reason": None if shown else "weak_evidence",
        "confidence": 0.6,
        "answer": shown,
        "claims": [{"text": shown, "entailment": 0.9, "quotes": quotes}] if shown else [],
        "dropped": [],
        "conflicts": [],
        "passages": [{"text": "p", "title": "Mill", "score": 0.8, "gold": True}],
        "evidence": {
            "floor": 0.19,
            "best": [{"text": "It has four.", "title": "Mill", "score": 0.6, "gold": True}],
            "gold_rank": 1,
            "gold": {"text": "It has four.", "title": "Mill", "score": 0.6, "gold": True},
        },
        "draft": None,
        "retrieval": {},
        "timings_ms": {"retrieve": 5.0, "total": 50.0},
        "failure": {"right": None, "wrong": "wrong_sentence"}.get(state, "below_floor"),
        "metrics": metrics,
    }
    return {**row, **more}


def claim(id_, *, label="supported", score=0.9, shown=True):
    """Return the row of a claim."""
    supported = label == "supported"
    failure = None if shown is supported else "held_back" if supported else "let_through"
    return {
        "kind": "claim",
        "id": id_,
        "claim": f"Claim {id_}.",
        "source": "here",
        "evidence": ["Evidence."],
        "label": label,
        "score": score,
        "said": "supported" if score >= 0.5 else "unsupported",
        "shown": shown,
        "objections": [] if shown else ["number 6 is in no cited passage"],
        "failure": failure,
        "metrics": {"claims.accuracy": float((score >= 0.5) is supported)},
    }


def run_of(rows, **more):
    """Return a run with these rows."""
    run = {
        "version": "0.1.0",
        "settings": {"answer": {"relevance_floor": 0.19, "support_floor": 0.5}},
        "models": {"embedder": {"name": "mini", "sha256": {"model.bin": "ab12"}}},
        "machine": {"cpu": "one", "cores": 2},
        "set": "village",
        "set_sha256": "5e7",
        "tasks": ["answers", "abstention", "speed"],
        "mode": "extractive",
        "split": None,
        "limit": None,
        "seed": 0,
        "index": "eval-1",
        "items": len(rows),
        "partial": False,
        "seconds": 3.0,
        "answers": {"coverage": FIGURE},
        "when": "2026-01-02T03:04:05+00:00",
        "command": "rag eval village",
        "rows": rows,
    }
    return copy.deepcopy({**run, **more})
