"""Run recipes when they are due: one process, looking at the clock again and again.

    read the recipes -> what is due? -> start its rebuild -> look again in 15 s at most

Nothing is remembered that a restart would miss: what was claimed is in each index's ledger,
and a rebuild claims its occurrence there, so that of two schedulers exactly one runs it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from indexes.due import minute_of, next_run
from indexes.first_seen import FirstSeen
from indexes.recipe import Recipe, Schedule
from indexes.status.shelf import claims
from indexes.timing.crew import BUSY, Crew, Ended
from indexes.timing.saying import Once, Say
from rag.errors import RagError, RecipeError
from rag.index.journal import Run

LOOK_SECONDS = 15.0
"""Longest sleep, by the monotonic clock, so that a suspend or a new clock is soon noticed."""
_BUSY_SECONDS = 300.0
"""After somebody else was writing, before the same occurrence is tried again."""
_WORKING_SECONDS = 1.0
_EVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass
class Scheduler:
    """Knows which recipes are due and starts them; `wake` does all of it."""

    recipes: Callable[[], Sequence[Recipe | RecipeError]]
    """Read anew at every look, so that an edited recipe counts at once."""
    history: Callable[[str], Sequence[Run]]
    """The runs of an index, newest first."""
    seen: FirstSeen
    crew: Crew
    say: Say
    after: Callable[[], None] = lambda: None
    """Called when runs have ended."""
    now_if_new: bool = False
    """Whether an index that never ran is due at once; otherwise at its next occurrence."""
    _tried: dict[str, datetime] = field(default_factory=dict)
    """The occurrence begun last, by index: one that failed waits for the next."""
    _busy_until: dict[str, float] = field(default_factory=dict)
    _once: Once = field(init=False)

    def __post_init__(self) -> None:
        """Say nothing twice."""
        self._once = Once(self.say)

    def wake(self, now: datetime, tick: float) -> float:
        """Note what ended, begin what is due, and return in how many seconds to look again.

        Args:
            now: What the clock says; it may jump.
            tick: What the monotonic clock says, in seconds.
        """
        ended = self.crew.ended()
        for each in ended:
            self._note(each, tick)
        if ended:
            self.after()
        coming = sorted(
            (at, recipe.name) for recipe in self._timed() if (at := self._next(recipe, now))
        )
        for at, name in coming:
            if at <= now and self._may_begin(name, at, tick):
                self.say(f"{name}: begins, due {minute_of(at)}")
                self._tried[name] = at
                self.crew.begin(name, "schedule", minute_of(at))
        longest = _WORKING_SECONDS if self.crew.working() else LOOK_SECONDS
        return min([longest, *((at - now).total_seconds() for at, _ in coming if at > now)])

    def _note(self, ended: Ended, tick: float) -> None:
        self.say(str(ended))
        if ended.code == BUSY:  # it may be claimed by now; if not, it is still due later
            self._busy_until[ended.name] = tick + _BUSY_SECONDS
            self._tried.pop(ended.name, None)

    def _may_begin(self, name: str, at: datetime, tick: float) -> bool:
        return (
            self._tried.get(name) != at
            and tick >= self._busy_until.get(name, tick)
            and self.crew.free(name)
        )

    def _timed(self) -> list[Recipe]:
        """Return the recipes with a schedule, and say which cannot be read."""
        read = self.recipes()
        for wrong in (each for each in read if isinstance(each, RecipeError)):
            self._once(str(wrong), str(wrong))
        return [
            each
            for each in read
            if isinstance(each, Recipe) and each.schedule and each.schedule.cron
        ]

    def _next(self, recipe: Recipe, now: datetime) -> datetime | None:
        schedule = recipe.schedule
        if schedule is None:
            return None
        try:
            past = self.history(recipe.name)
            since = self._since(recipe.name, schedule, past, now)
        except RagError as error:
            self._once(recipe.name, f"{recipe.name}: {error}")
            return None
        cron, zone = schedule.cron, schedule.zone
        at = next_run(cron, zone, claimed=claims(past), since=since, now=now)
        if at and at > now:
            self._once(f"{recipe.name} next", f"{recipe.name}: next run {minute_of(at)}")
        return at

    def _since(self, name: str, schedule: Schedule, past: Sequence[Run], now: datetime) -> datetime:
        if self.now_if_new and not past:
            return _EVER
        return self.seen.note(name, schedule.cron, schedule.zone, now)
