"""What was answered to one question, as plain values, and the file that keeps it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rag.evaluate.kept import Kept


@dataclass(frozen=True, slots=True)
class Quote:
    """A quote as it was shown, and whether it equals its slice of the stored text."""

    text: str
    title: str
    exact: bool
    place: str = ""
    """Source and page, as a person looks it up."""


@dataclass(frozen=True, slots=True)
class Said:
    """One shown sentence and the quotes it cites."""

    text: str
    quotes: tuple[Quote, ...]
    entailment: float = 0.0
    """What the verifier gave, in [0, 1]."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """One claim that was not shown, and why."""

    text: str
    support: str
    entailment: float
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """A passage or a sentence that the pipeline had before it."""

    text: str
    title: str
    score: float
    gold: bool | None
    """Whether the answer is to be found here; None when the set does not say."""


@dataclass(frozen=True, slots=True)
class Trace:
    """What the steps before the answer worked on, best first."""

    passages: tuple[Seen, ...]
    """The passages that were read, each cut to its beginning."""
    evidence: tuple[Seen, ...]
    """The most relevant sentences."""
    floor: float
    """Least relevance of the best sentence; below it there is no answer."""
    gold_rank: int | None = None
    """Place of the best gold sentence among all, from 1; None when none is a gold one."""
    gold_sentence: Seen | None = None


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
    reason: str | None = None
    dropped: tuple[Dropped, ...] = ()
    trace: Trace | None = None
    superseded: tuple[tuple[Quote, Quote], ...] = ()
    """Pairs shown as a newer and an older version, which is no disagreement."""

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
        pairs = (*self.conflicts, *self.superseded)
        return cited + [quote for pair in pairs for quote in pair]


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
    """Keeps records as they come, and gives back those of an earlier run."""

    def __init__(self, path: Path, *, fresh: bool = False) -> None:
        """Keep records at `path`; `fresh` forgets what is there."""
        self._kept = Kept(path, fresh=fresh)
        self.known = {id_: _record(row) for id_, row in self._kept.known.items()}

    def add(self, record: Record) -> None:
        """Write one record at once, so that an interrupted run keeps it."""
        self._kept.add(record.id, asdict(record))
        self.known[record.id] = record


def _record(row: dict[str, Any]) -> Record:
    told = row["told"]
    return Record(
        row["id"], row["rankings"], row["retrieve_ms"], None if told is None else _told(told)
    )


def _told(row: dict[str, Any]) -> Told:
    made = {
        "said": tuple(_said(said) for said in row["said"]),
        "conflicts": _pairs(row["conflicts"]),
        "superseded": _pairs(row["superseded"]),
        "passages": tuple(row["passages"]),
        "dropped": tuple(Dropped(**{**d, "reasons": tuple(d["reasons"])}) for d in row["dropped"]),
        "trace": None if row["trace"] is None else _trace(row["trace"]),
    }
    return Told(**{**row, **made})


def _pairs(rows: list[list[dict[str, Any]]]) -> tuple[tuple[Quote, Quote], ...]:
    return tuple((Quote(**first), Quote(**second)) for first, second in rows)


def _said(row: dict[str, Any]) -> Said:
    return Said(**{**row, "quotes": tuple(Quote(**quote) for quote in row["quotes"])})


def _trace(row: dict[str, Any]) -> Trace:
    lists = {name: tuple(Seen(**seen) for seen in row[name]) for name in ("passages", "evidence")}
    gold = row["gold_sentence"]
    return Trace(**{**row, **lists, "gold_sentence": None if gold is None else Seen(**gold)})
