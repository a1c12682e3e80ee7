"""The `rag` command: parse, call one function, print.

Exit codes: 0 done (an abstention is an answer), 1 something failed, 2 a wrong question,
option or setting, 75 somebody else is writing to the index.
"""

import json
import sys
from collections.abc import Callable, Mapping
from functools import wraps
from importlib.metadata import entry_points, version
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rag.errors import QuestionError, RagError
from rag.model_files import models
from rag.options import changed, shared
from rag.settings import Settings
from rag.terminal import safe
from rag.types import Filter

if TYPE_CHECKING:
    from rag.assemble import Rag
    from rag.index.reading import LedgerReader


class _Commands(click.Group):
    """Adds the commands that other packages register, such as `serve`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return all names, sorted."""
        return sorted({*super().list_commands(ctx), *_registered()})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return ours, or load the registered one."""
        if (own := super().get_command(ctx, cmd_name)) is not None:
            return own
        found = _registered().get(cmd_name)
        return found() if found else None


def _registered() -> Mapping[str, Callable[[], click.Command]]:
    return {point.name: point.load for point in entry_points(group="quotewell.commands")}


def main() -> None:
    """Run the command."""
    run(cli)


def run(group: click.Group) -> None:
    """Run one of a group's commands; every expected failure is one sentence on stderr."""
    try:
        group(standalone_mode=False)
    except click.exceptions.Abort:
        click.echo("stopped; what was finished is kept", err=True)
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except RagError as error:
        click.echo(" ".join([f"error: {error}", *getattr(error, "__notes__", [])]), err=True)
        sys.exit(error.exit_code)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("quotewell"), prog_name="rag")
def cli() -> None:
    """Ask your own documents; every sentence of the answer carries a quote you can check."""


cli.add_command(models)


def _filtered(command: Callable[..., None]) -> Callable[..., None]:
    """Add the filter options and pass them as one `Filter`."""

    @click.option("--document", multiple=True, help="Only this document (source or id).")
    @click.option("--source", multiple=True, help="Only sources like this pattern: 'a/*.pdf'.")
    @click.option("--meta", multiple=True, metavar="KEY=VALUE", help="Only this metadata.")
    @click.option("--since", metavar="DATE", help="Only documents dated from then (ISO 8601).")
    @click.option("--until", metavar="DATE", help="Only documents dated up to then (ISO 8601).")
    @wraps(command)
    def with_filter(
        *,
        document: tuple[str, ...],
        source: tuple[str, ...],
        meta: tuple[str, ...],
        since: str | None,
        until: str | None,
        **options: object,
    ) -> None:
        if bad := [pair for pair in meta if "=" not in pair]:
            raise click.BadParameter(f"--meta takes KEY=VALUE, got {bad[0]!r}")
        pairs = dict(pair.split("=", 1) for pair in meta)
        command(filter_=Filter(document, source, pairs, since, until), **options)

    return with_filter


@cli.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--include", multiple=True, help="Only files like this pattern (.gitignore syntax).")
@click.option("--exclude", multiple=True, help="Not files like this pattern (.gitignore syntax).")
@click.option("--prune", is_flag=True, help="Forget files that have gone from these folders.")
@click.option("--verbose", "-v", is_flag=True, help="List every file.")
@shared
def ingest(  # noqa: PLR0913  (one argument an option)
    *,
    paths: tuple[Path, ...],
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    prune: bool,
    verbose: bool,
    settings: Settings,
    as_json: bool,
) -> None:
    """Read files and folders into an index; only what is new is embedded."""
    from rag.assemble import make_ingester
    from rag.terminal import bar, file_lines, report_lines

    patterns = {
        "ingest.include": include or None,
        "ingest.exclude": (*settings.ingest.exclude, *exclude) if exclude else None,
    }
    settings = changed(settings, patterns)
    with make_ingester(settings) as ingester, bar(quiet=as_json) as progress:
        report = ingester.ingest(paths, progress, prune_gone=prune)
    if as_json:
        _print_json(report.to_dict())
        return
    for line in (*(file_lines(report.files) if verbose else ()), *report_lines(report)):
        click.echo(line)


@cli.command()
@click.argument("sources", nargs=-1, required=True)
@shared
def remove(sources: tuple[str, ...], *, settings: Settings, as_json: bool) -> None:
    """Forget SOURCES (as `rag sources` prints them) and publish a build without them."""
    from rag.assemble import make_ingester
    from rag.terminal import bar

    with make_ingester(settings) as ingester, bar(quiet=as_json) as progress:
        left = ingester.remove(sources, progress)
    if as_json:
        _print_json({"removed": list(sources), "documents": left})
        return
    click.echo(f"removed {', '.join(map(safe, sources))}; {left} documents are left")


