"""What a rebuild found, did and came to."""

from dataclasses import asdict, dataclass

from indexes.making.gate import GateReport
from rag.index.journal import RunOutcome
from rag.plan import Plan
from rag.reports import FileReport


@dataclass(frozen=True, slots=True)
class RebuildReport:
    """What a rebuild found, did and came to."""

    index: str
    outcome: RunOutcome
    plan: Plan
    files: tuple[FileReport, ...]
    notes: tuple[str, ...]
    """What could not be fetched, and why."""
    build: str
    """The build that was made; where none was, the live one."""
    documents: int
    chunks: int
    embedded: int
    """Texts embedded now; the others were known."""
    embed_seconds: float
    gate: GateReport | None
    expired: tuple[str, ...]
    """Documents that were forgotten because of their age."""
    removed: tuple[str, ...]
    """Old builds that were deleted."""
    seconds: float
    note: str
    """What it came to, in a sentence."""

    def counts(self) -> dict[str, int]:
        """Return the numbers that history keeps."""
        sizes = {
            "expired": len(self.expired),
            "documents": self.documents,
            "chunks": self.chunks,
            "embedded": self.embedded,
        }
        spent = {"milliseconds": self.seconds, "embed_milliseconds": self.embed_seconds}
        return self.plan.counts() | sizes | {name: round(1000 * s) for name, s in spent.items()}

    def to_dict(self) -> dict[str, object]:
        """Return plain values, ready for JSON."""
        return {
            "index": self.index,
            "outcome": self.outcome.value,
            "note": self.note,
            "build": self.build,
            "counts": self.counts(),
            "gone": [asdict(one) for one in self.plan.gone],
            "moved": [{"source": m.found.source, "was": m.was.source} for m in self.plan.moved],
            "expired": list(self.expired),
            "files": [asdict(file) for file in self.files],
            "notes": list(self.notes),
            "gate": None if self.gate is None else self.gate.to_dict(),
            "removed": list(self.removed),
        }
