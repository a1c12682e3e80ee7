"""What a report says, before it is HTML or Markdown: read from the JSON that a run writes."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rag.evaluate.failures import FAILURES
from rag.evaluate.report.drawn import Chart, charts_of
from rag.evaluate.report.figures import (
    Leaf,
    Line,
    Number,
    flat,
    groups_of,
    judge_note,
    numbers_of,
)
from rag.evaluate.report.story import Story, story_of, worst
from rag.evaluate.report.words import counted, percent

Run = Mapping[str, Any]
"""A run as its JSON has it, rows included."""
WORST = 10


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of failure, how often it happened, and the worst examples."""

    label: str
    count: int
    share: float
    stories: tuple[Story, ...]


@dataclass(frozen=True, slots=True)
class Content:
    """Everything a report says."""

    title: str
    lede: tuple[str, ...]
    partial: bool
    numbers: tuple[Number, ...]
    groups: tuple[tuple[str, tuple[Line, ...]], ...]
    judge: str
    charts: tuple[Chart, ...]
    failed: int
    of: int
    kinds: tuple[Kind, ...]
    facts: tuple[tuple[str, str], ...]
    command: str


def content_of(run: Run) -> Content:
    """Return what there is to say about a run."""
    figures = dict(flat(run))
    rows = run["rows"]
    failed = [row for row in rows if row.get("failure")]
    kinds = tuple(_kinds(failed))
    return Content(
        f"{run['set']}: {_what(run)}",
        tuple(_lede(run, figures, kinds)),
        bool(run["partial"]),
        tuple(numbers_of(figures, rows))[:3],
        tuple(groups_of(figures)),
        judge_note(figures),
        tuple(charts_of(run, figures)),
        len(failed),
        len(rows),
        kinds,
        tuple(_facts(run)),
        str(run.get("command", "")),
    )


_NOUNS = {"claims": "claim", "injection": "planted text", "feedback": "judgement"}


def _noun(run: Run) -> str:
    """Return what a run is made of, by its only task; `question` for all others."""
    return _NOUNS.get(run["tasks"][0], "question") if len(run["tasks"]) == 1 else "question"


def _what(run: Run) -> str:
    noun = _noun(run)
    part = f", {run['split']} half" if run["split"] else ""
    return counted(run["items"], noun) + part


def _lede(run: Run, figures: Mapping[str, Leaf], kinds: Sequence[Kind]) -> Iterator[str]:
    noun = _noun(run)
    half = f"the {run['split']} half of " if run["split"] else ""
    drawn = f" (drawn at random, seed {run['seed']})" if run["limit"] else ""
    when = f" on {day(run['when'])}" if run.get("when") else ""
    items = f"{counted(run['items'], noun)} from {half}{run['set']}{drawn}"
    were = "was" if run["items"] == 1 else "were"
    if noun == "claim":
        yield f"{items} {were} judged by the verifier and the exact checks{when}."
    elif noun == "planted text":
        yield f"{items} {were} put into documents, and asked about in {run['mode']} mode{when}."
    elif noun == "judgement":
        yield f"{items} {were} replayed: each question was asked again{when}."
    elif {"answers", "abstention"} & set(run["tasks"]):
        yield f"{items} {were} asked in {run['mode']} mode{when}."
    else:
        yield f"{items} {were} searched for{when}."
    yield from _fidelity(figures.get("citations.quote_fidelity"))
    if kinds:
        most = max(kinds, key=lambda kind: kind.count)
        of = sum(kind.count for kind in kinds)
        label = most.label[0].lower() + most.label[1:]
        yield f"Of {counted(of, 'failure')}, the most common ({most.count:,}): {label}."


def _fidelity(figure: Leaf | None) -> Iterator[str]:
    if figure is None or figure["value"] is None:
        return
    n = counted(figure["n"], "quote")
    if figure["value"] == 1:
        yield f"All {n} shown equal their source, character for character."
    else:
        yield f"Of {n} shown, only {percent(figure['value'])} equal their source: that is a fault."


def _kinds(failed: Sequence[Mapping[str, Any]]) -> Iterator[Kind]:
    counts = Counter(row["failure"] for row in failed)
    examples = worst(failed, WORST)
    order = {kind: place for place, kind in enumerate(FAILURES)}
    for kind in sorted(counts, key=lambda one: (order.get(one, len(order)), one)):
        stories = tuple(story_of(row) for row in examples if row["failure"] == kind)
        label = FAILURES.get(kind, kind)
        yield Kind(label, counts[kind], counts[kind] / len(failed), stories)


def _facts(run: Run) -> Iterator[tuple[str, str]]:
    yield "Version", str(run["version"])
    yield "When", day(run["when"]) if run.get("when") else "not recorded"
    yield "Set", f"{run['set']}, SHA-256 {run['set_sha256']}"
    yield "Tasks", ", ".join(run["tasks"])
    yield "Took", f"{run['seconds']:,.0f} seconds; answers kept from earlier runs take none"
    machine = run["machine"]
    yield "Machine", ", ".join(f"{name} {value}" for name, value in machine.items())
    for role, model in run["models"].items():
        sums = "; ".join(f"{file} {sha}" for file, sha in (model["sha256"] or {}).items())
        yield (
            role.capitalize(),
            f"{model['name']}, {f'SHA-256 {sums}' if sums else 'no hash known'}",
        )
    for part, values in run["settings"].items():
        yield f"Settings: {part}", ", ".join(f"{key} = {value!r}" for key, value in values.items())


def day(when: str) -> str:
    """Return a moment in ISO 8601 as a person writes it."""
    moment = datetime.fromisoformat(when)
    return f"{moment.day} {moment:%B %Y, %H:%M} UTC"
