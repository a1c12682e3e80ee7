"""What a run is given and what comes out of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rag.errors import SettingsError
from rag.evaluate.bootstrap import Figure
from rag.evaluate.judge import Judge
from rag.evaluate.plan import Plan
from rag.evaluate.rows import Row
from rag.ingest import Ingester
from rag.pipeline import Pipeline
from rag.protocols import Embedder, Verifier

Figures = dict[str, Figure]


def _no_sample() -> Path:
    raise SettingsError("no sample corpus is installed; name a question set by --into")


@dataclass(frozen=True, slots=True)
class Lab:
    """How parts are made, so that this package needs to know none of them."""

    folder: Path
    """Where the harness keeps its own files."""
    open: Callable[[str], Pipeline]
    ingester: Callable[[], Ingester]
    embedder: Callable[[], Embedder]
    verifier: Callable[[Embedder], Verifier]
    judge: Callable[[Embedder], Judge]
    support_floor: float
    about: Mapping[str, object] = field(default_factory=dict[str, object])
    """Settings and models; answers of another run count only when this is equal."""
    sample: Callable[[], Path] = _no_sample
    """The question set that attack sets are planted into when none is named."""


@dataclass
class Result:
    """What came out; `partial` when it was interrupted."""

    plan: Plan
    set_name: str
    set_sha256: str
    tasks: tuple[str, ...]
    figures: Figures = field(default_factory=dict[str, Figure])
    rows: list[Row] = field(default_factory=list[Row])
    """What became of each question and claim; see `rag.evaluate.rows`."""
    questions: int = 0
    index: str | None = None
    calibration: str = ""
    """A hash of the calibration that gated the answers; empty without one."""
    partial: bool = False
    seconds: float = 0.0
    items: dict[str, list[dict[str, object]]] = field(
        default_factory=dict[str, list[dict[str, object]]]
    )
    """Task to its single results, worst first, for the tasks that have some to show."""

    def to_dict(self) -> dict[str, object]:
        """Return plain values without the rows, the figures nested at the dots of their keys."""
        plan = self.plan
        return {
            "set": self.set_name,
            "set_sha256": self.set_sha256,
            "tasks": list(self.tasks),
            "mode": plan.mode.value,
            "split": plan.split,
            "limit": plan.limit,
            "seed": plan.seed,
            "index": self.index,
            "calibration": self.calibration or None,
            "items": self.questions,
            "partial": self.partial,
            "seconds": round(self.seconds, 1),
            **nested(self.figures),
            "details": self.items,
        }


def nested(figures: Mapping[str, Figure]) -> dict[str, object]:
    """Return figures as a tree, split at the dots of their keys."""
    tree: dict[str, object] = {}
    for key, figure in figures.items():
        *path, leaf = key.split(".")
        level = tree
        for part in path:
            level = level.setdefault(part, {})  # type: ignore[assignment]
        level[leaf] = figure.to_dict()
    return tree