@cli.command()
@click.argument("question")
@click.option("--mode", type=click.Choice(["extractive", "generative"]))
@click.option("--passages", type=int, help="Passages the answer may draw on.")
@click.option("--receipt", type=click.Path(path_type=Path), help="Save what it rests on there.")
@_filtered
@shared
def ask(  # noqa: PLR0913  (one argument an option)
    *,
    question: str,
    mode: str | None,
    passages: int | None,
    receipt: Path | None,
    filter_: Filter,
    settings: Settings,
    as_json: bool,
) -> None:
    """Answer QUESTION with quotes, or say that the documents do not."""
    from rag.custody.receipt import save_receipt
    from rag.terminal import answer_lines

    with _open(settings, {"answer.mode": mode, "search.passages": passages}) as rag:
        answer = rag.ask(question, filter_=filter_)
        if receipt is not None:
            save_receipt(receipt, answer, rag)
    if as_json:
        _print_json(answer.to_dict())
        return
    for line in answer_lines(answer):
        click.echo(line)


@cli.command()
@click.option("--mode", type=click.Choice(["extractive", "generative"]))
@_filtered
@shared
def chat(mode: str | None, filter_: Filter, *, settings: Settings, as_json: bool) -> None:
    """Ask one question after another; Ctrl-D ends.

    A question may lean on those before it: "and for children?". How it was understood is shown;
    a line such as "= How much is a ticket for children?" says how it was meant instead.
    """
    from rag.conversation import Conversation
    from rag.terminal import answer_lines, typed_lines

    with _open(settings, {"answer.mode": mode}) as rag:
        talk = Conversation(rag, filter_=filter_)
        for line in typed_lines():
            try:
                answer = talk.correct(line[1:]) if line.startswith("=") else talk.ask(line)
            except QuestionError as error:
                click.echo(f"error: {error}", err=True)
                continue
            if as_json:
                click.echo(json.dumps(answer.to_dict(), ensure_ascii=False))
                continue
            for shown in (*answer_lines(answer), ""):
                click.echo(shown)


@cli.command()
@click.argument("question")
@click.option("--explain", is_flag=True, help="Show rank and score at each stage.")
@click.option("--passages", type=int, help="How many passages.")
@_filtered
@shared
def search(
    question: str,
    explain: bool,
    passages: int | None,
    filter_: Filter,
    settings: Settings,
    as_json: bool,
) -> None:
    """Show the passages an answer to QUESTION would draw on."""
    from rag.terminal import passage_lines

    with _open(settings, {"search.passages": passages}) as rag:
        chosen, found = rag.search(question, filter_=filter_)
    if as_json:
        stages = found.to_dict() if explain else {}
        _print_json({"passages": [p.to_dict() for p in chosen], **stages})
        return
    for line in passage_lines(chosen, found if explain else None):
        click.echo(line)


@cli.command()
@click.argument("document")
@click.option("--start", type=click.IntRange(0), default=0, help="First character.")
@click.option("--end", type=click.IntRange(1), help="Character after the last.")
@shared
def show(document: str, start: int, end: int | None, *, settings: Settings, as_json: bool) -> None:
    """Print the stored text of DOCUMENT (source or id), or the characters a citation names."""
    with _ledger(settings) as ledger:
        found = ledger.find_document(document)
    text = found.text[start:end]
    if not text:
        raise click.BadParameter(
            f"characters {start} to {end or len(found.text)} of {len(found.text)} are none"
        )
    if as_json:
        _print_json(
            {
                "document_id": found.id,
                "revision": found.revision,
                "source": found.source,
                "title": found.title,
                "metadata": dict(found.metadata),
                "text": text,
            }
        )
        return
    click.echo(text)


@cli.command()
@shared
def sources(*, settings: Settings, as_json: bool) -> None:
    """List what an index holds, and what could not be read."""
    from dataclasses import asdict

    from rag.terminal import source_lines

    with _ledger(settings) as ledger:
        rows = ledger.sources()
    if as_json:
        _print_json([asdict(row) for row in rows])
        return
    for line in source_lines(rows):
        click.echo(line)


@cli.command()
@shared
def doctor(*, settings: Settings, as_json: bool) -> None:
    """Check that everything needed is here and whole, and say what to do if not."""
    from rag.doctor import diagnose

    findings = diagnose(settings)
    if as_json:
        _print_json([{"ok": f.ok, "what": f.what, "detail": f.detail} for f in findings])
    else:
        for finding in findings:
            click.echo(f"{'ok  ' if finding.ok else 'FAIL'} {finding.what}: {finding.detail}")
    if not all(finding.ok for finding in findings):
        sys.exit(1)


def _open(settings: Settings, flags: Mapping[str, object]) -> "Rag":
    from rag.assemble import Rag

    return Rag.open(settings=changed(settings, flags))


def _ledger(settings: Settings) -> "LedgerReader":
    from rag.assemble.index import index_folder
    from rag.index.reading import open_reader

    return open_reader(index_folder(settings))


def _print_json(value: object) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))


if __name__ == "__main__":
    main()
