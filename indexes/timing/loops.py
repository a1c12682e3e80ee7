"""The two loops that start rebuilds: by the clock, and when files change.

Each is one process in the foreground until it is stopped; neither makes itself a daemon,
systemd, a container or a terminal keeps it.
"""

import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from indexes.recipe import Recipe, all_recipes, find_recipe
from indexes.status.metrics import write_metrics
from indexes.status.shelf import first_seen, read_shelf, utc_now
from indexes.timing.crew import Command, Crew, environment, rebuild_words
from indexes.timing.saying import Once, Say
from indexes.timing.schedule import LOOK_SECONDS, Scheduler
from indexes.timing.stop import stopping
from indexes.timing.watch import NAP_SECONDS, Watcher
from rag.errors import RagError, RecipeError
from rag.index.journal import runs
from rag.index.layout import IndexFolder
from rag.settings import Settings


@dataclass(frozen=True, slots=True)
class Running:
    """What both loops are given."""

    settings: Settings
    config: Path | None
    """The settings file, which rebuilds read as well."""
    jobs: int
    metrics: Path
    """Where figures are written after each run."""
    say: Say

    def crew(self, command: Command) -> Crew:
        """Return a crew whose rebuilds read the same settings."""
        return Crew(command, jobs=self.jobs, env=environment(self.settings, self.config))

    def write_metrics(self) -> None:
        """Write the figures, or say why not: they are worth less than the next rebuild."""
        try:
            write_metrics(self.metrics, read_shelf(self.settings, utc_now()))
        except RagError as error:
            self.say(f"error: {error}")

    def finish(self, crew: Crew) -> None:
        """Stop what runs, and say so."""
        if crew.working():
            self.say("stopping; what the running rebuild has finished is kept")
        for over in crew.stop():
            self.say(str(over))
        self.say("stopped")


def run_schedule(running: Running, *, now_if_new: bool) -> None:
    """Run recipes when they are due, until SIGTERM or SIGINT."""
    settings = running.settings
    with stopping() as stop, running.crew(rebuild_words) as crew:
        scheduler = Scheduler(
            recipes=lambda: all_recipes(settings),
            history=lambda name: runs(IndexFolder.named(settings.indexes, name), scheduled=True),
            seen=first_seen(settings),
            crew=crew,
            say=running.say,
            after=running.write_metrics,
            now_if_new=now_if_new,
        )
        running.say(f"running the recipes in {settings.home / 'recipes'} when they are due")
        while not stop.is_set():
            stop.wait(scheduler.wake(utc_now(), time.monotonic()))
        running.finish(crew)


def run_watch(running: Running, names: Sequence[str]) -> None:
    """Rebuild recipes when their files change, until SIGTERM or SIGINT.

    Args:
        running: The settings and the like.
        names: Recipes, by name or file; none for every one that says `watch = true`.

    Raises:
        RecipeError: If one that is named cannot be read.
    """
    given = {find_recipe(name, running.settings).name: name for name in names}
    reread = _Reread(running.settings, tuple(names), Once(running.say))

    def command(name: str, why: str, due: str) -> list[str]:
        return rebuild_words(given.get(name, name), why, due)

    with stopping() as stop, running.crew(command) as crew:
        with closing(Watcher(crew, running.say, running.write_metrics)) as watcher:
            again = time.monotonic()
            while not stop.wait(NAP_SECONDS):
                tick = time.monotonic()
                if tick >= again:
                    again = tick + LOOK_SECONDS
                    watcher.keep(reread(), running.settings)
                watcher.turn(tick)
        running.finish(crew)


class _Reread:
    """Reads the recipes to watch, again and again; what cannot be read stays as it was."""

    def __init__(self, settings: Settings, names: Sequence[str], once: Once) -> None:
        self._settings = settings
        self._names = names
        self._once = once
        self._recipes: dict[str, Recipe] = {}

    def __call__(self) -> list[Recipe]:
        read = self._read()
        now = {each.name: each for each in read if isinstance(each, Recipe)}
        for error in (each for each in read if isinstance(each, RecipeError)):
            self._once(str(error), f"error: {error}")
            now = self._recipes | now  # nobody knows which of them it was
        self._recipes = now
        names = ", ".join(sorted(now)) or "nothing yet; no recipe says watch = true"
        self._once("recipes", f"watching: {names}")
        return list(now.values())

    def _read(self) -> list[Recipe | RecipeError]:
        if not self._names:
            return [each for each in all_recipes(self._settings) if _is_watched(each)]
        return [_found(name, self._settings) for name in self._names]


def _found(name: str, settings: Settings) -> Recipe | RecipeError:
    try:
        return find_recipe(name, settings)
    except RecipeError as error:
        return error


def _is_watched(read: Recipe | RecipeError) -> bool:
    return isinstance(read, RecipeError) or bool(read.schedule and read.schedule.watch)
