"""The full tier: every campaign at its full size, and its figures in BENCHMARKS.md.

    python -m tests.faults.full [--only NAME] [--update] [--seed N] [--share S]

`--share 0.1` runs a tenth of each; such figures are printed and never written. The quick tier
is `make faults`.
"""

import argparse
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.faults import damage, full_disk, kills, races, refusals, scale, together
from tests.faults.forge import Forge
from tests.faults.oracle import Tally
from tests.faults.room import small_disk
from tests.faults.shim import When
from tests.faults.world import LINES, World, prepared

PAGE = Path(__file__).parents[2] / "BENCHMARKS.md"
BEGIN, END = "<!-- faults: begin -->", "<!-- faults: end -->"
_HEAD = """### When things break

`make faults-full` runs each campaign at its full size and writes its row here; `make faults` is
the quick tier. "Wrong" counts what must never happen: something acknowledged that is lost,
doubled or half, an answer of two builds, damage that goes unnoticed, an error that is not ours.

| campaign | runs | acknowledged | wrong | what else was seen | measured |
|---|---|---|---|---|---|
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One campaign's line of the table."""

    name: str
    runs: int
    acked: int
    wrong: int
    seen: str
    day: str

    def line(self) -> str:
        """Return it in Markdown."""
        cells = (self.name, f"{self.runs:,}", f"{self.acked:,}", self.wrong, self.seen, self.day)
        return f"| {' | '.join(map(str, cells))} |"


@dataclass(frozen=True)
class Scene:
    """What a campaign needs: a forge, a folder, a seed and how much of it to run."""

    forge: Forge
    folder: Path
    seed: int
    share: float

    def many(self, full: int) -> int:
        """Return the share of `full` that is run, 1 at least."""
        return max(1, round(full * self.share))

    def world(self, name: str, **options: object) -> World:
        """Return a world of its own for a campaign."""
        return prepared(self.forge, self.folder / name, **options)


def kill_at_random(scene: Scene) -> tuple[Tally, str]:
    tally = Tally()
    for writer in ("ingest", "rebuild"):
        world = scene.world(f"random-{writer}", writer=writer)
        tally.add(kills.random_kills(scene.forge, world, scene.many(500), scene.seed))
    return tally, _sides(tally)


def kill_everywhere(scene: Scene) -> tuple[Tally, str]:
    tally, step = Tally(), max(1, round(1 / scene.share))
    for name, options in {
        "ingest": {},
        "first-ingest": {"empty": True},
        "rebuild": {"writer": "rebuild"},
    }.items():
        world = scene.world(f"everywhere-{name}", **options)
        for when in When:
            tally.add(kills.kills_at_every_operation(scene.forge, world, when, step=step))
    return tally, _sides(tally)


def kill_recovery(scene: Scene) -> tuple[Tally, str]:
    tally, world = Tally(), scene.world("recovery", writer="rebuild")
    for number in (2, 3):
        runs = scene.many(100)
        tally.add(kills.kills_while_recovering(scene.forge, world, runs, scene.seed, kills=number))
    return tally, _sides(tally)


def refuse(scene: Scene) -> tuple[Tally, str]:
    tally, step = refusals.Refusals(), max(1, round(1 / scene.share))
    for writer in ("ingest", "rebuild"):
        world = scene.world(f"refuse-{writer}", writer=writer)
        for operation in refusals.OPERATIONS.values():
            if operation.job and writer == "rebuild":
                continue
            for way in refusals.WAYS.values():
                tally.add(
                    refusals.refuse_every_operation(scene.forge, world, operation, way, step=step)
                )
    errors = ", ".join(f"{name} {count:,}" for name, count in tally.errors.most_common())
    return tally, f"{tally.refused:,} refused with an error of ours ({errors})"


def fill_disks(scene: Scene) -> tuple[Tally, str]:
    with small_disk(scene.folder / "disk") as disk:
        world = prepared(scene.forge, disk / "world", size=50 * LINES)
        sizes = [round(120 * number / scene.share) for number in range(scene.many(50))]
        tally = full_disk.fill_up_again_and_again(scene.forge, world, disk, sizes)
        again = prepared(scene.forge, disk / "reading")
        tally.add(full_disk.read_while_full(scene.forge, again, disk))
    return tally, (
        f"{tally.refused} told as a full disk, {tally.finished} had room; the index was searched "
        "each time before any was freed"
    )


def damage_builds(scene: Scene) -> tuple[Tally, str]:
    shelf = damage.Shelf.of(scene.forge, scene.world("damage"))
    tally = damage.damage_builds(shelf, scene.many(10_000), scene.seed)
    return tally, f"noticed {tally.old / tally.runs:.2%}, the build before served each time"


def damage_both(scene: Scene) -> tuple[Tally, str]:
    shelf = damage.Shelf.of(scene.forge, scene.world("damage-both"))
    tally = damage.damage_both_builds(shelf, scene.many(1_000), scene.seed)
    return tally, f"{tally.refused:,} refused, {tally.finished:,} repaired by the next ingest"


def damage_names(scene: Scene) -> tuple[Tally, str]:
    shelf = damage.Shelf.of(scene.forge, scene.world("damage-live"))
    tally = damage.damage_live(shelf, scene.many(1_000), scene.seed)
    return tally, f"{tally.new:,} served the live build all the same, {tally.old:,} the one before"


def damage_ledgers(scene: Scene) -> tuple[Tally, str]:
    shelf = damage.Shelf.of(scene.forge, scene.world("damage-ledger"))
    tally = damage.damage_ledger(shelf, scene.many(5_000), scene.seed)
    return tally, f"{tally.acked:,} texts came back and were right; {dict(tally.outcomes)}"


