"""Two runs on the same set, question by question: what got better, what worse, what changed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rag.errors import SettingsError
from rag.evaluate.bootstrap import Difference, paired
from rag.evaluate.plan import TASKS

Run = Mapping[str, Any]
Pair = tuple[Mapping[str, Any], Mapping[str, Any]]
"""The rows of one question in both runs."""

CHANGES = {
    "lost": "right before, wrong now",
    "gained": "wrong before, right now",
    "fell_silent": "answered before, declined now",
    "spoke_up": "declined before, answered now",
    "cites_other": "other quotes than before",
    "shown_now": "claim held back before, shown now",
    "held_back_now": "claim shown before, held back now",
}
"""Kind of change to what it means."""
_DIFFER = ("version", "mode", "split", "limit", "seed", "tasks", "index", "calibration", "partial")
_PARTS = ("settings", "models", "machine")


@dataclass(frozen=True, slots=True)
class Side:
    """What one of the runs made of a question."""

    state: str
    """right, wrong, answered (the set does not know), declined, shown or held back."""
    answer: str
    quotes: tuple[tuple[str, str], ...]
    """Place and text."""

    @property
    def places(self) -> list[str]:
        """Return where the quotes stand, each place once."""
        return list(dict.fromkeys(place for place, _ in self.quotes))

    def to_dict(self) -> dict[str, object]:
        """Return plain values."""
        quotes = [{"place": place, "text": text} for place, text in self.quotes]
        return {"state": self.state, "answer": self.answer, "quotes": quotes}


@dataclass(frozen=True, slots=True)
class Change:
    """A question that came out otherwise."""

    kind: str
    id: str
    asked: str
    a: Side
    b: Side

    def to_dict(self) -> dict[str, object]:
        """Return plain values."""
        sides = {"a": self.a.to_dict(), "b": self.b.to_dict()}
        return {"kind": self.kind, "id": self.id, "asked": self.asked, **sides}


@dataclass(frozen=True, slots=True)
class Comparison:
    """Run b held against run a."""

    set_name: str
    common: int
    only_a: int
    only_b: int
    differs: tuple[tuple[str, str, str], ...]
    """What differs between the runs: name, in a, in b."""
    metrics: Mapping[str, Difference]
    changes: tuple[Change, ...]

    def to_dict(self) -> dict[str, object]:
        """Return plain values, ready for JSON."""
        return {
            "set": self.set_name,
            "common": self.common,
            "only_a": self.only_a,
            "only_b": self.only_b,
            "differs": [{"what": what, "a": a, "b": b} for what, a, b in self.differs],
            "metrics": {key: one.to_dict() for key, one in self.metrics.items()},
            "changes": [change.to_dict() for change in self.changes],
        }


def compare(a: Run, b: Run) -> Comparison:
    """Return how run `b` differs from run `a`, over the questions that both asked.

    Raises:
        SettingsError: If the runs are of different sets, or share no question.
    """
    if a["set_sha256"] != b["set_sha256"]:
        raise SettingsError(
            f"the runs are of different sets: {_named(a)} and {_named(b)}; "
            "only runs of the same set can be compared"
        )
    first, second = _by_id(a), _by_id(b)
    pairs = [(row, second[id_]) for id_, row in first.items() if id_ in second]
    if not pairs:
        raise SettingsError(
            f"the runs share no question: one has {len(first)}, the other {len(second)}; "
            "measure both with the same --split, --limit and --seed"
        )
    return Comparison(
        a["set"],
        len(pairs),
        len(first) - len(pairs),
        len(second) - len(pairs),
        tuple(_differs(a, b)),
        _metrics(pairs),
        tuple(sorted(_changes(pairs), key=lambda change: list(CHANGES).index(change.kind))),
    )


def _named(run: Run) -> str:
    return f"{run['set']} ({str(run['set_sha256'])[:12]})"


def _by_id(run: Run) -> dict[tuple[str, str], Mapping[str, Any]]:
    return {(row["kind"], row["id"]): row for row in run["rows"]}


def _metrics(pairs: Sequence[Pair]) -> dict[str, Difference]:
    """Return the difference of every metric over the questions that have it in both runs."""
    keys = dict.fromkeys(key for a, _ in pairs for key in a["metrics"])
    order = {task: place for place, task in enumerate(TASKS)}
    found = {}
    for key in sorted(keys, key=lambda key: order.get(key.split(".")[0], -1)):
        both = [
            (float(a["metrics"][key]), float(b["metrics"][key]))
            for a, b in pairs
            if key in a["metrics"] and key in b["metrics"]
        ]
        if both:
            found[key] = paired([one for one, _ in both], [other for _, other in both])
    return found


def _changes(pairs: Sequence[Pair]) -> Iterator[Change]:
    for a, b in pairs:
        sides = _side(a), _side(b)
        kind = _kind(*sides)
        if kind is not None:
            asked = str(a.get("question") or a.get("claim") or "")
            yield Change(kind, a["id"], asked, *sides)


def _side(row: Mapping[str, Any]) -> Side:
    if row["kind"] == "claim":
        return Side("shown" if row["shown"] else "held back", f"scored {row['score']:.2f}", ())
    if "outcome" not in row:
        return Side("", "", ())
    quotes = tuple(
        (quote["place"], quote["text"]) for claim in row["claims"] for quote in claim["quotes"]
    )
    answer = row["answer"]
    if not answer:
        return Side("declined", "", ())
    state = {0.0: "right", 1.0: "wrong"}.get(row["metrics"].get("wrong"), "answered")
    return Side(state, answer, quotes)


_TURNS = {
    ("right", "wrong"): "lost",
    ("wrong", "right"): "gained",
    ("held back", "shown"): "shown_now",
    ("shown", "held back"): "held_back_now",
}


def _kind(a: Side, b: Side) -> str | None:
    if (a.state, b.state) in _TURNS:
        return _TURNS[a.state, b.state]
    if a.state != b.state and "declined" in {a.state, b.state}:
        return "fell_silent" if b.state == "declined" else "spoke_up"
    return "cites_other" if a.quotes != b.quotes else None


def _differs(a: Run, b: Run) -> Iterator[tuple[str, str, str]]:
    flat_a, flat_b = dict(_flat(a)), dict(_flat(b))
    for key in dict.fromkeys((*flat_a, *flat_b)):
        one, other = flat_a.get(key, "not there"), flat_b.get(key, "not there")
        if one != other:
            yield key, one, other


def _flat(run: Run) -> Iterator[tuple[str, str]]:
    for key in _DIFFER:
        value = run.get(key)
        yield key, ", ".join(value) if isinstance(value, list) else str(value)
    for part in _PARTS:
        yield from _leaves(run.get(part) or {}, part)


def _leaves(tree: Mapping[str, Any], above: str) -> Iterator[tuple[str, str]]:
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{above}.{key}")
        else:
            yield f"{above}.{key}", str(value)
