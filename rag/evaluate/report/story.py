"""The story of one failure: what was asked, what came out, what each step did on the way.

Rows are read as JSON gives them back, so a field that an older or other run lacks is left out.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rag.evaluate.report.charts import STAGES
from rag.evaluate.report.words import OUTCOMES, REASONS

RowOf = Mapping[str, Any]
"""A row of a run, read from JSON."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A quote and where it stands."""

    text: str
    title: str
    place: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the pipeline and what it did, line by line."""

    name: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Story:
    """One question or claim, told so that a person sees why it failed."""

    id: str
    asked: str
    gold: str
    answer: str
    """Empty when it is nothing but its quotes."""
    of_quotes: str
    """What the quotes are."""
    quotes: tuple[Shown, ...]
    steps: tuple[Step, ...]


def story_of(row: RowOf) -> Story:
    """Return the story of a row."""
    tellers = {
        "claim": _of_claim,
        "question": _of_question,
        "planted": _of_planted,
        "feedback": _of_feedback,
    }
    return tellers.get(row["kind"], _of_other)(row)


def severity(row: RowOf) -> float:
    """Return how bad a failure is: what was shown wrongly and surely comes first."""
    if row["kind"] == "planted":
        lost = float(row["clean_f1"]) - float(row["f1"])
        return 10.0 * len(row["leaked"]) + 2.0 * len(row["followed"]) + lost
    if row["kind"] not in {"claim", "question"}:
        return 2.0
    if row["kind"] == "claim":
        wanted = 1.0 if row["label"] == "supported" else 0.0
        return abs(wanted - float(row["score"])) + (0 if wanted else 1)
    if "outcome" not in row:  # only its documents were ranked
        rank = row["retrieval"]["fused"]["gold_rank"] if row["retrieval"] else None
        return float("inf") if rank is None else float(rank)
    shown = bool(row.get("answer"))
    return (2.0 if shown else 0.0) + float(row.get("confidence") or 0.0)


def worst(rows: Iterable[RowOf], most: int) -> list[RowOf]:
    """Return the worst failures, of as many kinds as there are: the worst of each, then more."""
    kinds: dict[str, list[RowOf]] = {}
    for row in sorted(rows, key=severity, reverse=True):
        kinds.setdefault(row["failure"], []).append(row)
    depth = max((len(kind) for kind in kinds.values()), default=0)
    return [kind[n] for n in range(depth) for kind in kinds.values() if n < len(kind)][:most]


def _of_claim(row: RowOf) -> Story:
    objections = tuple(row["objections"]) or ("nothing speaks against it",)
    said = f"the verifier scored it {row['score']:.2f}: {row['said']}"
    decided = "it would be shown" if row["shown"] else "it would be held back"
    return Story(
        row["id"],
        row["claim"],
        f"people say: {row['label']}",
        decided,
        "Evidence",
        tuple(Shown(text, "", row.get("source") or "") for text in row["evidence"]),
        (Step("Verifier", (said,)), Step("Exact checks", objections), Step("Decision", (decided,))),
    )


def _of_planted(row: RowOf) -> Story:
    did = [f"followed: {word}" for word in row["followed"]]
    did += [f"leaked: {word}" for word in row["leaked"]]
    family = f" ({row['family']})" if row["family"] else ""
    return Story(
        row["id"],
        row["question"],
        f"as without the text: {row['clean'] or 'no answer'}",
        row["shown"] or "Declined to answer.",
        f"Planted{family}, {row['place']} of the passage",
        (Shown(row["planted"], "", ""),),
        (Step("What it did", tuple(did) or ("the answer is gone",)),),
    )


def _of_feedback(row: RowOf) -> Story:
    wanted = [row["verdict"].replace("_", " ")]
    wanted += [row["reason"]] if row["reason"] else []
    wanted += [f"expected: {row['expected']}"] if row["expected"] else []
    return Story(
        row["id"],
        row["question"],
        f"people said: {'; '.join(wanted)}",
        row["now"] or "Declined to answer.",
        "Answered then",
        (Shown(row["then"], "", ""),) if row["then"] else (),
        (Step("Amiss", (row["why"],)),),
    )


def _of_other(row: RowOf) -> Story:
    """Tell a row of a kind that this page does not know: everything in it that is plain."""
    told = {k: v for k, v in row.items() if isinstance(v, (str, int, float)) and k != "id"}
    asked = next((str(told[key]) for key in ("question", "text") if key in told), row["id"])
    lines = tuple(f"{key}: {value}" for key, value in told.items())
    return Story(row["id"], asked, "", "", "Quote", (), (Step("Noted", lines),))


def _of_question(row: RowOf) -> Story:
    quotes = [q for claim in row.get("claims", ()) for q in claim["quotes"]]
    ranked = " ".join(_retrieval(row)[:1])
    answer = row.get("answer") or ("Declined to answer." if "outcome" in row else ranked)
    own = _flat(answer) == _flat(" ".join(quote["text"] for quote in quotes))
    steps = (
        ("Retrieval", _retrieval(row)),
        ("Passages read", _passages(row.get("passages") or ())),
        ("Evidence", _evidence(row.get("evidence") or {})),
        ("Draft", [row["draft"]] if row.get("draft") else []),
        ("Verification", _verification(row)),
        ("Decision", _decision(row)),
    )
    return Story(
        row["id"],
        row["question"],
        _gold(row["gold"]),
        "" if own else answer,
        "Came out" if own else "Quote",
        tuple(_shown(quote) for quote in quotes),
        tuple(Step(name, tuple(lines)) for name, lines in steps if lines),
    )


def _shown(quote: Mapping[str, Any]) -> Shown:
    title = quote["title"] if quote["title"] not in quote["place"] else ""
    return Shown(quote["text"], title, quote["place"])


def _flat(text: str) -> str:
    return " ".join(text.split())


def _gold(gold: Mapping[str, Any]) -> str:
    if gold["answerable"] is False:
        return "The documents do not say."
    parts = [" / ".join(gold["answers"])] if gold["answers"] else []
    if gold["documents"]:
        parts.append(f"in {', '.join(gold['documents'][:3])}")
    return "; ".join(parts) or "not known"


def _retrieval(row: RowOf) -> list[str]:
    stages = row.get("retrieval") or {}
    if not stages:
        return []
    ranks = [
        f"{words}: {'not found' if (rank := stages[s]['gold_rank']) is None else f'rank {rank}'}"
        for s, words in STAGES.items()
        if s in stages
    ]
    first = ", ".join(f"{one['id']} ({one['score']:.2f})" for one in stages["fused"]["top"][:3])
    return [f"gold document {'; '.join(ranks)}", f"ranked first: {first or 'nothing'}"]


def _passages(passages: Sequence[Mapping[str, Any]]) -> list[str]:
    return [
        f"{place}. {one['title'] or 'untitled'} ({one['score']:.2f})" + _mark(one)
        for place, one in enumerate(passages, 1)
    ]


def _evidence(evidence: Mapping[str, Any]) -> list[str]:
    if not evidence:
        return []
    lines = [
        f"{one['score']:.2f}  {one['text']} ({one['title'] or 'untitled'})" + _mark(one)
        for one in evidence["best"]
    ]
    gold, rank = evidence["gold"], evidence["gold_rank"]
    if gold is not None and rank > len(lines):
        lines.append(f"{gold['score']:.2f}  {gold['text']}" + _mark(gold) + f", place {rank}")
    return [*lines, f"floor {evidence['floor']:g}"]


def _mark(one: Mapping[str, Any]) -> str:
    return "  ← gold" if one["gold"] else ""


def _verification(row: RowOf) -> list[str]:
    kept = [f"kept at {c['entailment']:.2f}: {c['text']}" for c in row.get("claims", ())]
    dropped = [
        f"dropped at {one['entailment']:.2f}: {one['text']} ({'; '.join(one['reasons'])})"
        for one in row.get("dropped", ())
    ]
    return [*kept, *dropped]


def _decision(row: RowOf) -> list[str]:
    if "outcome" not in row:
        return []
    reason = f", because {REASONS.get(row['reason'], row['reason'])}" if row["reason"] else ""
    outcome = OUTCOMES.get(row["outcome"], row["outcome"])
    total = row["timings_ms"].get("total")
    took = f"; {total:,.0f} ms" if total is not None else ""
    return [f"{outcome}{reason}; confidence {row['confidence']:.2f}{took}"]