def ask_and_rebuild(scene: Scene) -> tuple[Tally, str]:
    load = together.Load(
        clients=32,
        publishes=scene.many(50),
        idle_s=120 * scene.share,
        busy_s=1_800 * scene.share,
    )
    seen = together.ask_while_rebuilding(scene.forge, scene.folder / "together", load, scene.seed)
    answered = sum(asked.answered for asked in seen.busy)
    tally = Tally(runs=len(seen.busy), acked=answered, wrong=[*seen.errors, *seen.mixed])
    return tally, (
        f"{load.clients} clients, {load.publishes} builds published, "
        f"{len({asked.build for asked in seen.busy})} answered from; p95 "
        f"{1000 * together.p95(seen.idle):.0f} ms idle, {1000 * together.p95(seen.busy):.0f} ms "
        f"while publishing ({seen.ratio():.2f} times)"
    )


def race(scene: Scene) -> tuple[Tally, str]:
    runs = scene.many(1_000)
    tally = races.race(scene.forge, scene.world("race"), "race_writers", runs)
    shelf = scene.world("race-rebuild", writer="rebuild")
    tally.add(races.race(scene.forge, shelf, "race_schedulers", runs))
    return tally, "exactly one won each time" if not tally.wrong else "not always one winner"


def hold(scene: Scene) -> tuple[Tally, str]:
    world = scene.world("hold")
    killed = races.kill_holders(scene.forge, world, scene.many(200))
    paused = races.pause_holders(scene.forge, world, scene.many(200))
    seen = (
        f"after a kill the next writer was done in {killed.slowest:.2f} s at most; "
        f"{paused.refused} of {paused.runs} paused writers were told that they lost the index"
    )
    killed.add(paused)
    return killed, seen


def measure_scale(scene: Scene) -> tuple[Tally, str]:
    return scale.measured(scene.folder / "scale", scene.share)


def _sides(tally: Tally) -> str:
    middle = f"{tally.struck:,} fell between the first and the last operation"
    return f"{middle}; {tally.old:,} left the old build, {tally.new:,} the new one"


Campaign = Callable[[Scene], tuple[Tally, str]]
CAMPAIGNS: Mapping[str, Campaign] = {
    "killed at random moments": kill_at_random,
    "killed around every operation": kill_everywhere,
    "killed two and three times": kill_recovery,
    "refused at every operation": refuse,
    "full disk": fill_disks,
    "damaged build": damage_builds,
    "damaged builds, both": damage_both,
    "damaged LIVE": damage_names,
    "damaged ledger": damage_ledgers,
    "asked while rebuilding": ask_and_rebuild,
    "races": race,
    "dead and paused holders": hold,
    "scale": measure_scale,
}


def read_rows(page: str) -> dict[str, str]:
    """Return the lines of the table by campaign."""
    if BEGIN not in page:
        return {}
    table = page.partition(BEGIN)[2].partition(END)[0]
    lines = [line for line in table.splitlines() if line.startswith("| ")]
    return {line.split("|")[1].strip(): line for line in lines[1:]}


def write_rows(page: str, rows: Mapping[str, str]) -> str:
    """Return the page with the table of `rows`, in the campaigns' order.

    The table stands above the runs of `make bench-quality`, which keeps what it finds there.
    """
    lines = "".join(f"{rows[name]}\n" for name in CAMPAIGNS if name in rows)
    part = f"{BEGIN}\n{_HEAD}{lines}{END}\n"
    if BEGIN in page:
        before, _, rest = page.partition(BEGIN)
        return before + part + rest.partition(END)[2].removeprefix("\n")
    head, mark, rest = page.partition("\n## ")
    return f"{head.rstrip()}\n\n{part}{mark}{rest}"


def run(name: str, scene: Scene) -> Row:
    """Run one campaign and say what came of it."""
    begin = time.monotonic()
    tally, seen = CAMPAIGNS[name](scene)
    day = datetime.now(UTC).date().isoformat()
    row = Row(name, tally.runs, tally.acked, len(tally.wrong), seen, day)
    print(f"{row.line()}  ({time.monotonic() - begin:.0f} s)", flush=True)
    for wrong in tally.wrong[:10]:
        print(f"    WRONG: {wrong[:1000]}", flush=True)
    return row


def main(names: list[str], *, seed: int, share: float, update: bool) -> int:
    """Run the campaigns; return how many of them found something wrong or nothing at all."""
    print(f"seed {seed}, share {share}", flush=True)
    place = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    failed = 0
    for name in names:
        with (
            tempfile.TemporaryDirectory(dir=place, prefix="faults-") as folder,
            Forge(Path(folder)) as forge,
        ):
            row = run(name, Scene(forge, Path(folder), seed, share))
        failed += bool(row.wrong) or not row.acked
        if update and share == 1:
            page = PAGE.read_text(encoding="utf-8")
            rows = read_rows(page) | {name: row.line()}
            PAGE.write_text(write_rows(page, rows), encoding="utf-8")
    return failed


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m tests.faults.full")
    parser.add_argument("--only", action="append", choices=CAMPAIGNS, help="one campaign")
    parser.add_argument("--update", action="store_true", help="write the rows to BENCHMARKS.md")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1, 10**6))
    parser.add_argument("--share", type=float, default=1.0, help="of each campaign's size")
    given = parser.parse_args()
    sys.exit(
        bool(
            main(
                given.only or list(CAMPAIGNS),
                seed=given.seed,
                share=given.share,
                update=given.update,
            )
        )
    )
