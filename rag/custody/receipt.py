"""A receipt: what an answer rested on, so that anybody can check it again later."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rag.custody.seal import read_record, sealed, write_record
from rag.errors import RecordAltered
from rag.pipeline import Pipeline
from rag.types import Answer, Mode

KIND = "quotewell receipt"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Quoted:
    """A quote as a receipt keeps it; `start` and `end` count characters of that revision."""

    document_id: str
    revision: str
    source: str
    start: int
    end: int
    quote: str


def receipt_of(answer: Answer, pipeline: Pipeline) -> dict[str, object]:
    """Return everything needed to check `answer` again, and a SHA-256 over it.

    Args:
        answer: As it was shown.
        pipeline: The one that gave it.
    """
    told = answer.to_dict()
    kept = (
        "question rewritten outcome reason text mode claims conflicts correction missing note "
        "confidence calibrated build unread"
    )
    return sealed(
        {
            "kind": KIND,
            "format": FORMAT,
            "made": datetime.now(UTC).isoformat(timespec="seconds"),
            "version": version("quotewell"),
            **{key: told[key] for key in kept.split()},
            "models": _models(answer, pipeline),
            "policy": {**_policy(pipeline), "gate": pipeline.gate(answer.mode)},
        }
    )


def save_receipt(path: Path, answer: Answer, pipeline: Pipeline) -> None:
    """Write the receipt of `answer` to `path`, all of it or none.

    Raises:
        DiskFull: If there is no room.
        IndexFault: If the folder cannot be written to.
    """
    write_record(path, receipt_of(answer, pipeline))


def read_receipt(path: Path) -> dict[str, Any]:
    """Read the receipt at `path`.

    Raises:
        RecordAltered: If there is none, it was changed, or a newer Quotewell made it.
    """
    receipt = read_record(path, KIND)
    if receipt.get("format") != FORMAT:
        raise RecordAltered(
            f"{path} is a receipt of format {receipt.get('format')!r} and this version reads "
            f"{FORMAT}; update with: pip install --upgrade quotewell"
        )
    return receipt


def quotes_of(receipt: Mapping[str, Any]) -> list[Quoted]:
    """Return every quote of a receipt, each once, in the order it was shown.

    Raises:
        RecordAltered: If it is not shaped like one.
    """
    try:
        found = [_quoted(row) for row in _citations(receipt)]
    except (KeyError, TypeError, AttributeError) as error:
        raise RecordAltered(f"a quote of the receipt is none ({error}); save it again") from error
    return list(dict.fromkeys(found))


_FIELDS = ("document_id", "revision", "source", "start", "end", "quote")


def _citations(receipt: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for claim in receipt["claims"]:
        yield from claim["citations"]
    for conflict in receipt["conflicts"]:
        yield from (conflict["first"], conflict["second"])
    if receipt["correction"]:
        yield receipt["correction"]["citation"]


def _quoted(row: Mapping[str, Any]) -> Quoted:
    kinds = {key: int if key in {"start", "end"} else str for key in _FIELDS}
    wrong = [key for key, kind in kinds.items() if not isinstance(row[key], kind)]
    if wrong:
        raise TypeError(f"{wrong[0]} is {row[wrong[0]]!r}")
    quoted = Quoted(**{key: row[key] for key in _FIELDS})
    if not 0 <= quoted.start < quoted.end == quoted.start + len(quoted.quote):
        raise TypeError(f"no such characters: {quoted.start} to {quoted.end}")
    return quoted


def _models(answer: Answer, pipeline: Pipeline) -> dict[str, dict[str, str]]:
    """Return name and, where it is known, fingerprint of every model that had a part."""
    parts: dict[str, object] = {role: getattr(pipeline, role) for role in answer.models}
    if pipeline.reranker is not None:
        parts["reranker"] = pipeline.reranker
    return {role: _model(part) for role, part in parts.items()}


def _model(part: object) -> dict[str, str]:
    name = {"name": str(getattr(part, "name", type(part).__name__))}
    mark = getattr(part, "fingerprint", None)
    return name if mark is None else {**name, "fingerprint": str(mark)}


def _policy(pipeline: Pipeline) -> dict[str, object]:
    return {
        key: value.value if isinstance(value, Mode) else value
        for key, value in asdict(pipeline.policy).items()
    }
