"""Two generations of a small corpus, and what an index of each must hold, told independently."""

import json
import shutil
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from rag.index.layout import IndexFolder
from tests.faults.forge import Forge, Outcome

OLD, NEW, LESS = "old", "new", "less"
REMOVED = "corpus/come.txt"
"""What the generation `less` lacks of the new one."""

# Between the generations files change, stay, go, move, come, and one becomes a copy.
_FILES = {
    OLD: {"change.txt": 1, "stay.txt": 0, "gone.txt": 2, "move.txt": 3, "copy.txt": 4},
    NEW: {"change.txt": 5, "stay.txt": 0, "to/moved.txt": 3, "come.txt": 6, "copy.txt": 0},
}
LINES = 4

_RECIPE = """
[[source]]
kind = "folder"
name = "corpus"
paths = ["corpus"]

[retention]
builds = 2

[[gate.smoke]]
question = "Which text holds line w0x1?"
expect = "text t0"
"""


def text(number: int, lines: int = LINES) -> str:
    """Return the text of a file: every line holds a word that no other line holds."""
    return "".join(f"Line w{number}x{line} of text t{number}.\n" for line in range(lines))


@dataclass(frozen=True, slots=True)
class Holding:
    """What an index holds: the text of each source, and how often each line can be found."""

    texts: dict[str, str]
    lines: dict[str, int]

    @classmethod
    def of(cls, texts: dict[str, str]) -> "Holding":
        """Return what must be held if these are the sources; equal texts are stored once."""
        lines = Counter(line for body in set(texts.values()) for line in body.splitlines())
        return cls(texts, dict(lines))


@dataclass(frozen=True)
class World:
    """A folder with a corpus, its generations, and an index of the older one to copy from."""

    root: Path
    size: int = LINES
    empty: bool = False
    """Whether runs begin with no index at all instead of the old generation's."""
    writer: str = "ingest"
    """The job that brings an index up to date: ingest or rebuild."""
    early: bool = False
    """Whether runs begin with the old generation as the release before kept it: format 1."""

    @property
    def corpus(self) -> Path:
        """Return the folder that is ingested; runs only read it."""
        return self.root / "corpus"

    @property
    def template(self) -> Path:
        """Return the index made of the old generation."""
        return self.root / "template"

    def begin(self, forge: Forge, index: Path, **faults: object) -> Outcome:
        """Bring an index up to what the corpus holds now, which a fault may prevent."""
        if self.writer == "ingest":
            return forge.run("ingest", index=index, corpus=self.corpus, **faults)
        return forge.run("rebuild", index=index, recipe=self.recipe(), **faults)

    def recipe(self) -> Path:
        """Return the recipe of an index of the corpus."""
        path = self.root / "faults.toml"
        path.write_text(_RECIPE, encoding="utf-8")
        return path

    def texts(self, generation: str) -> dict[str, str]:
        """Return source to text."""
        if generation == OLD and self.empty:
            return {}
        files = _FILES[NEW if generation == LESS else generation].items()
        texts = {f"corpus/{name}": text(number, self.size) for name, number in files}
        if generation == LESS:
            del texts[REMOVED]
        return texts

    def holding(self, generation: str) -> Holding:
        """Return what an index of `generation` must hold."""
        return Holding.of(self.texts(generation))

    def write(self, generation: str) -> None:
        """Make the corpus that of `generation`."""
        shutil.rmtree(self.corpus, ignore_errors=True)
        for source, body in self.texts(generation).items():
            path = self.root / source
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(body, encoding="utf-8")

    def fresh(self, name: str = "run") -> Path:
        """Return a copy of the old generation's index, as it was before anything happened."""
        copy = self.root / name
        shutil.rmtree(copy, ignore_errors=True)
        if not self.empty:
            shutil.copytree(self.template, copy)
        if self.early:
            downgrade(IndexFolder(copy))
        return copy


def downgrade(folder: IndexFolder) -> None:
    """Make an index what it was in format 1: no lease, no history, manifests without a sum."""
    with closing(sqlite3.connect(folder.ledger)) as db:
        for table in ("lease", "run", "publication", "seen", "forgotten"):
            db.execute(f"DROP TABLE {table}")
        db.execute("DELETE FROM note WHERE key = 'generation'")
        db.execute("PRAGMA user_version = 1")
        db.commit()
    for build in folder.build_ids():
        path = folder.build(build) / "manifest.json"
        values = json.loads(path.read_text(encoding="utf-8")) | {"format": 1}
        del values["sha256"], values["generation"], values["embedder"]["model"]
        path.write_text(json.dumps(values, indent=1), encoding="utf-8")


def prepared(forge: Forge, root: Path, **options: object) -> World:
    """Return a world in the new folder `root`, its corpus new and its index of the old one."""
    world = World(root, **options)
    world.root.mkdir()
    if not world.empty:
        world.write(OLD)
        made = world.begin(forge, world.template)
        assert made.finished, made
    world.write(NEW)
    return world
