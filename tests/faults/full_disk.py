"""A disk that is really full: reads go on, writers say so, and go on when there is room."""

from collections.abc import Iterator
from pathlib import Path

from tests.faults.forge import Forge, Outcome
from tests.faults.oracle import (
    Tally,
    judge_build_ack,
    judge_healed,
    judge_ledger,
    judge_served,
)
from tests.faults.room import fill
from tests.faults.world import World


def fill_up_again_and_again(forge: Forge, world: World, disk: Path, sizes: list[int]) -> Tally:
    """Ingest with so many KB free, for each of `sizes`; then give the room back.

    `world.root` must lie on `disk`.
    """
    tally = Tally()
    for free_kb in sizes:
        index = world.fresh()
        ballast = fill(disk, free_kb)
        outcome = world.begin(forge, index)
        look = forge.run("look", index=index)
        ballast.unlink()
        tally.runs += 1
        tally.acked += len(outcome.acked)
        tally.refused += outcome.error == "DiskFull"
        tally.finished += outcome.finished
        tally.struck += bool(outcome.acked) and not outcome.finished
        context = f"{free_kb} KB free"
        tally.judge(context, _complaints(world, outcome, look, tally))
        again = world.begin(forge, index)
        after = forge.run("look", index=index)
        tally.judge(context, judge_healed(world, outcome, again, after))
    return tally


def read_while_full(forge: Forge, world: World, disk: Path) -> Tally:
    """Read from a snapshot that was open before the last byte was taken, and open another."""
    tally = Tally(runs=1)
    index = world.fresh()
    for look in forge.run("look_while_full", index=index, disk=disk).acks("look"):
        tally.acked += 1
        outcome = Outcome([], value={"served": look})
        tally.judge("a disk that filled up", judge_served(world, outcome, tally))
    return tally


def _complaints(world: World, outcome: Outcome, look: Outcome, tally: Tally) -> Iterator[str]:
    if not outcome.finished and outcome.error != "DiskFull":
        yield f"told as {outcome.error or outcome.status}: {outcome.message} {outcome.trace}"
    yield from judge_served(world, look, tally)
    yield from judge_build_ack(world, outcome, look)
    if look.finished:
        yield from judge_ledger(world, look.value["ledger"], outcome)
