"""The commands `rag feedback add`, `list` and `remove`: what people thought of answers."""

import json

import click

from rag.options import shared
from rag.settings import Settings
from rag.terminal import safe
from rag.types import Mode

VERDICTS = ("right", "wrong", "should_abstain", "should_answer")


@click.group("feedback")
def group() -> None:
    """Keep what you think of answers; `rag eval --feedback` asks again and compares."""


@group.command("add")
@click.argument("question")
@click.option("--verdict", required=True, type=click.Choice(VERDICTS), help="What you think.")
@click.option("--reason", default="", help="Why.")
@click.option("--expect", default="", help="Text that a right answer holds.")
@click.option("--mode", type=click.Choice([m.value for m in Mode]), help="How to ask.")
@shared
def add_command(  # noqa: PLR0913  (one argument an option)
    *,
    question: str,
    verdict: str,
    reason: str,
    expect: str,
    mode: str | None,
    settings: Settings,
    as_json: bool,
) -> None:
    """Ask QUESTION now, and keep the answer with your verdict."""
    from rag.assemble import Rag
    from rag.evaluate.feedback import add
    from rag.index.layout import IndexFolder

    with Rag.open(settings=settings) as rag:
        answer = rag.ask(question, mode=mode)
    folder = IndexFolder.named(settings.indexes, settings.index)
    kept = add(folder, answer, verdict, reason=reason, expected=expect)
    if as_json:
        click.echo(json.dumps(kept.to_dict(), ensure_ascii=False, indent=2))
        return
    click.echo(f"{kept.id}: {kept.verdict}, kept with the answer: {safe(kept.text) or '(none)'}")


@group.command("list")
@shared
def list_command(*, settings: Settings, as_json: bool) -> None:
    """List what was kept for an index, oldest first."""
    from rag.evaluate.feedback import read
    from rag.index.layout import IndexFolder
    from rag.index.reading import check_exists

    folder = IndexFolder.named(settings.indexes, settings.index)
    check_exists(folder)
    kept = read(folder)
    if as_json:
        rows = [one.to_dict() for one in kept]
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for one in kept:
        why = f" ({safe(one.reason)})" if one.reason else ""
        click.echo(f"{one.id}  {one.time[:10]}  {one.verdict:14}  {safe(one.question)}{why}")
    if not kept:
        click.echo(f"nothing is kept for index {folder.name!r}; see: rag feedback add --help")


@group.command("remove")
@click.argument("id_", metavar="ID")
@shared
def remove_command(*, id_: str, settings: Settings, as_json: bool) -> None:
    """Forget the feedback that `rag feedback list` shows as ID."""
    from rag.evaluate.feedback import remove
    from rag.index.layout import IndexFolder

    gone = remove(IndexFolder.named(settings.indexes, settings.index), id_)
    if as_json:
        click.echo(json.dumps({"removed": gone.id}))
        return
    click.echo(f"removed {gone.id}: {safe(gone.question)}")
