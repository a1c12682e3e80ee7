"""What the commands of the shelf say, line by line."""

from collections.abc import Iterator, Sequence

from indexes.live.diff import Diff
from indexes.making.gate import Broken
from indexes.making.outlook import Outlook
from indexes.making.report import RebuildReport
from rag.index.journal import RunOutcome
from rag.plan import Plan
from rag.terminal import file_lines, many, safe, unread_lines


def outlook_lines(found: Outlook, *, verbose: bool = False) -> Iterator[str]:
    """Yield what a rebuild would do."""
    yield from _plan_lines(found.plan, verbose=verbose)
    yield from map(safe, found.notes)
    if found.texts is None:
        yield "how much there is to embed is not known before the first run"
    elif found.seconds is None:
        yield f"about {many(found.texts, 'text')} to embed"
    else:
        yield f"about {many(found.texts, 'text')} to embed, {found.seconds:.0f} s at the last rate"


def rebuild_lines(report: RebuildReport, *, verbose: bool = False) -> Iterator[str]:
    """Yield what a rebuild found and came to."""
    yield from file_lines(report.files) if verbose else unread_lines(report.files)
    yield from _plan_lines(report.plan, verbose=verbose)
    yield from map(safe, report.notes)
    for source in report.expired:
        yield f"forgotten {safe(source)} (older than the recipe keeps)"
    yield (
        f"index {report.index} holds {many(report.documents, 'document')} in "
        f"{many(report.chunks, 'chunk')} ({report.embedded} embedded now)"
    )
    if report.gate is None and report.outcome is RunOutcome.PUBLISHED:
        yield "gate: no question guards this index yet; see [[gate.smoke]] and `rag feedback`"
    if report.gate is not None:
        yield f"gate: {report.gate.why}"
        yield from _broken_lines("BROKEN", report.gate.broken)
        yield from _broken_lines("WRONG, as before", report.gate.still)
        yield from _broken_lines("gone with its documents", report.gate.retired)
    yield f"{report.outcome.value} in {report.seconds:.1f} s: {report.note}"


def diff_lines(found: Diff) -> Iterator[str]:
    """Yield what differs between two builds."""
    for change in found.documents:
        was = f" (was {safe(change.was)})" if change.was else ""
        yield f"{change.what:8} {safe(change.source)}{was}"
    yield (
        f"{many(len(found.documents), 'document')} differ; "
        f"{len(found.answers)} of {many(found.asked, 'question')} answered otherwise"
    )
    for answer in found.answers:
        yield f"? {safe(answer.question)}"
        yield f"  {found.a}: {safe(answer.before)}"
        yield f"  {found.b}: {safe(answer.now)}"


def _plan_lines(plan: Plan, *, verbose: bool) -> Iterator[str]:
    counts = ", ".join(f"{number} {name}" for name, number in plan.counts().items() if number)
    yield f"files: {counts or 'none'}"
    for one in plan.gone if verbose else plan.gone[:20]:
        yield f"gone      {safe(one.source)}"
    if len(plan.gone) > 20 and not verbose:
        yield f"          and {len(plan.gone) - 20} more"
    for moved in plan.moved if verbose else plan.moved[:20]:
        yield f"moved     {safe(moved.found.source)} (was {safe(moved.was.source)})"


def _broken_lines(what: str, broken: Sequence[Broken]) -> Iterator[str]:
    for one in broken:
        yield f"{what}: {safe(one.question)} ({one.kind}: {safe(one.why)})"
        if one.before:
            yield f"    before: {safe(one.before)}"
        if one.now:
            yield f"    now:    {safe(one.now)}"
