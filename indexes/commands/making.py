"""The commands of the shelf: parse, call one function, print.

Exit codes: 0 done or nothing to do, 1 refused, stopped or failed, 2 a wrong option or recipe,
75 somebody else is writing.
"""

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from rag.errors import QuestionError
from rag.options import shared_but_index
from rag.settings import Settings


@click.command("rebuild")
@click.argument("name")
@click.option("--dry-run", is_flag=True, help="Only say what there is to do.")
@click.option(
    "--accept-gone", multiple=True, metavar="SOURCE", help="It is right that SOURCE has gone."
)
@click.option("--force", is_flag=True, help="Make the new build live whatever the gate says.")
@click.option(
    "--why",
    type=click.Choice(["person", "schedule", "watch"]),
    default="person",
    help="What history says of it.",
)
@click.option("--due", default="", help="The occurrence of the schedule it is for.")
@click.option("--verbose", "-v", is_flag=True, help="List every file.")
@shared_but_index
def rebuild_command(  # noqa: PLR0913  (one argument an option)
    *,
    name: str,
    dry_run: bool,
    accept_gone: tuple[str, ...],
    force: bool,
    why: str,
    due: str,
    verbose: bool,
    settings: Settings,
    as_json: bool,
) -> None:
    """Bring index NAME up to date from its recipe, a name or a .toml file."""
    from indexes.commands.lines import outlook_lines, rebuild_lines
    from indexes.making.rebuild import plan_only, rebuild
    from indexes.recipe import find_recipe
    from rag.index.journal import RunOutcome
    from rag.terminal import bar

    recipe = find_recipe(name, settings)
    if dry_run:
        with bar(quiet=as_json) as progress:
            found = plan_only(recipe, settings, progress)
        _print(as_json, found.to_dict(), lambda: outlook_lines(found, verbose=verbose))
        return
    with bar(quiet=as_json) as progress:
        report = rebuild(
            recipe,
            settings,
            progress=progress,
            why=why,
            due=due,
            accept_gone=accept_gone,
            force=force,
        )
    _print(as_json, report.to_dict(), lambda: rebuild_lines(report, verbose=verbose))
    if report.outcome is RunOutcome.REFUSED:
        sys.exit(1)


@click.command("publish")
@click.argument("name")
@click.argument("build")
@click.option("--force", is_flag=True, help="Also a build that the gate refused.")
@shared_but_index
def publish_command(
    *, name: str, build: str, force: bool, settings: Settings, as_json: bool
) -> None:
    """Make BUILD of index NAME live, after checking that it is whole."""
    from indexes.live.switch import publish_by_hand

    publish_by_hand(_folder(settings, name), build, force=force)
    _print(as_json, {"index": name, "live": build}, lambda: [f"build {build} is live"])


@click.command("rollback")
@click.argument("name")
@click.argument("build", required=False)
@shared_but_index
def rollback_command(*, name: str, build: str | None, settings: Settings, as_json: bool) -> None:
    """Make the build that was live before, or BUILD, live again."""
    from indexes.live.switch import rollback

    now = rollback(_folder(settings, name), build)
    _print(as_json, {"index": name, "live": now}, lambda: [f"build {now} is live again"])


@click.command("diff")
@click.argument("name")
@click.argument("a")
@click.argument("b")
@click.option(
    "--questions",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Text file with a question a line; without, the recipe's smoke questions and feedback.",
)
@shared_but_index
def diff_command(
    *, name: str, a: str, b: str, questions: Path | None, settings: Settings, as_json: bool
) -> None:
    """Say which documents and which answers differ between builds A and B of index NAME."""
    from indexes.commands.lines import diff_lines
    from indexes.live.diff import diff
    from indexes.live.questions import questions_of

    settings = settings.with_values({"index": name})
    asked = _lines(questions) if questions else questions_of(name, settings)
    found = diff(settings, a, b, asked)
    _print(as_json, found.to_dict(), lambda: diff_lines(found))


@click.command("prune")
@click.argument("name")
@click.option("--keep", type=click.IntRange(1), help="Builds to keep.  [default: the recipe's]")
@shared_but_index
def prune_command(*, name: str, keep: int | None, settings: Settings, as_json: bool) -> None:
    """Delete old builds of index NAME and the text that only they use."""
    from indexes.recipe import Retention, find_recipe
    from rag.errors import RecipeError
    from rag.index.pruning import prune

    if keep is None:
        try:
            keep = find_recipe(name, settings).retention.builds
        except RecipeError:
            keep = Retention().builds
    removed = prune(_folder(settings, name), keep=keep)
    _print(as_json, {"removed": removed}, lambda: [f"deleted {len(removed)} builds"])


def _folder(settings: Settings, name: str) -> Any:  # noqa: ANN401
    from rag.index.layout import IndexFolder
    from rag.index.reading import check_exists

    folder = IndexFolder.named(settings.indexes, name)
    check_exists(folder)
    return folder


def _lines(path: Path) -> list[str]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise QuestionError(f"cannot read the questions in {path}: {error}") from None
    return [line.strip() for line in text.splitlines() if line.strip()]


def _print(as_json: bool, value: Mapping[str, object], lines: Callable[[], Any]) -> None:
    if as_json:
        click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))
        return
    for line in lines():
        click.echo(line)
