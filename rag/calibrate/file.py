"""`calibration.json` in an index's folder: one entry a mode, plain numbers, written at once.

An entry holds for the version, models and settings it was made with and for no others; a new
build of the same index keeps using it, and `rag doctor` tells for which build it was made.
"""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Any

from rag.answer.evidence import confidence, relevance
from rag.answer.evidence.confidence import SIGNALS, Calibration, Curve
from rag.errors import IndexDamaged
from rag.index.disk import disk_errors, replace_text
from rag.pipeline import Pipeline
from rag.types import Mode

SCHEMA = 1
_WAY_OUT = "make it again with `rag calibrate`, or delete it with `rag calibrate --remove`"


@dataclass(frozen=True, slots=True)
class Entry:
    """The calibration of one mode, and how it came about."""

    mode: Mode
    calibration: Calibration
    fingerprint: str
    build: str
    created: str
    report: Mapping[str, object] = field(default_factory=dict[str, object])
    """Counts, curve, promise and errors, for people; nothing is computed from it."""


def fingerprint(pipeline: Pipeline, mode: Mode) -> str:
    """Return a hash of what shapes a score or what is shown for it, the documents aside."""
    policy = asdict(pipeline.policy)
    del policy["mode"]
    if mode is Mode.EXTRACTIVE:  # a late generator is replaced by quotes, which changes answers
        del policy["deadline_s"]
    generator = pipeline.generator
    parts: dict[str, object] = {
        "version": version("quotewell"),
        "mode": mode.value,
        "relevance": relevance.VERSION,
        "answerability": confidence.VERSION,
        "embedder": pipeline.embedder.fingerprint,
        "verifier": pipeline.verifier.name,
        "reader": pipeline.reader and pipeline.reader.name,
        "reranker": getattr(pipeline.reranker, "name", type(pipeline.reranker).__name__),
        "generator": generator.name if generator and mode is Mode.GENERATIVE else None,
        "policy": policy,
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def read(path: Path) -> dict[Mode, Entry]:
    """Return the entries at `path`; none when there is no file.

    Raises:
        IndexDamaged: If it is not what `write` writes; the message names the way out.
    """
    try:
        tree = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise IndexDamaged(f"cannot read the calibration {path}: {error}; {_WAY_OUT}") from error
    try:
        if tree["schema"] != SCHEMA:
            raise IndexDamaged(
                f"the calibration {path} has schema {tree['schema']!r} and this version reads "
                f"{SCHEMA}; {_WAY_OUT}"
            )
        return {Mode(name): _entry(Mode(name), row) for name, row in tree["modes"].items()}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise IndexDamaged(
            f"the calibration {path} is damaged ({type(error).__name__}: {error}); {_WAY_OUT}"
        ) from error


def write(path: Path, entries: Mapping[Mode, Entry]) -> None:
    """Put `entries` at `path` at once, in place of what was there.

    Raises:
        DiskFull: If there is no room.
        IndexFault: If the folder cannot be written to.
    """
    tree = {
        "schema": SCHEMA,
        "modes": {mode.value: _row(entry) for mode, entry in entries.items()},
    }
    save(path, json.dumps(tree, ensure_ascii=False, indent=1) + "\n")


def save(path: Path, text: str) -> None:
    """Write a file at once: all of it is there, or what was there before.

    Raises:
        DiskFull: If there is no room.
        IndexFault: If the folder cannot be written to.
    """
    with disk_errors(f"writing {path}"):
        replace_text(path, text)


def fitting(entries: Mapping[Mode, Entry], pipeline: Pipeline) -> dict[Mode, Calibration]:
    """Return the calibrations that hold for the models and settings of `pipeline`."""
    return {
        mode: entry.calibration
        for mode, entry in entries.items()
        if entry.fingerprint == fingerprint(pipeline, mode)
    }


def remarks(entries: Mapping[Mode, Entry], pipeline: Pipeline) -> list[str]:
    """Return one sentence on each entry: what it holds for, and whether that is still so."""
    return [_remark(entry, pipeline) for entry in entries.values()]


def _remark(entry: Entry, pipeline: Pipeline) -> str:
    about = (
        f"{entry.mode.value} calibration of {entry.created} ({entry.calibration.source} questions)"
    )
    if entry.fingerprint != fingerprint(pipeline, entry.mode):
        return (
            f"the {about} is ignored: it was made with other models or settings; "
            "run `rag calibrate` again"
        )
    if entry.build != pipeline.snapshot.build:
        return (
            f"the {about} was made for build {entry.build}, and {pipeline.snapshot.build} is "
            "live; run `rag calibrate` again if the documents have changed much"
        )
    return f"the {about} is in use"


def _row(entry: Entry) -> dict[str, object]:
    found = entry.calibration
    return {
        "weights": dict(found.weights),
        "curve": found.curve.value,
        "numbers": list(found.numbers),
        "threshold": found.threshold,
        "source": found.source,
        "fingerprint": entry.fingerprint,
        "build": entry.build,
        "created": entry.created,
        "report": dict(entry.report),
    }


def _entry(mode: Mode, row: Mapping[str, Any]) -> Entry:
    numbers = tuple(float(number) for number in row["numbers"])
    threshold = None if row["threshold"] is None else float(row["threshold"])
    weights = {str(name): float(weight) for name, weight in row["weights"].items()}
    found = Calibration(weights, Curve(row["curve"]), numbers, threshold, str(row["source"]))
    _check(found)
    about = (str(row["fingerprint"]), str(row["build"]), str(row["created"]))
    return Entry(mode, found, *about, dict(row["report"]))


def _check(found: Calibration) -> None:
    """Refuse numbers that would give no chance, or a falling one."""
    if not found.weights or set(found.weights) - SIGNALS:
        raise ValueError(f"unknown signals {sorted(found.weights)}")
    if found.threshold is not None and not math.isfinite(found.threshold):
        raise ValueError(f"a threshold of {found.threshold}")
    if found.source not in {"", "made", "given"}:
        raise ValueError(f"questions that were {found.source!r}")
    if found.curve is Curve.ISOTONIC and (len(found.numbers) < 2 or len(found.numbers) % 2):
        raise ValueError("knots come in pairs")
    if found.curve is Curve.LOGISTIC and len(found.numbers) != 2:
        raise ValueError("a logistic has a slope and an intercept")
    chances = found.chance([k / 100 for k in range(101)])
    if not all(0 <= a <= b <= 1 for a, b in pairwise(chances)):
        raise ValueError("the chance falls while the score rises, or leaves [0, 1]")
