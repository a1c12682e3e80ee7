"""Two want the same index: exactly one gets it, and a dead or paused one is no obstacle."""

from collections import Counter
from collections.abc import Iterator

from tests.faults.forge import Forge, Outcome
from tests.faults.oracle import Tally, served_generation
from tests.faults.world import NEW, World

RECOVERED_WITHIN = 30.0  # seconds until another writer has its turn
STAGES = ("read", "embed", "build")
"""Where a writer is paused: after a file, after the vectors, before its build goes live."""


def race(forge: Forge, world: World, job: str, races: int) -> Tally:
    """Let two writers, or two schedulers, race for one index."""
    index = world.fresh()
    arguments = {"recipe": world.recipe()} if job == "race_schedulers" else {}
    outcome = forge.run(job, index=index, races=races, **arguments)
    tally = Tally(runs=races)
    tally.judge(job, _one_winner(forge, index, outcome, races))
    wins = outcome.acks("run") + outcome.acks("due")
    tally.acked = len(wins)
    return tally


def _one_winner(forge: Forge, index, outcome: Outcome, races: int) -> Iterator[str]:
    if not outcome.finished:
        yield f"{outcome.error or outcome.status} {outcome.message} {outcome.trace}"
        return
    yield from (f"ended as {words}" for words in outcome.acks("wrong"))
    if Counter(outcome.value) != {1: races}:
        yield f"winners per race: {Counter(outcome.value)}"
    recorded = forge.done("history", index=index)
    runs, dues = outcome.acks("run"), outcome.acks("due")
    if runs and [number for number in recorded["numbers"] if number in set(runs)] != runs:
        yield f"{len(runs)} runs were acknowledged, the ledger holds {recorded['numbers']}"
    if dues and sorted(recorded["dues"]) != sorted(dues):
        yield f"{len(dues)} occurrences were acknowledged, the ledger holds {recorded['dues']}"


def kill_holders(forge: Forge, world: World, runs: int) -> Tally:
    """Kill whoever holds the index and see how soon another writer has its turn."""
    tally = Tally()
    for _ in range(runs):
        index = world.fresh()
        outcome = forge.run("kill_holder", index=index, corpus=world.corpus)
        tally.runs += 1
        tally.acked += len(outcome.acks("held"))
        if not outcome.finished:
            tally.judge("killed holder", [f"{outcome.error} {outcome.message} {outcome.trace}"])
            continue
        tally.slowest = max(tally.slowest, outcome.value)
        if outcome.value > RECOVERED_WITHIN:
            tally.judge("killed holder", [f"recovered after {outcome.value} s"])
        _judge_new(forge, world, index, "killed holder", tally)
    return tally


def pause_holders(forge: Forge, world: World, runs: int) -> Tally:
    """Pause a writer, take its index by force, let it go on: it must not change anything."""
    tally = Tally()
    for number in range(runs):
        stage = STAGES[number % len(STAGES)]
        index = world.fresh()
        outcome = forge.run("pause_holder", index=index, corpus=world.corpus, stage=stage)
        tally.runs += 1
        tally.acked += len(outcome.acks("publish"))
        if not outcome.finished:
            tally.judge(stage, [f"{outcome.error} {outcome.message} {outcome.trace}"])
            continue
        tally.refused += outcome.value["ended"].get("error") == "LeaseLost"
        tally.judge(f"paused at {stage}", _complaints(outcome))
        look = _judge_new(forge, world, index, f"paused at {stage}", tally)
        if look.finished and look.value["served"]["build"] != outcome.value["second"]:
            tally.judge(stage, ["the paused writer put its own build in the place of the other's"])
    return tally


def _complaints(outcome: Outcome) -> Iterator[str]:
    if outcome.value["busy"] != "IndexBusy":
        yield f"while the holder was paused another writer got {outcome.value['busy']!r}"
    if outcome.value["ended"].get("error") != "LeaseLost":
        yield f"the paused writer went on: {outcome.value['ended']}"


def _judge_new(forge: Forge, world: World, index, context: str, tally: Tally) -> Outcome:
    look = forge.run("look", index=index)
    if not look.finished or served_generation(world, look.value["served"]) != NEW:
        tally.judge(context, [f"serves {look.value or look.error}"])
    elif look.value["ledger"]["whole"] != ["ok"] or look.value["ledger"]["doubled"]:
        tally.judge(context, [f"the ledger says {look.value['ledger']}"])
    else:
        tally.new += 1
    return look
