"""Records that show whether they were changed: JSON with a SHA-256 over all of it.

The sum tells a record from an edited copy. It is no signature: whoever can write the file
can also write another sum, so keep the sum elsewhere where that matters.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rag.errors import RecordAltered
from rag.index.disk import disk_errors, replace_text

_LARGEST = 1 << 30  # bytes


def sealed(record: Mapping[str, object]) -> dict[str, object]:
    """Return `record` with the SHA-256 of its canonical JSON."""
    plain = {key: value for key, value in record.items() if key != "sha256"}
    return {**plain, "sha256": _sum(plain)}


def unsealed(data: bytes, kind: str, name: str) -> dict[str, Any]:
    """Return the record in `data`, after checking that it is a `kind` and unchanged.

    Raises:
        RecordAltered: If it is not; `name` says in the message which record.
    """
    try:
        record = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise RecordAltered(
            f"{name} is no {kind}: {error}; take the file as it was saved"
        ) from error
    if not isinstance(record, dict) or record.get("kind") != kind:
        raise RecordAltered(f"{name} is no {kind}; take the file as it was saved")
    if record.get("sha256") != sealed(record)["sha256"]:
        raise RecordAltered(
            f"{name} was changed after it was written: its content does not match its SHA-256; "
            "take the file as it was saved"
        )
    return record


def read_record(path: Path, kind: str) -> dict[str, Any]:
    """Read the record of `kind` at `path`.

    Raises:
        RecordAltered: If there is none, or it was changed.
    """
    try:
        if path.stat().st_size > _LARGEST:
            raise RecordAltered(f"{path} is larger than any {kind}; check the path")
        data = path.read_bytes()
    except OSError as error:
        raise RecordAltered(f"cannot read {path}: {error.strerror}; check the path") from error
    return unsealed(data, kind, str(path))


def write_record(path: Path, record: Mapping[str, object]) -> dict[str, object]:
    """Write `record` with its sum to `path`, all of it or none, and return it.

    Raises:
        DiskFull: If there is no room.
        IndexFault: If the folder cannot be written to.
    """
    whole = sealed(record)
    with disk_errors(f"writing {path}"):
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_text(path, json.dumps(whole, ensure_ascii=True, indent=1) + "\n")
    return whole


def _sum(record: Mapping[str, object]) -> str:
    # Escaped to ASCII, so that even half a surrogate pair from a document has one form.
    text = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()
