"""Rebuild a recipe when its files change: quiet for a while, then once.

Changes during a rebuild lead to exactly one more. A folder that is unmounted is waited for.
What is no folder on this machine, such as a web site, cannot be watched and is left to the
schedule.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue

from pathspec import GitIgnoreSpec

from indexes.recipe import Recipe
from indexes.sources.folder import Folder, fixed
from indexes.timing.crew import BUSY, Crew
from indexes.timing.debounce import Debounce
from indexes.timing.eye import Eye, Watched
from indexes.timing.saying import Say
from rag.settings import Settings

NAP_SECONDS = 0.2
_DEBOUNCE_SECONDS = 2.0
"""For a recipe without a schedule, named on the command line."""
_BUSY_SECONDS = 30.0
"""After somebody else was writing, who may have begun before the change."""


@dataclass
class Watcher:
    """Keeps an eye on recipes and starts their rebuilds; `turn` does one round of it."""

    crew: Crew
    say: Say
    after: Callable[[], None] = lambda: None
    """Called when runs have ended."""
    check: float = 1.0
    """Seconds after which it is looked whether a folder is still the one watched."""
    _eyes: dict[str, Eye] = field(default_factory=dict)
    _recipes: dict[str, Recipe] = field(default_factory=dict)
    _bursts: dict[str, Debounce] = field(default_factory=dict)
    _busy_until: dict[str, float] = field(default_factory=dict)
    _heard: SimpleQueue[tuple[str, str]] = field(default_factory=SimpleQueue)
    """(index, "") for a change, (index, line) for something to say: from the eyes' threads."""

    def keep(self, recipes: Sequence[Recipe], settings: Settings) -> None:
        """Watch these recipes and no others; one that is new or edited is begun afresh."""
        now = {recipe.name: recipe for recipe in recipes}
        for name in [name for name, was in self._recipes.items() if was != now.get(name)]:
            self._drop(name)
        for name, recipe in now.items():
            if name not in self._recipes:
                self._recipes[name] = recipe
                self._open(recipe, settings)

    def turn(self, tick: float) -> None:
        """Take in what changed and what ended, and begin what is ready.

        Args:
            tick: What the monotonic clock says, in seconds.
        """
        self._listen(tick)
        ended = self.crew.ended()
        for each in ended:
            self.say(str(each))
            if each.code == BUSY and each.name in self._bursts:
                self._busy_until[each.name] = tick + _BUSY_SECONDS
                self._bursts[each.name].changed(tick)
        if ended:
            self.after()
        for name, burst in self._bursts.items():
            waiting = tick < self._busy_until.get(name, tick)
            if burst.ready(tick) and not waiting and self.crew.free(name):
                burst.take()
                self.say(f"{name}: begins")
                self.crew.begin(name, "watch")

    def close(self) -> None:
        """Stop watching."""
        for name in list(self._recipes):
            self._drop(name)

    def _drop(self, name: str) -> None:
        del self._recipes[name], self._bursts[name]
        if name in self._eyes:
            self._eyes.pop(name).close()

    def _open(self, recipe: Recipe, settings: Settings) -> None:
        name, schedule = recipe.name, recipe.schedule
        self._bursts[name] = Debounce(schedule.debounce_s if schedule else _DEBOUNCE_SECONDS)
        places, left = places_of(recipe, settings)
        if left:
            self.say(f"{name}: cannot be watched, so left to the schedule: {', '.join(left)}")
        if places:
            self._eyes[name] = Eye(
                places,
                changed=lambda: self._heard.put((name, "")),
                say=lambda line: self._heard.put((name, line)),
                check=self.check,
            )

    def _listen(self, tick: float) -> None:
        while not self._heard.empty():
            name, line = self._heard.get()
            if line:
                self.say(f"{name}: {line}")
            elif name in self._bursts:
                self._bursts[name].changed(tick)


def places_of(recipe: Recipe, settings: Settings) -> tuple[list[Watched], list[str]]:
    """Return what of `recipe` can be watched, and the names of the sources that cannot.

    What this program writes itself, below the home folder, never counts.
    """
    places: list[Watched] = []
    left: list[str] = []
    for source in recipe.sources:
        if isinstance(source, Folder):
            roots = dict.fromkeys(fixed(path) for path in source.paths)
            places += [_watched(root, source.exclude, settings.home) for root in roots]
        else:
            left.append(source.name)
    return places, left


def _watched(root: Path, ignored: Sequence[str], home: Path) -> Watched:
    root, home = root.absolute(), home.absolute()
    ours = [f"/{home.relative_to(root).as_posix()}/"] if home.is_relative_to(root) else []
    return Watched(root, GitIgnoreSpec.from_lines([*ignored, *ours]))
