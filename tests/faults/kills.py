"""Kill the writer: at random moments, around every operation, and while it recovers."""

import random
import time
from collections.abc import Iterator

from tests.faults.forge import Forge, Outcome
from tests.faults.oracle import (
    Tally,
    judge_build_ack,
    judge_healed,
    judge_ledger,
    judge_served,
)
from tests.faults.shim import Fault, Kind, When
from tests.faults.world import World


def random_kills(forge: Forge, world: World, runs: int, seed: int) -> Tally:
    """Kill `runs` writers, each after a time drawn uniformly from how long a whole one takes."""
    draw, tally = random.Random(seed), Tally()
    seconds = _length(forge, world)
    while tally.runs < runs:
        index = world.fresh()
        after = draw.uniform(0, seconds)
        outcome = world.begin(forge, index, kill_after=after, fault=Fault(str(index)))
        if not outcome.killed:
            continue  # it was quicker than the whole one that was timed; that proves nothing
        _judge(forge, world, index, [outcome], f"killed after {after:.4f} s", tally)
    return tally


def kills_at_every_operation(
    forge: Forge, world: World, when: When, *, first: int = 1, step: int = 1
) -> Tally:
    """Kill a writer before, after or halfway through its Nth operation, for every N.

    A `step` looks only at every so many, from the `first` on.
    """
    tally, number = Tally(), first
    while True:
        index = world.fresh()
        fault = Fault(str(index), number, Kind.KILL, when)
        outcome = world.begin(forge, index, fault=fault)
        if not outcome.fired:
            assert outcome.finished, outcome
            return tally
        _judge(forge, world, index, [outcome], f"killed {when.name} {number}", tally)
        number += step


def kills_while_recovering(
    forge: Forge, world: World, runs: int, seed: int, *, kills: int
) -> Tally:
    """Kill a writer, then the one that recovers from it, `kills` times in all."""
    draw, tally = random.Random(seed), Tally()
    operations = _operations(forge, world)
    while tally.runs < runs:
        index = world.fresh()
        outcomes: list[Outcome] = []
        for _ in range(kills):
            when = draw.choice(list(When))
            number = draw.randint(1, operations)
            fault = Fault(str(index), number, Kind.KILL, when)
            outcomes.append(world.begin(forge, index, fault=fault))
        if all(outcome.killed for outcome in outcomes):
            where = ", ".join(outcome.where for outcome in outcomes)
            _judge(forge, world, index, outcomes, f"killed at {where}", tally)
    return tally


def _length(forge: Forge, world: World) -> float:
    """Return how many seconds an undisturbed run takes, the longest of three."""
    seconds = []
    for _ in range(3):
        index = world.fresh()
        begin = time.perf_counter()
        assert world.begin(forge, index).finished
        seconds.append(time.perf_counter() - begin)
    return max(seconds)


def _operations(forge: Forge, world: World) -> int:
    index = world.fresh()
    return world.begin(forge, index, fault=Fault(str(index))).operations


def _judge(
    forge: Forge, world: World, index, outcomes: list[Outcome], context: str, tally: Tally
) -> None:
    """Look at what the kills left, let the next run finish, and look again."""
    tally.runs += 1
    merged = _merged(outcomes)
    tally.acked += len(merged.acks("read")) + len(merged.acks("publish"))
    tally.struck += all(outcome.operations > 1 for outcome in outcomes)
    context = f"{context} ({merged.where})"
    look = forge.run("look", index=index)
    tally.judge(context, _complaints(world, merged, look, tally))
    again = world.begin(forge, index)
    after = forge.run("look", index=index)
    tally.judge(context, judge_healed(world, merged, again, after))


def _complaints(world: World, merged: Outcome, look: Outcome, tally: Tally) -> Iterator[str]:
    yield from judge_served(world, look, tally)
    yield from judge_build_ack(world, merged, look)
    if look.finished:
        yield from judge_ledger(world, look.value["ledger"], merged)


def _merged(outcomes: list[Outcome]) -> Outcome:
    """Return all that was acknowledged by runs that followed each other."""
    last = outcomes[-1]
    acked = [words for outcome in outcomes for words in outcome.acked]
    return Outcome(acked, status=last.status, operations=last.operations, where=last.where)
