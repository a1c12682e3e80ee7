"""The commands that keep promises to whose documents these are: parse, call, print."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rag.errors import QuestionError
from rag.options import shared
from rag.settings import Settings
from rag.terminal import many, safe

if TYPE_CHECKING:  # `rag --help` loads this module and must stay quick
    from rag.custody.byte_search import Search
    from rag.custody.forget import Forgotten
    from rag.custody.proof import Verdict
    from rag.custody.recheck import Rechecked
    from rag.custody.targets import Wanted
    from rag.index.held import SourceRow
    from rag.index.layout import IndexFolder


def _folder(settings: Settings) -> "IndexFolder":
    from rag.assemble.index import index_folder

    return index_folder(settings)


@click.command("recheck")
@click.argument("receipt", type=click.Path(path_type=Path))
@shared
def recheck_command(receipt: Path, *, settings: Settings, as_json: bool) -> None:
    """Say which quotes of RECEIPT still stand in an index, which moved, and which are gone.

    Exit code 1 if one is gone.
    """
    from rag.custody.receipt import read_receipt
    from rag.custody.recheck import Standing, recheck

    saved = read_receipt(receipt)
    found = recheck(saved, _folder(settings))
    if as_json:
        click.echo(json.dumps([one.to_dict() for one in found], ensure_ascii=False, indent=2))
    else:
        for line in _recheck_lines(found):
            click.echo(line)
    if any(one.standing is Standing.GONE for one in found):
        sys.exit(1)


def _recheck_lines(found: "list[Rechecked]") -> list[str]:
    if not found:
        return ["the answer had no quote, so there is nothing to check"]
    lines: list[str] = []
    for one in found:
        was, now = one.quoted, one.place
        line = f"{one.standing.value:6} {safe(was.source)} {was.start}-{was.end}"
        if now is not None and (now.source, now.start) != (was.source, was.start):
            line += f" -> {safe(now.source)} {now.start}-{now.end}"
        lines += [line, f'       "{safe(was.quote)}"']
        if one.nearest is not None:
            near = one.nearest
            place = f"{safe(near.source)} {near.start}-{near.end}"
            lines.append(f'       nearest: {place} "{safe(near.text)}"')
    return lines


@click.command("forget")
@click.argument("documents", nargs=-1)
@click.option("--where", multiple=True, metavar="KEY=VALUE", help="Documents of this metadata.")
@click.option("--source", multiple=True, help="Documents of sources like this: 'a/*.pdf'.")
@click.option("--older-than", type=click.IntRange(0), metavar="DAYS", help="Documents older than.")
@click.option("--dry-run", is_flag=True, help="Only list what would be forgotten.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--resume", is_flag=True, help="Finish a forget that was interrupted.")
@click.option("--lift", metavar="FILE", help="Let a forgotten file be read again.")
@shared
def forget_command(  # noqa: PLR0913  (one argument an option)
    *,
    documents: tuple[str, ...],
    where: tuple[str, ...],
    source: tuple[str, ...],
    older_than: int | None,
    dry_run: bool,
    yes: bool,
    resume: bool,
    lift: str | None,
    settings: Settings,
    as_json: bool,
) -> None:
    """Remove DOCUMENTS from everywhere, for good, and prove it by a search of every byte.

    Conditions are joined by "and". A file that still lies there is not read again. Exit code 1
    if something was found afterwards.
    """
    from rag.custody import forget
    from rag.custody.targets import Wanted

    folder, say = _folder(settings), _saying(quiet=as_json)
    if lift is not None:
        _lift(folder, lift)
        return
    if resume:
        done = forget.resume(folder, settings.home, say)
        if done is None:
            raise QuestionError(f"nothing is left to finish in index {folder.name!r}")
        _told(done, as_json=as_json)
        return
    if bad := [pair for pair in where if "=" not in pair]:
        raise click.BadParameter(f"--where takes KEY=VALUE, got {bad[0]!r}")
    pairs = dict(pair.split("=", 1) for pair in where)
    rows = _chosen(folder, Wanted(documents, pairs, source, older_than), as_json=as_json)
    if dry_run or not rows:
        if as_json:
            told = [
                {"source": row.source, "id": row.document_id, "also": row.aliases} for row in rows
            ]
            click.echo(json.dumps(told, ensure_ascii=False, indent=2))
        return
    if not yes:
        click.confirm("Forget them for good?", abort=True, err=True)
    _told(forget.forget(folder, settings.home, rows, say), as_json=as_json)


def _chosen(folder: "IndexFolder", wanted: "Wanted", *, as_json: bool) -> "list[SourceRow]":
    """Return the documents that are meant, after listing them."""
    from rag.custody.targets import chosen
    from rag.index.reading import open_reader

    with open_reader(folder) as ledger:
        rows = chosen(ledger, wanted)
    for row in rows:
        copies = f" (also {', '.join(map(safe, row.aliases))})" if row.aliases else ""
        click.echo(f"{safe(row.source)}{copies}", err=as_json)
    click.echo(f"{many(len(rows), 'document')} of index {folder.name!r}", err=as_json)
    return rows


def _told(done: "Forgotten", *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(done.to_dict(), ensure_ascii=False, indent=2))
    else:
        cleaned = "; ".join(
            f"{kind}: {number:,}" for kind, number in done.cleaned.items() if number
        )
        click.echo(f"removed: {cleaned}")
        click.echo(f"build {done.after} answers now (before: {done.before})")
        click.echo(_searched(done.search))
        click.echo(f"the report, without any text: {done.report}")
    if not done.search.clean:
        sys.exit(1)


def _lift(folder: "IndexFolder", name: str) -> None:
    from rag.corpus.intake import sha256
    from rag.index.ledger import Ledger
    from rag.index.mirror import lift_copy
    from rag.index.tombstones import lift

    path = Path(name).absolute()
    digest = sha256(path, sys.maxsize) if path.is_file() else ""
    with Ledger.open(folder) as ledger:
        if not lift(ledger, str(path), digest, contents=True):
            raise QuestionError(
                f"{path} was not forgotten in index {folder.name!r}; give the path of the file"
            )
    lift_copy(folder.mirrors.absolute(), path)
    click.echo(f"{safe(str(path))} is read again with the next: rag ingest")


@click.command("verify-forgotten")
@click.argument("reports", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--text", type=click.Path(path_type=Path), help="Search for the text in this file instead."
)
@shared
def verify_command(
    reports: tuple[Path, ...], *, text: Path | None, settings: Settings, as_json: bool
) -> None:
    """Search every byte of the data folder for what was forgotten (default: all REPORTS).

    Exit code 1 if something is found or a file cannot be read.
    """
    from rag.custody.proof import reports_of, verify_report, verify_text

    folder, home = _folder(settings), settings.home
    if text is not None:
        verdicts = [verify_text(text, folder, home)]
    else:
        paths = reports or reports_of(folder)
        verdicts = [verify_report(path, folder, home) for path in paths]
    if as_json:
        click.echo(json.dumps([one.to_dict() for one in verdicts], ensure_ascii=False, indent=2))
    else:
        for line in (line for one in verdicts for line in _verdict_lines(one)):
            click.echo(line)
    if not all(one.clean for one in verdicts):
        sys.exit(1)


def _verdict_lines(verdict: "Verdict") -> list[str]:
    lines = [f"{verdict.about}: {many(verdict.windows, 'fingerprint')}", _searched(verdict.search)]
    held = sorted(verdict.held_by.items(), key=lambda item: -item[1])
    lines += [f"  {safe(name)} holds {count:,} of them now" for name, count in held[:20]]
    return lines


def _searched(search: "Search") -> str:
    read = (
        f"searched {many(search.files, 'file')}, {search.bytes:,} bytes, in {search.seconds:.1f} s"
    )
    if search.clean:
        return f"{read}: nothing is left"
    first = {hit.file: hit.place for hit in reversed(search.hits)}
    lines = [f"{read}: {many(search.found, 'piece')} found"]
    for name, count in sorted(search.found_in.items(), key=lambda item: -item[1])[:20]:
        lines.append(f"  {safe(name)}: {count:,}, the first at {first[name]}")
    others = sorted({name.split("/")[1] for name in search.found_in if name.startswith("indexes/")})
    lines += [f"  what index {name!r} holds goes with: rag forget -i {name}" for name in others]
    lines += [f"  not read: {safe(each)}" for each in search.unread[:20]]
    return "\n".join(lines)


def _saying(*, quiet: bool) -> Callable[[str], None]:
    return lambda doing: None if quiet else click.echo(f"{doing} ...", err=True)


@click.command("export")
@click.option(
    "--output", "-o", required=True, type=click.Path(path_type=Path), help="The file to write."
)
@shared
def export_command(*, output: Path, settings: Settings, as_json: bool) -> None:
    """Write an index into one file, as a back-up or to take it elsewhere; others may write on."""
    from rag.custody.bundle import export_index

    folder = _folder(settings)
    done = export_index(folder, output, settings.home / "recipes" / f"{folder.name}.toml")
    if as_json:
        click.echo(json.dumps(done.to_dict(), ensure_ascii=False, indent=2))
        return
    click.echo(
        f"{safe(str(done.path))}: {many(done.documents, 'document')} of build {done.build}, "
        f"{done.bytes / 1e6:.1f} MB ({', '.join(done.files)})"
    )


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--replace", is_flag=True, help="Put it in the place of an index of that name.")
@click.option(
    "--max-mb",
    type=click.IntRange(1),
    default=10_240,
    show_default=True,
    help="Most that the file may unpack to, in MB.",
)
@shared
def import_command(
    file: Path, *, replace: bool, max_mb: int, settings: Settings, as_json: bool
) -> None:
    """Make an index of FILE, which `rag export` wrote, after checking everything in it.

    Without --index it gets the name it had.
    """
    from rag.custody.restore import import_index

    name = click.get_current_context().params.get("index")
    done = import_index(file, settings.indexes, name, replace=replace, max_mb=max_mb)
    if as_json:
        click.echo(json.dumps(done.to_dict(), ensure_ascii=False, indent=2))
        return
    click.echo(
        f"index {done.index!r}: {many(done.documents, 'document')}, {many(done.chunks, 'chunk')}; "
        f"build {done.build} answers as {done.was} did"
    )
    if done.recipe is not None:
        click.echo(
            f"its recipe was not installed, for it says what to read and fetch: read "
            f"{done.recipe}, then copy it to {settings.home / 'recipes' / (done.index + '.toml')}"
        )
