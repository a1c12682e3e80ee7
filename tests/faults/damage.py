"""Damage the files of an index as disks and people do, and see that nobody answers from them."""

import random
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from rag.index.layout import IndexFolder
from tests.faults.forge import Forge
from tests.faults.oracle import Tally, served_generation
from tests.faults.world import NEW, OLD, World

_PAGE = 4096


def truncate(data: bytes, draw: random.Random, twin: bytes) -> bytes:
    """Cut the end off, at a place that files are often cut at."""
    return data[: draw.choice([0, 1, len(data) // 2, len(data) - 1, draw.randrange(len(data))])]


def flip(data: bytes, draw: random.Random, twin: bytes) -> bytes:
    """Turn one bit."""
    changed = bytearray(data)
    changed[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
    return bytes(changed)


def zero(data: bytes, draw: random.Random, twin: bytes) -> bytes:
    """Blank a page, as a disk does that lost a write."""
    start = draw.randrange(0, len(data), _PAGE)
    size = min(_PAGE, len(data) - start)
    return data[:start] + bytes(size) + data[start + size :]


def tear(data: bytes, draw: random.Random, twin: bytes) -> bytes:
    """Blank the last bytes, as when the length was written and the data was not."""
    size = draw.randint(1, min(_PAGE, len(data)))
    return data[:-size] + bytes(size)


def append(data: bytes, draw: random.Random, twin: bytes) -> bytes:
    """Add bytes at the end."""
    return data + draw.randbytes(draw.randint(1, 64))


def swap(data: bytes, draw: random.Random, twin: bytes) -> bytes:
    """Put the file of that name of another build in its place."""
    return twin


def vanish(data: bytes, draw: random.Random, twin: bytes) -> None:
    """Delete the file."""


Change = Callable[[bytes, random.Random, bytes], bytes | None]
CHANGES: tuple[Change, ...] = (truncate, flip, zero, tear, append, swap, vanish)


@dataclass
class Damage(Tally):
    """A tally that also counts what was damaged, and what came of a damaged ledger.

    Acknowledged is a build, published before the damage, whose texts were compared after it;
    for a damaged ledger, each text.
    """

    kinds: Counter = field(default_factory=Counter)
    outcomes: Counter = field(default_factory=Counter)


@dataclass(frozen=True)
class Shelf:
    """An index with the old generation's build and, live, the new generation's."""

    forge: Forge
    world: World
    template: Path

    @classmethod
    def of(cls, forge: Forge, world: World) -> "Shelf":
        """Make it from a world."""
        template = world.fresh("shelf")
        assert world.begin(forge, template).finished
        return cls(forge, world, template)

    def fresh(self) -> IndexFolder:
        """Return a copy that may be damaged."""
        copy = self.world.root / "damaged"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(self.template, copy)
        return IndexFolder(copy)

    def files(self) -> list[str]:
        """Return the names of the files of a build."""
        build = IndexFolder(self.template).build_ids()[-1]
        folder = IndexFolder(self.template).build(build)
        return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def damage_builds(shelf: Shelf, runs: int, seed: int) -> Damage:
    """Damage one file of the live build, `runs` times; the build before must be served."""
    draw, tally = random.Random(seed), Damage()
    pairs = [(name, change) for name in shelf.files() for change in CHANGES]
    while tally.runs < runs:
        name, change = pairs[tally.runs % len(pairs)]
        index = shelf.fresh()
        older, live = index.build_ids()
        twin = (index.build(older) / name).read_bytes()
        if not _change(index.build(live) / name, change, draw, twin):
            pairs.remove((name, change))  # the two builds hold the same file
            continue
        tally.runs += 1
        tally.kinds[change.__name__] += 1
        context = f"{change.__name__} {name}"
        _judge_fallback(shelf, index, context, tally)
        if tally.runs % 10 == 0:
            _judge_repair(shelf, index, context, tally)
    return tally


def damage_both_builds(shelf: Shelf, runs: int, seed: int) -> Damage:
    """Damage the same file of both builds: then nothing may be served, and no crash."""
    draw, tally = random.Random(seed), Damage()
    while tally.runs < runs:
        change = draw.choice([truncate, flip, vanish])
        index, name = shelf.fresh(), draw.choice(shelf.files())
        for build in index.build_ids():
            assert _change(index.build(build) / name, change, draw, b"")
        tally.runs += 1
        context = f"{change.__name__} {name} of both"
        look = shelf.forge.run("look", index=index.root)
        tally.refused += look.error == "IndexDamaged"
        if look.error != "IndexDamaged":
            tally.judge(context, [f"came to {look.error or look.status} {look.value}"])
        _judge_repair(shelf, index, context, tally)
    return tally


def damage_live(shelf: Shelf, runs: int, seed: int) -> Damage:
    """Damage the file that names the live build: one of the two is served, whole."""
    draw, tally = random.Random(seed), Damage()
    while tally.runs < runs:
        change = draw.choice(CHANGES)
        index = shelf.fresh()
        if not _change(index.live, change, draw, f"{index.build_ids()[0]}\n".encode()):
            continue
        tally.runs += 1
        tally.kinds[change.__name__] += 1
        look = shelf.forge.run("look", index=index.root)
        served = served_generation(shelf.world, look.value["served"]) if look.finished else None
        tally.acked += look.finished
        tally.new += served == NEW
        tally.old += served == OLD
        if served is None:
            complaint = f"came to {look.error or look.status} {look.message} {look.value}"
            tally.judge(f"{change.__name__} LIVE", [complaint])
    return tally


def damage_ledger(shelf: Shelf, runs: int, seed: int) -> Damage:
    """Damage the ledger: every text that comes back is right, or it is called damaged."""
    draw, tally = random.Random(seed), Damage()
    changes: list[Change] = [flip, flip, flip, zero, truncate, tear]
    right = {*shelf.world.texts(OLD).values(), *shelf.world.texts(NEW).values()}
    lines = {line for text in right for line in text.splitlines(keepends=True)}
    while tally.runs < runs:
        change = draw.choice(changes)
        index = shelf.fresh()
        if not _change(index.ledger, change, draw, b""):
            continue
        tally.runs += 1
        tally.kinds[change.__name__] += 1
        look = shelf.forge.run("look_piecewise", index=index.root)
        context = f"{change.__name__} ledger (run {tally.runs})"
        if not look.finished:
            tally.outcomes[look.error or f"status {look.status}"] += 1
            if look.status or not look.typed:
                complaint = f"{look.error or look.status} escaped: {look.message}\n{look.trace}"
                tally.judge(context, [complaint])
            continue
        tally.outcomes.update(look.value["errors"])
        tally.acked += len(look.value["texts"])
        wrong = [text for text in look.value["texts"] if text not in right]
        wrong += [line for line in look.value["lines"] if line not in lines]
        tally.judge(context, [f"a wrong text came back: {text!r}" for text in wrong])
        tally.judge(context, look.value["untyped"])
    return tally


def _change(path: Path, change: Change, draw: random.Random, twin: bytes) -> bool:
    """Damage the file; return False if that would leave it as it is."""
    before = path.read_bytes()
    after = change(before, draw, twin)
    if after == before:
        return False
    if after is None:
        path.unlink()
    else:
        path.write_bytes(after)
    return True


def _judge_fallback(shelf: Shelf, index: IndexFolder, context: str, tally: Damage) -> None:
    look = shelf.forge.run("look", index=index.root)
    if not look.finished:
        complaint = f"came to {look.error or look.status} {look.message} {look.trace}"
        tally.judge(context, [complaint])
        return
    tally.acked += 1
    served = look.value["served"]
    tally.old += served_generation(shelf.world, served) == OLD
    if served_generation(shelf.world, served) != OLD or served["unfound"]:
        tally.judge(context, [f"not noticed, or the build before is not whole: {served}"])
    if look.value["amiss"] != index.build_ids()[-1:]:
        tally.judge(context, [f"the doctor names {look.value['amiss']}"])
    if served["stands_in"] != index.build_ids()[-1]:
        tally.judge(context, [f"nothing says which build is damaged ({served['stands_in']})"])


def _judge_repair(shelf: Shelf, index: IndexFolder, context: str, tally: Damage) -> None:
    again = shelf.world.begin(shelf.forge, index.root)
    look = shelf.forge.run("look", index=index.root)
    if not again.finished or not look.finished:
        worse = again if not again.finished else look
        tally.judge(context, [f"cannot be repaired: {worse.error} {worse.message} {worse.trace}"])
    elif served_generation(shelf.world, look.value["served"]) != NEW:
        tally.judge(context, ["the next ingest does not serve the new generation"])
    else:
        tally.acked += 1
        tally.finished += 1
