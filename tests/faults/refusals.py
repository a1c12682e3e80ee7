"""Refuse, shorten or fail the Nth file operation, for every N, of everything that writes."""

import errno
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.forge import Forge, Outcome
from tests.faults.oracle import (
    Tally,
    judge_build_ack,
    judge_healed,
    judge_ledger,
    judge_served,
    served_generation,
)
from tests.faults.shim import Fault, Kind, When
from tests.faults.world import LESS, NEW, OLD, REMOVED, World


@dataclass(frozen=True, slots=True)
class Way:
    """A way in which an operation goes wrong."""

    kind: Kind
    when: When = When.BEFORE
    error: int = 0
    sticky: bool = False
    reads: bool = False

    def at(self, index: Path, number: int) -> Fault:
        """Return the fault at the Nth operation below `index`."""
        return Fault(str(index), number, self.kind, self.when, self.error, self.sticky, self.reads)


WAYS = {
    "EIO": Way(Kind.FAIL, error=errno.EIO),
    "EIO from then on": Way(Kind.FAIL, error=errno.EIO, sticky=True),
    "EIO after it took effect": Way(Kind.FAIL, When.AFTER, errno.EIO),
    "EIO also on reads": Way(Kind.FAIL, error=errno.EIO, reads=True),
    "ENOSPC": Way(Kind.FAIL, error=errno.ENOSPC),
    "ENOSPC from then on": Way(Kind.FAIL, error=errno.ENOSPC, sticky=True),
    "short write": Way(Kind.SHORT),
    "short writes from then on": Way(Kind.SHORT, sticky=True),
}


@dataclass(frozen=True, slots=True)
class Operation:
    """Something that writes: the job, how to get ready for it, and what it may leave."""

    job: str
    """Empty for what the world's own writer does."""
    ready: Callable[[Forge, World, Path], dict[str, object]]
    final: str
    """The generation that is served when it succeeds."""
    may_go: tuple[str, ...] = ()

    def do(self, run: "Run", **faults: object) -> Outcome:
        """Do it once."""
        if not self.job:
            return run.world.begin(run.forge, run.index, **faults)
        return run.forge.run(self.job, index=run.index, **run.arguments, **faults)


def _publish(forge: Forge, world: World, index: Path) -> dict[str, object]:
    """Have both builds there, the new one live, to go back to the old one."""
    old = forge.done("look_at_ledger", index=index)["live"]
    assert world.begin(forge, index).finished
    return {"build": old}


def _prune(forge: Forge, world: World, index: Path) -> dict[str, object]:
    assert world.begin(forge, index).finished
    return {"keep": 1}


def _remove(forge: Forge, world: World, index: Path) -> dict[str, object]:
    assert world.begin(forge, index).finished
    return {"sources": [REMOVED]}


OPERATIONS = {
    "update": Operation("", lambda *_: {}, NEW),
    "publish": Operation("publish", _publish, OLD),
    "prune": Operation("prune", _prune, NEW),
    "remove": Operation("remove", _remove, LESS, (REMOVED,)),
}


@dataclass
class Refusals(Tally):
    """A tally that also counts which errors were raised."""

    errors: Counter = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Run:
    """One operation that is about to go wrong."""

    forge: Forge
    world: World
    index: Path
    operation: Operation
    arguments: dict[str, object]


def refuse_every_operation(
    forge: Forge, world: World, operation: Operation, way: Way, *, first: int = 1, step: int = 1
) -> Refusals:
    """Do the operation once for every N, its Nth file operation going wrong, until none does.

    A `step` looks only at every so many, from the `first` on.
    """
    tally, number = Refusals(), first
    while True:
        index = world.fresh()
        run = Run(forge, world, index, operation, operation.ready(forge, world, index))
        outcome = operation.do(run, fault=way.at(index, number))
        if not outcome.fired:
            assert outcome.finished, outcome
            return tally
        _count(outcome, tally)
        context = f"{operation.job or world.writer}, operation {number} ({outcome.where})"
        tally.judge(context, _complaints(run, outcome, tally))
        number += step


def _count(outcome: Outcome, tally: Refusals) -> None:
    tally.runs += 1
    tally.acked += len(outcome.acked)
    tally.struck += outcome.operations > 1
    tally.finished += outcome.finished
    tally.refused += bool(outcome.error) and outcome.typed
    tally.errors[outcome.error or "none"] += 1


def _complaints(run: Run, outcome: Outcome, tally: Refusals) -> Iterator[str]:
    forge, world, index, operation = run.forge, run.world, run.index, run.operation
    if outcome.status:
        yield f"died with status {outcome.status}"
    if not outcome.typed:
        yield f"{outcome.error} escaped: {outcome.message}\n{outcome.trace}"
    look = forge.run("look", index=index)
    yield from judge_served(world, look, tally)
    yield from judge_build_ack(world, outcome, look)
    if look.finished:
        served = served_generation(world, look.value["served"])
        if outcome.finished and served != operation.final:
            yield f"reported success and serves {served}"
        yield from judge_ledger(world, look.value["ledger"], outcome, operation.may_go)
        yield from _repeated(run, served)
    again = world.begin(forge, index)
    after = forge.run("look", index=index)
    yield from judge_healed(world, outcome, again, after)


def _repeated(run: Run, served: str | None) -> Iterator[str]:
    """Complain if doing the same again does not complete what was refused the first time."""
    forge, world, operation = run.forge, run.world, run.operation
    if not operation.job or served == operation.final:  # judged by the next run
        return
    repeated = operation.do(run)
    look = forge.run("look", index=run.index)
    now = served_generation(world, look.value["served"]) if look.finished else look.error
    if not repeated.finished or now != operation.final:
        yield (
            f"done again it came to {repeated.error or 'success'} {repeated.message} "
            f"{repeated.trace}, and {now} is served"
        )
