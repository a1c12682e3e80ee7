"""How answers, reports and rankings look in a terminal.

Text from documents is data: control characters, which could move the cursor or change the
window title, are shown as `?`.
"""

import shutil
import sys
import textwrap
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rag.answer.reasons import WHY
from rag.reports import FileReport, FileStatus
from rag.search.retrieve import Candidates
from rag.types import Answer, Citation, Conflict, Outcome, Passage, Verdict

if TYPE_CHECKING:
    from rag.index.held import SourceRow
    from rag.ingest import IngestReport, Progress


def safe(text: str) -> str:
    """Return `text` on one line, control characters shown as `?`."""
    line = " ".join(text.split())
    return "".join("?" if unicodedata.category(c) in {"Cc", "Cf", "Cs"} else c for c in line)


def many(number: int, noun: str) -> str:
    """Return `1 page` or `1,200 pages`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def answer_lines(answer: Answer) -> Iterator[str]:
    """Yield an answer, its numbered quotes with file and page, and what was dropped."""
    if answer.rewritten:
        yield from (*_wrapped(f"(understood as: {safe(answer.rewritten)})"), "")
    for line in answer.text.split("\n"):
        yield from _wrapped(safe(line))
    if answer.reason:
        yield from ("", *_wrapped(WHY[answer.reason]))
    yield from _instead(answer)
    for citation in {(c.document_id, c.span): c for c in answer.citations}.values():
        yield from ("", *_quote(citation))
    yield from (line for conflict in answer.conflicts for line in ("", *_conflict(conflict)))
    if answer.dropped:
        yield from _dropped(answer.dropped)
    if answer.unread:
        yield from ("", *_wrapped(f"Note: {safe(answer.unread)}"))


def _dropped(dropped: Sequence[Verdict]) -> Iterator[str]:
    marked = any(verdict.unsupported for verdict in dropped)
    note = " (no quote says what stands between ~)" if marked else ""
    yield from ("", f"Dropped, because the documents do not support it{note}:")
    for verdict in dropped:
        said = "".join(text if held else f"~{text}~" for text, held in verdict.pieces())
        why = "; ".join(verdict.reasons)
        yield from _wrapped(f"- {safe(said)} ({safe(why)})", "  ")


def typed_lines() -> Iterator[str]:
    """Yield what a person types, line by line, until Ctrl-D or Ctrl-C; blank lines are left out."""
    import readline  # noqa: F401, PLC0415  (importing it lets the arrow keys edit)

    prompt = "> " if sys.stdin.isatty() else ""
    while True:
        try:
            line = input(prompt).strip()
        except (EOFError, KeyboardInterrupt):
            return
        if line:
            yield line


def report_lines(report: "IngestReport") -> Iterator[str]:
    """Yield what was not simply read, then the totals."""
    yield from unread_lines(report.files)
    duplicates = sum(bool(file.duplicate_of) for file in report.files)
    counts = ", ".join(f"{report.count(s)} {s.value}" for s in FileStatus if report.count(s))
    yield f"{many(len(report.files), 'file')}: {counts}; {many(duplicates, 'duplicate')}"
    for source in report.gone:
        done = "removed" if report.pruned else "gone, still answered from (--prune removes it)"
        yield from _wrapped(f"{done:9} {safe(source)}")
    characters = sum(file.characters for file in report.files)
    blank = sum(len(file.pages_without_text) for file in report.files)
    tables = sum(file.tables for file in report.files)
    yield (
        f"read {many(characters, 'character')}, {many(tables, 'table')}; "
        f"{many(blank, 'page')} without text"
    )
    yield (
        f"index holds {many(report.documents, 'document')} in {many(report.chunks, 'chunk')} "
        f"({report.embedded} embedded now)"
    )
    if report.embedded:
        yield (
            f"longest chunk {report.longest_tokens} of the {report.max_tokens} tokens the "
            "embedder reads: 0 truncated"
        )
    yield f"published build {report.build} in {report.seconds:.1f} s"


def unread_lines(files: Iterable[FileReport]) -> Iterator[str]:
    """Yield what of the files was not simply read, and why."""
    for file in files:
        why = file.reason
        if file.pages_without_text and not why:
            why = f"no text on page {', '.join(map(str, file.pages_without_text[:10]))}"
        if why:
            yield from _wrapped(f"{file.status.value:9} {safe(file.source)}: {safe(why)}")


def file_lines(files: Iterable[FileReport]) -> Iterator[str]:
    """Yield one line per file with everything known about it."""
    for file in files:
        parts = [many(file.characters, "character"), many(file.chunks, "chunk")]
        parts += [many(file.pages, "page")] if file.pages else []
        parts += [many(file.tables, "table")] if file.tables else []
        parts += [f"same as {safe(file.duplicate_of)}"] if file.duplicate_of else []
        parts += [safe(file.reason)] if file.reason else []
        yield f"{file.status.value:9} {safe(file.source)}  ({', '.join(parts)})"


def source_lines(rows: "Sequence[SourceRow]") -> Iterator[str]:
    """Yield one line per source: what it is, how long, and why not if it was not read."""
    for row in rows:
        size = f"{many(row.characters, 'character')}, {many(row.chunks, 'chunk')}"
        parts = [safe(row.title), row.date or "", size]
        parts += [f"also {', '.join(map(safe, row.aliases))}"] if row.aliases else []
        parts += [safe(row.reason)] if row.reason else []
        about = "; ".join(part for part in parts if part)
        yield f"{row.document_id or '-':16}  {safe(row.source)}  ({about})"


@contextmanager
def bar(*, quiet: bool) -> "Iterator[Progress]":
    """Give a progress callback that draws bars with rate and time left on stderr."""
    from rich.console import Console  # noqa: PLC0415  (only an ingest draws bars)
    from rich.markup import escape  # noqa: PLC0415
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TaskID,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description:8}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
    )
    console = Console(stderr=True, quiet=quiet)
    with Progress(*columns, console=console, disable=quiet) as progress:
        tasks: dict[str, TaskID] = {}

        def show(stage: str, done: int, total: int, note: str) -> None:
            if stage not in tasks:
                tasks[stage] = progress.add_task(stage, total=total or None, rate="", note="")
            speed = progress.tasks[tasks[stage]].speed
            progress.update(
                tasks[stage],
                completed=done,
                total=total or None,
                rate=f"{speed:.0f}/s" if speed else "",
                note=escape(safe(note)[-40:]),
            )

        yield show


def passage_lines(passages: Sequence[Passage], found: Candidates | None) -> Iterator[str]:
    """Yield the passages, and with `found` the rank and score each stage gave their chunks."""
    for passage in passages:
        yield f"[{passage.label}] {_place(passage)}  relevance {passage.relevance:.3f}"
        yield from _wrapped(safe(passage.chunk.text)[:400], "    ")
    if found is None:
        return
    yield ""
    yield f"{'chunk':>20} {'fused':>14} {'dense':>14} {'lexical':>14}"
    ranks = [
        {hit.chunk_id: (rank, hit.score) for rank, hit in enumerate(hits, 1)}
        for hits in (found.fused, found.dense, found.lexical)
    ]
    for hit in found.fused[:20]:
        cells = [_rank(stage.get(hit.chunk_id)) for stage in ranks]
        yield f"{hit.chunk_id:>20} " + " ".join(f"{cell:>14}" for cell in cells)


def _rank(place: tuple[int, float] | None) -> str:
    return f"#{place[0]} {place[1]:.3f}" if place else "-"


def _conflict(conflict: Conflict) -> Iterator[str]:
    old = conflict.superseded
    yield "An older version, now superseded, said something else:" if old else "Documents disagree:"
    yield from _quote(conflict.first, _standing(conflict.first_date, conflict.first_count))
    yield from _quote(conflict.second, _standing(conflict.second_date, conflict.second_count))


def _standing(date: str, count: int) -> str:
    """Return when a side of a conflict was written and how many say it, as far as it tells."""
    parts = [safe(date)] if date else []
    parts += [f"said by {many(count, 'document')}"] if count > 1 else []
    return f" ({', '.join(parts)})" if parts else ""


def _quote(citation: Citation, note: str = "") -> Iterator[str]:
    page = f", page {citation.page}" if citation.page else ""
    yield f"[{citation.label}] {safe(citation.source)}{page}{note}"
    yield from _wrapped(f"\u201c{safe(citation.quote)}\u201d", "    ")


def _instead(answer: Answer) -> Iterator[str]:
    """Yield what is missing, and with an abstention what the documents hold instead."""
    for part in answer.missing:
        yield from _wrapped(f"Not answered: {safe(part)}")
    if answer.note:
        yield from _wrapped(safe(answer.note))
    shown = answer.correction.citation if answer.correction else answer.nearest
    if shown:
        yield from ("", *_quote(shown))
    elif answer.outcome is Outcome.ABSTAINED:
        yield from (line for passage in answer.passages[:3] for line in _nearest(passage))


def _nearest(passage: Passage) -> Iterator[str]:
    yield ""
    yield f"[{passage.label}] {_place(passage)}"
    yield from _wrapped(safe(passage.chunk.text)[:240] + " ...", "    ")


def _place(passage: Passage) -> str:
    page = passage.document.page_at(passage.chunk.span.start)
    heading = " > ".join(h for h in passage.chunk.heading if h != passage.document.title)
    parts = [safe(passage.document.source), f"page {page}" if page else "", safe(heading)]
    return ", ".join(part for part in parts if part)


def _wrapped(text: str, indent: str = "") -> list[str]:
    width = min(100, shutil.get_terminal_size((88, 24)).columns)
    return textwrap.wrap(text, width, initial_indent=indent, subsequent_indent=indent) or [""]
