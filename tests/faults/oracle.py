"""Judge an index after a fault: acknowledged things are there, once, whole; answers unmixed."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields

from tests.faults.forge import Outcome
from tests.faults.world import LESS, NEW, OLD, World

SEARCHABLE_WITHIN = 5.0  # seconds after a restart


@dataclass
class Tally:
    """What a campaign did and found; `wrong` says in words what must never happen."""

    runs: int = 0
    acked: int = 0
    """Files and builds acknowledged by runs that a fault then ended or touched."""
    struck: int = 0
    """Runs in which the fault fell into the middle: after the first operation, before the last."""
    refused: int = 0
    """Runs that ended with an error of ours."""
    finished: int = 0
    old: int = 0
    new: int = 0
    less: int = 0
    slowest: float = 0.0
    """Seconds from opening the index after the fault until all was searched."""
    wrong: list[str] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        """Count what another campaign did as well."""
        for each in fields(self):
            if not hasattr(other, each.name):
                continue
            mine, theirs = getattr(self, each.name), getattr(other, each.name)
            together = max(mine, theirs) if each.name == "slowest" else mine + theirs
            setattr(self, each.name, together)

    def judge(self, context: str, complaints: Iterable[str]) -> None:
        """Keep complaints with what led to them."""
        self.wrong += [f"{context}: {complaint}" for complaint in complaints]


def served_generation(world: World, served: dict) -> str | None:
    """Return the generation that exactly and only is served, or None if it is neither."""
    for generation in (OLD, NEW, LESS):
        holding = world.holding(generation)
        if served["texts"] == holding.texts and served["lines"] == holding.lines:
            return generation
    return None


def judge_served(world: World, look: Outcome, tally: Tally) -> Iterator[str]:
    """Complain if the snapshot is mixed, doubled, incomplete or slow to be searched."""
    if world.empty and look.error == "IndexNotFound":
        tally.old += 1
        return
    if not look.finished:
        yield f"not searchable: {look.error or look.status} {look.message} {look.trace}"
        return
    served = look.value["served"]
    generation = served_generation(world, served)
    if generation is None:
        yield f"serves neither generation: {served['texts']} {served['lines']}"
    else:
        setattr(tally, generation, getattr(tally, generation) + 1)
    if served["unfound"]:
        yield f"search misses or mixes {served['unfound']}"
    if len({*served["chunks"], sum(served["lines"].values())}) != 1:
        yield f"chunks are counted {served['chunks']}"
    tally.slowest = max(tally.slowest, served["seconds"])
    if served["seconds"] > SEARCHABLE_WITHIN:
        yield f"searchable only after {served['seconds']:.1f} s"


def judge_ledger(
    world: World, ledger: dict, outcome: Outcome, may_go: Iterable[str] = ()
) -> Iterator[str]:
    """Complain if an acknowledged file is lost, doubled or half, or the file is not sound."""
    old, new = world.texts(OLD), world.texts(NEW)
    kept = ledger["texts"]
    for source in outcome.acks("read"):
        if kept.get(source) != new[source]:
            yield f"{source} was acknowledged and is {kept.get(source, 'lost')!r}"
    for source, body in kept.items():
        if body not in {old.get(source), new.get(source)}:
            yield f"{source} is neither old nor new: {body!r}"
    lost = (old.keys() & new.keys()) - kept.keys() - set(may_go)
    if lost:
        yield f"{sorted(lost)} were there before, are there after, and have gone"
    if ledger["doubled"]:
        yield f"{ledger['doubled']} sources are there twice"
    if ledger["whole"] != ["ok"] or ledger["orphans"]:
        yield f"integrity_check says {ledger['whole']}, orphans {ledger['orphans']}"


def judge_build_ack(world: World, outcome: Outcome, look: Outcome) -> Iterator[str]:
    """Complain if a build was acknowledged as published and is not what is served."""
    for build in (*outcome.acks("publish"), *outcome.acks("rebuilt")):
        if look.finished and look.value["served"]["build"] != build:
            yield f"build {build} was acknowledged, {look.value['served']['build']} is served"


def judge_healed(
    world: World, outcome: Outcome, again: Outcome, look: Outcome, generation: str = NEW
) -> Iterator[str]:
    """Complain if the next run does not finish the work, repeats it, or leaves litter."""
    if not again.finished:
        yield f"the next run failed: {again.error or again.status} {again.message} {again.trace}"
        return
    if not look.finished:
        yield f"not searchable after the next run: {look.error} {look.message}"
        return
    if (
        served_generation(world, look.value["served"]) != generation
        or look.value["served"]["unfound"]
    ):
        yield f"the next run serves {look.value['served']}"
    if look.value["ledger"]["texts"] != world.texts(generation):
        yield f"the next run left the ledger with {look.value['ledger']['texts']}"
    if "running" in look.value["runs"]:
        yield f"the next run left a dead one as running: {look.value['runs']}"
    # Half a small file stays where the disk would not even let it be deleted.
    lying = [name for name in look.value["lying"] if not name.startswith(".forgetting.json-")]
    if lying:
        yield f"lying about after the next run: {lying}"
    left = next((words[2] for words in reversed(outcome.acked) if words[0] == "embed"), None)
    if left is not None and again.value["embedded"] > left:
        yield f"{again.value['embedded'] - left} texts were embedded again"
