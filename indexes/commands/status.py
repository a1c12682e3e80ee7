"""`python -m indexes list | history | metrics`: what is on the shelf."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import click

from indexes.status.metrics import metrics_text, write_metrics
from indexes.status.shelf import Status, read_history, read_shelf, utc_now
from indexes.status.wording import coming_words, last_words, live_words, run_words
from rag.errors import RecipeError
from rag.index.journal import Run
from rag.index.layout import IndexFolder
from rag.index.reading import check_exists
from rag.settings import Settings
from rag.terminal import safe

_config = click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Settings file.  [default: ./rag.toml if it exists]",
)
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.command("list")
@_json
@_config
def list_(*, as_json: bool, config: Path | None) -> None:
    """List every index: what answers, the last run, and when it runs next."""
    now = utc_now()
    shelf = read_shelf(Settings.load(config), now)
    if as_json:
        _print_json(shelf.to_dict(now))
        return
    for status in shelf.indexes:
        for line in _lines(status, now):
            click.echo(line)
    if not shelf.indexes:
        click.echo("no index and no recipe yet; make one with: rag ingest FOLDER")
    for problem in shelf.problems:
        click.echo(f"error: {safe(problem)}", err=True)


@click.command()
@click.argument("name")
@click.option("--most", type=click.IntRange(1), default=50, help="How many runs.  [default: 50]")
@_json
@_config
def history(*, name: str, most: int, as_json: bool, config: Path | None) -> None:
    """Show the runs of index NAME, newest first."""
    settings = Settings.load(config)
    folder = IndexFolder.named(settings.indexes, name)
    if not folder.ledger.is_file():
        _check_known(name, settings, folder)
    past, _ = read_history(folder, most)
    if as_json:
        _print_json([run.to_dict() for run in past])
        return
    for run in past:
        for line in _run_lines(run):
            click.echo(line)
    if not past:
        click.echo(f"index {name!r} has not been rebuilt from a recipe yet")


@click.command()
@click.option(
    "--metrics",
    type=click.Path(path_type=Path, allow_dash=True),
    help="Where to; - prints.  [default: metrics.prom in the home folder]",
)
@_config
def metrics(*, metrics: Path | None, config: Path | None) -> None:
    """Write what `list` shows as a Prometheus text file."""
    settings = Settings.load(config)
    shelf = read_shelf(settings, utc_now())
    if str(metrics) == "-":
        click.echo(metrics_text(shelf), nl=False)
        return
    path = metrics or settings.home / "metrics.prom"
    write_metrics(path, shelf)
    click.echo(f"written: {path}")


def _lines(status: Status, now: datetime) -> Iterator[str]:
    yield safe(status.name)
    if status.problem:
        yield f"  error   {safe(status.problem)}"
        return
    yield f"  live    {live_words(status, now)}"
    last = last_words(status.last, now) if status.last else "never rebuilt from a recipe"
    yield f"  last    {last}"
    yield f"  next    {coming_words(status.coming)}"
    now_writing = "; being written now" if status.writing else ""
    yield f"  builds  {len(status.builds)} on disk{now_writing}"


def _run_lines(run: Run) -> Iterator[str]:
    told = {name: number for name, number in run.counts.items() if "milliseconds" not in name}
    counts = [f"{number:,} {name}" for name, number in told.items() if number]
    lasted = run.counts.get("milliseconds")
    took = "" if lasted is None else f" ({lasted / 1000:.1f} s)"
    yield f"{run.number:>5}  {run_words(run)}{took}"
    if parts := [*([f"build {run.build}"] if run.build else []), *counts]:
        yield f"       {', '.join(parts)}"
    if run.note:
        yield f"       {safe(run.note)}"


def _check_known(name: str, settings: Settings, folder: IndexFolder) -> None:
    """Raise `IndexNotFound` if there is neither an index nor a recipe of that name."""
    from indexes.recipe import find_recipe

    try:
        find_recipe(name, settings)
    except RecipeError:
        check_exists(folder)


def _print_json(value: object) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))
