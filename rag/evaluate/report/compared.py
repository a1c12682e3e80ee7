"""A comparison of two runs in words: for a terminal, as Markdown, as a page."""

from collections.abc import Iterator
from dataclasses import dataclass

from rag.evaluate.bootstrap import Difference
from rag.evaluate.compare import CHANGES, Change, Comparison, Side
from rag.evaluate.report.markdown import plain
from rag.evaluate.report.page import rendered
from rag.evaluate.report.words import Meaning, counted, meaning_of

MOST = 10
"""Changed questions of a kind that a terminal shows."""


@dataclass(frozen=True, slots=True)
class Told:
    """One difference as a reader meets it."""

    key: str
    label: str
    a: str
    b: str
    difference: str
    p: str
    n: str
    verdict: str
    """better, worse, slower, faster, more, less, or nothing when it may be chance."""


def told(key: str, difference: Difference) -> Told:
    """Return a difference in words."""
    meaning = meaning_of(key)
    return Told(
        key,
        meaning.label,
        meaning.shown(difference.a) + meaning.suffix,
        meaning.shown(difference.b) + meaning.suffix,
        f"{_signed(meaning, difference.value)} "
        f"({_signed(meaning, difference.low)} to {_signed(meaning, difference.high)})",
        f"{difference.p:.3f}" if difference.p >= 0.001 else "< 0.001",
        f"{difference.n:,}",
        _verdict(meaning, difference),
    )


def sentences(found: Comparison) -> Iterator[str]:
    """Yield what a comparison comes to, in words."""
    only = [
        f"{counted(n, 'question')} only in {name}, left out"
        for n, name in ((found.only_a, "A"), (found.only_b, "B"))
        if n
    ]
    rest = f" ({'; '.join(only)})" if only else ""
    yield f"{counted(found.common, 'item')} of {found.set_name} that both runs have{rest}."
    if found.only_a or found.only_b:
        yield "The question sets differ, so neither run's own figures are those compared here."
    yield from _verdicts(found)
    changes = "; ".join(f"{len(some)} {label}" for label, some in counts(found))
    yield f"Came out otherwise: {changes}." if changes else "No question came out otherwise."


_OPENINGS = {
    ("better",): "B is significantly better",
    ("worse",): "B is significantly worse",
    ("more", "less"): "Significantly different, neither better nor worse",
    ("faster", "slower"): "Different in time, which depends on what else the machine did",
}


def _verdicts(found: Comparison) -> Iterator[str]:
    lines = [told(key, one) for key, one in found.metrics.items()]
    if not any(line.verdict for line in lines):
        yield f"None of {counted(len(lines), 'metric')} differs by more than chance would explain."
        return
    for verdicts, opening in _OPENINGS.items():
        names = [f"{one.label} ({one.a} to {one.b})" for one in lines if one.verdict in verdicts]
        if names:
            yield f"{opening}: {'; '.join(names)}."
    yield (
        f"{counted(len(lines), 'metric')} were tested at the 5 % level each: about one in "
        "twenty differs by chance alone."
    )


def counts(found: Comparison) -> list[tuple[str, list[Change]]]:
    """Return each kind of change in words with its questions."""
    kinds = {kind: [change for change in found.changes if change.kind == kind] for kind in CHANGES}
    return [(CHANGES[kind], changes) for kind, changes in kinds.items() if changes]


def terminal_lines(found: Comparison) -> Iterator[str]:
    """Yield a comparison for a terminal."""
    yield from sentences(found)
    yield ""
    if found.differs:
        yield "What differs between the runs:"
        yield from (f"  {what}: {a} -> {b}" for what, a, b in found.differs)
    else:
        yield "Version, settings, models and machine are the same."
    yield ""
    yield f"{'':32} {'A':>10} {'B':>10}  {'difference (95 % interval)':<34} {'p':>7} {'n':>6}"
    for key, difference in found.metrics.items():
        one = told(key, difference)
        numbers = f"{one.a:>10} {one.b:>10}  {one.difference:<34} {one.p:>7} {one.n:>6}"
        yield f"{key:32} {numbers}  {one.verdict}".rstrip()
    for label, changes in counts(found):
        yield ""
        yield f"{len(changes)} {label}"
        for change in changes[:MOST]:
            yield f"  {_one_line(change.asked)} [{change.id}]"
            yield from (f"    {name}: {_one_line(said(side))}" for name, side in sides(change))
        if len(changes) > MOST:
            yield f"  and {len(changes) - MOST} more; --json or --report shows all"


def markdown_of_comparison(found: Comparison) -> str:
    """Return a comparison as Markdown."""
    return "\n".join(_markdown(found)) + "\n"


def html_of_comparison(found: Comparison) -> str:
    """Return a comparison as a page."""
    return rendered(
        "compare.html",
        found=found,
        sentences=list(sentences(found)),
        lines=[told(key, one) for key, one in found.metrics.items()],
        kinds=counts(found),
        sides=sides,
        said=said,
    )


def sides(change: Change) -> tuple[tuple[str, Side], tuple[str, Side]]:
    """Return both sides of a change with their names."""
    return ("A", change.a), ("B", change.b)


def said(side: Side) -> str:
    """Return what one run said, after what became of it."""
    return f"({side.state}) {side.answer}".strip()


def _markdown(found: Comparison) -> Iterator[str]:
    yield f"# {plain(found.set_name)}: two runs compared\n"
    yield from (f"{plain(sentence)}  " for sentence in sentences(found))
    yield "\n## What differs between the runs\n"
    yield from (f"- {plain(w)}: {plain(a)} → {plain(b)}" for w, a, b in found.differs)
    if not found.differs:
        yield "Nothing: version, settings, models and machine are the same."
    yield "\n## Every metric\n"
    yield "| metric | A | B | difference (95 % interval) | p | n | B is |"
    yield "|---|---|---|---|---|---|---|"
    for key, difference in found.metrics.items():
        one = told(key, difference)
        cells = (plain(one.label), one.a, one.b, one.difference, one.p, one.n, one.verdict)
        yield f"| {' | '.join(cells)} |"
    for label, changes in counts(found):
        yield f"\n## {len(changes)} {label}\n"
        for change in changes:
            yield f"- **{plain(change.asked)}** ({plain(change.id)})"
            yield from (f"  - {name}: {plain(said(side))}" for name, side in sides(change))


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _signed(meaning: Meaning, value: float) -> str:
    sign = "+" if value > 0 else "-" if value < 0 else ""
    return f"{sign}{meaning.shown(abs(value))}"


def _verdict(meaning: Meaning, difference: Difference) -> str:
    if not difference.significant:
        return ""
    up = difference.value > 0
    if meaning.unit == "ms":
        return "slower" if up else "faster"
    if not meaning.better:
        return "more" if up else "less"
    return "better" if up is (meaning.better == "higher") else "worse"
