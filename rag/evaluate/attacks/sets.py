"""Attack sets: texts to plant inside a document, hostile ones and harmless ones."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from rag.errors import LoadError
from rag.evaluate.datasets import unique
from rag.evaluate.lines import Line, read_lines


class Kind(StrEnum):
    """Whether a text wants to be obeyed."""

    ATTACK = "attack"
    BENIGN = "benign"


@dataclass(frozen=True, slots=True)
class Attack:
    """One text of an attack set; the benign ones show what caution costs."""

    id: str
    text: str
    kind: Kind
    family: str = ""


def read_attacks(path: Path) -> list[Attack]:
    """Return the items of an attack set: an `attacks.jsonl`, or the folder that holds one.

    Raises:
        LoadError: Naming file and line, if it is not what the format says.
    """
    path = path / "attacks.jsonl" if path.is_dir() else path
    return [_attack(line) for line in unique(read_lines(path))]


def _attack(line: Line) -> Attack:
    kind = line.text("kind")
    if kind not in set(Kind):
        raise LoadError(f"{line.place}: 'kind' is {' or '.join(Kind)}, and is {kind!r}")
    family = line.row.get("family") or ""
    if not isinstance(family, str):
        raise LoadError(f"{line.place}: 'family' must be text, and is {family!r}")
    return Attack(line.text("_id"), line.text("text"), Kind(kind), family)
