"""What the shelf looks like now: every recipe and every index on disk, and what runs next.

Reads and changes nothing; an index that cannot be read says why and hides no other.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from indexes.due import minute_of, next_run
from indexes.first_seen import FirstSeen
from rag.errors import IndexFault, RecipeError, SettingsError
from rag.index.build import live_build
from rag.index.journal import Run, RunOutcome, runs
from rag.index.layout import IndexFolder
from rag.index.lock import holder_of
from rag.index.manifest import Manifest
from rag.settings import Settings

if TYPE_CHECKING:
    from indexes.recipe import Recipe

_RECENT = 10
"""Runs a page tells of."""
_SUCCESSES = {RunOutcome.PUBLISHED, RunOutcome.UNCHANGED}


@dataclass(frozen=True, slots=True)
class Live:
    """The build that answers now; `created` is ISO 8601 in UTC."""

    build: str
    created: str
    documents: int
    chunks: int

    def age_s(self, now: datetime) -> int:
        """Return how old the build is in seconds, 0 for one from a clock that was ahead."""
        return max(0, int((now - datetime.fromisoformat(self.created)).total_seconds()))


@dataclass(frozen=True, slots=True)
class Coming:
    """When a recipe runs by itself; the zone's time and UTC are the same minute."""

    cron: str
    """Empty if it has no times."""
    zone: str
    watch: bool
    utc: str
    """Of the next run, `2026-11-24T02:00Z`; empty if there is none."""
    local: str
    """`2026-11-24 03:00`, in `zone`."""
    due: bool
    """Whether that time has come and the run is waited for."""


@dataclass(frozen=True, slots=True)
class Status:
    """One index as a person asks about it."""

    name: str
    recipe: str = ""
    """Path of its recipe; empty for an index without one."""
    live: Live | None = None
    builds: tuple[str, ...] = ()
    """On disk, oldest first."""
    writing: bool = False
    recent: tuple[Run, ...] = ()
    """The latest runs, newest first."""
    succeeded: str = ""
    """When a run last ended with a build published or nothing to do, ISO 8601 in UTC."""
    coming: Coming | None = None
    problem: str = ""
    """Why the rest cannot be told."""

    @property
    def last(self) -> Run | None:
        """Return the latest run."""
        return self.recent[0] if self.recent else None

    def to_dict(self, now: datetime) -> dict[str, object]:
        """Return plain values, ready for JSON; `age_s` is the live build's."""
        values = {name: value for name, value in asdict(self).items() if name != "recent"}
        return values | {
            "last": asdict(self.last) if self.last else None,
            "age_s": self.live.age_s(now) if self.live else None,
        }


@dataclass(frozen=True, slots=True)
class Shelf:
    """Every index by name, and the recipes that cannot be read, a sentence each."""

    indexes: tuple[Status, ...]
    problems: tuple[str, ...]

    def to_dict(self, now: datetime) -> dict[str, object]:
        """Return plain values, ready for JSON."""
        rows = [status.to_dict(now) for status in self.indexes]
        return {"indexes": rows, "problems": list(self.problems)}


def read_shelf(settings: Settings, now: datetime) -> Shelf:
    """Return the state of every index that has a recipe or lies on this disk."""
    from indexes.recipe import all_recipes  # noqa: PLC0415  (brings every kind of source)

    read = all_recipes(settings)
    recipes = {each.name: each for each in read if not isinstance(each, RecipeError)}
    names = {*recipes, *_on_disk(settings)}
    return Shelf(
        tuple(read_status(name, settings, now, recipes.get(name)) for name in sorted(names)),
        tuple(str(each) for each in read if isinstance(each, RecipeError)),
    )


def read_status(
    name: str, settings: Settings, now: datetime, recipe: "Recipe | None" = None
) -> Status:
    """Return the state of one index, whether or not it has been built."""
    folder = IndexFolder.named(settings.indexes, name)
    status = Status(name, str(recipe.path) if recipe else "")
    try:
        past, writing = read_history(folder)
        return replace(
            status,
            live=_live(folder),
            builds=tuple(folder.build_ids()),
            writing=writing,
            recent=tuple(past[:_RECENT]),
            succeeded=next((run.finished for run in past if run.outcome in _SUCCESSES), ""),
            coming=_coming(recipe, folder, first_seen(settings), now) if recipe else None,
        )
    except (IndexFault, OSError) as error:
        return replace(status, problem=str(error))


def read_history(folder: IndexFolder, most: int = 50) -> tuple[list[Run], bool]:
    """Return the latest runs, newest first, and whether the index is being written now.

    A run that says it is running while nobody holds the index was interrupted.
    """
    past, writing = runs(folder, most), holder_of(folder)
    if past and past[0].outcome is RunOutcome.RUNNING and not writing:
        past, writing = runs(folder, most), holder_of(folder)  # it may have ended in between
        if past[0].outcome is RunOutcome.RUNNING and not writing:
            past[0] = replace(past[0], outcome=RunOutcome.INTERRUPTED)
    return past, writing


def first_seen(settings: Settings) -> FirstSeen:
    """Return the file that remembers when each schedule was first seen."""
    return FirstSeen(settings.home / "schedule.json")


def claims(past: Sequence[Run]) -> set[datetime]:
    """Return the occurrences that `past` runs were begun for."""
    return {datetime.fromisoformat(run.due) for run in past if run.due}


def _on_disk(settings: Settings) -> Iterator[str]:
    """Yield the names of the indexes that exist; a folder of another name is none."""
    for name in IndexFolder(settings.indexes / "any").neighbours():
        try:
            yield IndexFolder.named(settings.indexes, name).name
        except SettingsError:
            continue


def _live(folder: IndexFolder) -> Live | None:
    build = live_build(folder)
    if build is None:
        return None
    manifest = Manifest.read(folder.build(build))
    counts = manifest.counts
    return Live(build, manifest.created, counts["documents"], counts["chunks"])


def _coming(recipe: "Recipe", folder: IndexFolder, seen: FirstSeen, now: datetime) -> Coming | None:
    schedule = recipe.schedule
    if schedule is None:
        return None
    cron, zone = schedule.cron, schedule.zone
    if not cron:
        return Coming("", zone, schedule.watch, "", "", due=False)
    since = seen.look(recipe.name, cron, zone) or now
    at = next_run(cron, zone, claimed=claims(runs(folder, scheduled=True)), since=since, now=now)
    utc = minute_of(at) if at else ""
    local = f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}" if at else ""
    return Coming(cron, zone, schedule.watch, utc, local, due=bool(at and at <= now))


def utc_now() -> datetime:
    """Return what the clock says, aware."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Shelves:
    """Looks at the shelf whenever it is asked, for a page that serves one of its indexes."""

    settings: Settings

    @property
    def served(self) -> str:
        """Return the name of the index that is served."""
        return self.settings.index

    def look(self) -> Shelf:
        """Return the state of every index now."""
        return read_shelf(self.settings, utc_now())

    def look_at_served(self) -> Status:
        """Return the state of the index that is served, without what its recipe says."""
        return read_status(self.served, self.settings, utc_now())
