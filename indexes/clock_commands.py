"""`python -m indexes schedule | watch`: one process in the foreground, until it is stopped.

Neither makes itself a daemon; systemd, a container or a terminal keeps it.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import click

from indexes.crew import Crew, environment, rebuild_command
from indexes.metrics import write_metrics
from indexes.recipe import Recipe, all_recipes, find_recipe
from indexes.saying import Once
from indexes.schedule import LOOK_SECONDS, Scheduler
from indexes.status import first_seen, read_shelf, utc_now
from indexes.stop import stopping
from indexes.watch import NAP_SECONDS, Watcher
from rag.errors import RagError, RecipeError
from rag.index.journal import runs
from rag.index.layout import IndexFolder
from rag.settings import Settings
from rag.terminal import safe

_jobs = click.option(
    "--jobs", type=click.IntRange(1, 64), default=1, help="Rebuilds at a time.  [default: 1]"
)
_metrics = click.option(
    "--metrics",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Metrics file, written after each run.  [default: metrics.prom in the home folder]",
)
_config = click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Settings file.  [default: ./rag.toml if it exists]",
)


@click.command()
@click.option("--now", "now_if_new", is_flag=True, help="Run at once what has never run.")
@_jobs
@_metrics
@_config
def schedule(*, now_if_new: bool, jobs: int, metrics: Path | None, config: Path | None) -> None:
    """Run every recipe that has a schedule when it is due, until stopped."""
    settings = Settings.load(config)
    with stopping() as stop, _crew(settings, config, jobs) as crew:
        scheduler = Scheduler(
            recipes=lambda: all_recipes(settings),
            history=lambda name: runs(IndexFolder.named(settings.indexes, name)),
            seen=first_seen(settings),
            crew=crew,
            say=_say,
            after=_metrics_writer(settings, metrics),
            now_if_new=now_if_new,
        )
        click.echo(f"running the recipes in {settings.home / 'recipes'} when they are due")
        while not stop.is_set():
            stop.wait(scheduler.wake(utc_now(), time.monotonic()))
        _finish(crew)


@click.command()
@click.argument("names", nargs=-1)
@_jobs
@_metrics
@_config
def watch(*, names: tuple[str, ...], jobs: int, metrics: Path | None, config: Path | None) -> None:
    """Rebuild NAMES when their files change (default: every recipe with `watch = true`)."""
    settings = Settings.load(config)
    recipes = _wanted(names, settings)
    once = Once(_say)
    with stopping() as stop, _crew(settings, config, jobs) as crew:
        with closing(Watcher(crew, _say, _metrics_writer(settings, metrics))) as watcher:
            read_at = time.monotonic()
            watcher.keep(recipes, settings)
            once("recipes", _watching(recipes))
            while not stop.wait(NAP_SECONDS):
                tick = time.monotonic()
                if tick - read_at >= LOOK_SECONDS:
                    read_at = tick
                    _reread(watcher, names, settings, once)
                watcher.turn(tick)
        _finish(crew)


def _reread(watcher: Watcher, names: Sequence[str], settings: Settings, once: Once) -> None:
    """Watch what the recipes say now; one that cannot be read is watched as it was."""
    try:
        recipes = _wanted(names, settings)
    except RecipeError as error:
        once("error", f"error: {error}")
        return
    watcher.keep(recipes, settings)
    once("recipes", _watching(recipes))


def _wanted(names: Sequence[str], settings: Settings) -> list[Recipe]:
    """Return the recipes to watch.

    Raises:
        RecipeError: If one that was named, or any if none was, cannot be read.
    """
    if names:
        return [find_recipe(name, settings) for name in names]
    recipes: list[Recipe] = []
    for each in all_recipes(settings):
        if isinstance(each, RecipeError):
            raise each
        if each.schedule and each.schedule.watch:
            recipes.append(each)
    return recipes


def _watching(recipes: Sequence[Recipe]) -> str:
    names = ", ".join(recipe.name for recipe in recipes)
    return f"watching: {names or 'nothing yet; no recipe says watch = true'}"


def _crew(settings: Settings, config: Path | None, jobs: int) -> Crew:
    return Crew(rebuild_command, jobs=jobs, env=environment(settings, config))


def _metrics_writer(settings: Settings, path: Path | None) -> Callable[[], None]:
    def write() -> None:
        try:
            shelf = read_shelf(settings, utc_now())
            write_metrics(path or settings.home / "metrics.prom", shelf)
        except RagError as error:  # figures are worth less than the next rebuild
            click.echo(f"error: {error}", err=True)

    return write


def _say(line: str) -> None:
    click.echo(safe(line))


def _finish(crew: Crew) -> None:
    if crew.working():
        click.echo("stopping; what the running rebuild has finished is kept")
    for over in crew.stop():
        click.echo(str(over))
    click.echo("stopped")
