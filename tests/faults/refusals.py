"""Refuse, shorten or fail the Nth file operation, for every N, of everything that writes."""

import errno
import shutil
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

    def at(self, root: Path, number: int) -> Fault:
        """Return the fault at the Nth operation below `root`."""
        return Fault(str(root), number, self.kind, self.when, self.error, self.sticky, self.reads)


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
    healed: str = NEW
    """The generation that the next run serves."""
    also: Callable[["Run", Outcome], Iterator[str]] = lambda *_: iter(())
    """What else there is to complain about once it was done again."""

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


def _export(forge: Forge, world: World, index: Path) -> dict[str, object]:
    assert world.begin(forge, index).finished
    path = _empty(world.root / "out") / "index.quotewell"
    return {"path": path}


def _import(forge: Forge, world: World, index: Path) -> dict[str, object]:
    arguments = _export(forge, world, index)
    forge.done("export", index=index, **arguments)
    _empty(world.root / "imported")
    return arguments


def _empty(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


def _no_byte_left(run: "Run", outcome: Outcome) -> Iterator[str]:
    """Complain about every file that still holds a word of what was forgotten."""
    word = run.world.texts(NEW)[REMOVED].split()[1].encode()  # in no other text
    for path in run.index.rglob("*"):
        if path.is_file() and word in path.read_bytes():
            yield f"{word!r} is still in {path.relative_to(run.index)}"


def _whole_export(run: "Run", outcome: Outcome) -> Iterator[str]:
    """Complain if there is a file that is not the whole index, or litter beside it."""
    out = run.world.root / "out"
    if run.may_clear:
        yield from (f"{path.name} lies in out" for path in out.iterdir() if path.name[0] == ".")
    _empty(run.world.root / "imported")
    imported = run.forge.run("import", index=run.index, **run.arguments)
    yield from _whole_import(run, imported)


def _whole_import(run: "Run", outcome: Outcome) -> Iterator[str]:
    """Complain if the imported index is not the whole of the one exported."""
    look = run.forge.run("look", index=run.world.root / "imported" / "copy")
    served = served_generation(run.world, look.value["served"]) if look.finished else look.error
    if served != NEW:
        yield f"the copy serves {served} {look.message} ({outcome.error} {outcome.message})"


OPERATIONS = {
    "update": Operation("", lambda *_: {}, NEW),
    "publish": Operation("publish", _publish, OLD),
    "prune": Operation("prune", _prune, NEW),
    "remove": Operation("remove", _remove, LESS, (REMOVED,)),
    "forget": Operation("forget", _remove, LESS, (REMOVED,), LESS, _no_byte_left),
    "export": Operation("export", _export, NEW, also=_whole_export),
    "import": Operation("import", _import, NEW, also=_whole_import),
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
    way: Way

    @property
    def may_clear(self) -> bool:
        """Return whether the disk lets a failed operation delete what it has begun."""
        return self.way.error != errno.EIO


def refuse_every_operation(
    forge: Forge, world: World, operation: Operation, way: Way, *, first: int = 1, step: int = 1
) -> Refusals:
    """Do the operation once for every N, its Nth file operation going wrong, until none does.

    A `step` looks only at every so many, from the `first` on.
    """
    tally, number = Refusals(), first
    while True:
        index = world.fresh()
        run = Run(forge, world, index, operation, operation.ready(forge, world, index), way)
        # A document that cannot be read is no failure: its last version stays, and is told.
        root = index if way.reads else world.root
        outcome = operation.do(run, fault=way.at(root, number))
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
        yield from _repeated(run, outcome, served)
    again = world.begin(forge, index)
    after = forge.run("look", index=index)
    yield from judge_healed(world, outcome, again, after, operation.healed)


def _repeated(run: Run, outcome: Outcome, served: str | None) -> Iterator[str]:
    """Complain if doing the same again does not complete what was refused the first time."""
    operation = run.operation
    if not operation.job:  # judged by the next run
        return
    seen = operation.job in {"publish", "prune", "remove"} and served == operation.final
    if not outcome.finished and not seen:
        yield from _again(run)
    yield from operation.also(run, outcome)


def _again(run: Run) -> Iterator[str]:
    repeated = run.operation.do(run)
    there = repeated.message.startswith("there is an index")  # and it is judged as a whole
    look = run.forge.run("look", index=run.index)
    now = served_generation(run.world, look.value["served"]) if look.finished else look.error
    if not (repeated.finished or there) or now != run.operation.final:
        yield (
            f"done again it came to {repeated.error or 'success'} {repeated.message} "
            f"{repeated.trace}, and {now} is served"
        )
