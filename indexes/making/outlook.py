"""What a rebuild would do, and about how long it would take."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from rag.index.held import Counts
from rag.index.journal import Run
from rag.plan import Plan


@dataclass(frozen=True, slots=True)
class Outlook:
    """A plan with an estimate; None where nothing is known to estimate from."""

    plan: Plan
    notes: tuple[str, ...]
    texts: int | None
    """Texts to embed, from how many a file has had on average."""
    seconds: float | None
    """To embed them, at the rate of the latest run that embedded any."""

    def to_dict(self) -> dict[str, object]:
        """Return plain values, ready for JSON."""
        plan = self.plan
        named = {
            name: [item.source for item in getattr(plan, name)]
            for name in ("new", "changed", "retried", "forgotten", "refused", "gone")
        }
        moved = [{"source": one.found.source, "was": one.was.source} for one in plan.moved]
        estimate = {"texts": self.texts, "seconds": self.seconds}
        return {
            "counts": plan.counts(),
            **named,
            "moved": moved,
            "notes": list(self.notes),
            "estimate": estimate,
        }


def outlook(plan: Plan, notes: Sequence[str], held: Counts, history: Sequence[Run]) -> Outlook:
    """Return `plan` with an estimate.

    Args:
        plan: What there is to do.
        notes: What could not be fetched.
        held: How much the index holds now.
        history: Earlier runs, newest first.
    """
    to_embed = len(plan.new) + len(plan.changed)
    texts = round(to_embed * held.chunks / held.sources) if held.sources else None
    if not to_embed:
        texts = 0
    rate = next(filter(None, map(_rate, history)), None)
    seconds = None if texts is None or rate is None else round(texts / rate, 1)
    return Outlook(plan, tuple(notes), texts, 0.0 if texts == 0 else seconds)


def _rate(run: Run) -> float | None:
    """Return the texts a run embedded per second, if it embedded enough to tell."""
    counts = asdict(run)["counts"]
    embedded, spent = counts.get("embedded", 0), counts.get("embed_milliseconds", 0)
    return 1000 * embedded / spent if embedded >= 20 and spent else None
