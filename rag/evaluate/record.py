"""What was answered to one question, as plain values, and the file that keeps it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Quote:
    """A quote as it was shown, and whether it equals its slice of the stored text."""

    text: str
    title: str
    exact: bool


@dataclass(frozen=True, slots=True)
class Said:
    """One shown sentence and the quotes it cites."""

    text: str
    quotes: tuple[Quote, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """What came back for a question."""

    outcome: str
    confidence: float
    said: tuple[Said, ...]
    conflicts: tuple[tuple[Quote, Quote], ...]
    gold_cited: bool | None
    """Whether a quote overlaps gold; None when the set names no gold for the question."""
    timings_ms: Mapping[str, float]
    draft: str | None = None
    """What the generator wrote before anything was checked."""
    first_token_ms: float | None = None
    passages: tuple[str, ...] = ()
    """What a draft could draw on; kept when there is a draft."""

    @property
    def answered(self) -> bool:
        """Return whether anything was shown."""
        return bool(self.said)

    @property
    def text(self) -> str:
        """Return the shown answer without its labels."""
        return " ".join(said.text for said in self.said)

    @property
    def quotes(self) -> list[Quote]:
        """Return every shown quote, those of conflicts included."""
        cited = [quote for said in self.said for quote in said.quotes]
        return cited + [quote for pair in self.conflicts for quote in pair]


@dataclass(frozen=True, slots=True)
class Record:
    """One question of a run: how its documents were ranked, and what was answered."""

    id: str
    rankings: Mapping[str, Mapping[str, float]] = field(
        default_factory=dict[str, Mapping[str, float]]
    )
    """Stage (fused, dense, lexical) to corpus id to score of its best chunk."""
    retrieve_ms: float = 0.0
    told: Told | None = None


class Journal:
    """Appends records to a file as they come, and gives back those of an earlier run."""

    def __init__(self, path: Path, *, fresh: bool = False) -> None:
        """Keep records at `path`; `fresh` forgets what is there."""
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        if fresh:
            path.unlink(missing_ok=True)
        self.known = {record.id: record for record in _read(path)}

    def add(self, record: Record) -> None:
        """Write one record at once, so that an interrupted run keeps it."""
        with self._path.open("a", encoding="utf-8") as out:
            out.write(json.dumps(asdict(record), ensure_ascii=False) + "\n")
        self.known[record.id] = record


def _read(path: Path) -> Iterator[Record]:
    if not path.exists():
        return
    for line in path.read_text(encoding="utf-8", errors="replace").split("\n"):
        try:
            row = json.loads(line)
        except json.JSONDecodeError:  # the end of a run that was killed while it wrote
            continue
        yield _record(row)


def _record(row: dict[str, Any]) -> Record:
    told = row["told"]
    return Record(
        row["id"], row["rankings"], row["retrieve_ms"], None if told is None else _told(told)
    )


def _told(row: dict[str, Any]) -> Told:
    said = tuple(Said(s["text"], tuple(Quote(**q) for q in s["quotes"])) for s in row["said"])
    conflicts = tuple((Quote(**first), Quote(**second)) for first, second in row["conflicts"])
    passages = tuple(row["passages"])
    return Told(**{**row, "said": said, "conflicts": conflicts, "passages": passages})
