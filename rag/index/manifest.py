"""What a build says of itself: who made it, of what, and the SHA-256 of every file.

The manifest vouches for the files, and since format 2 its last field vouches for itself: a
changed byte anywhere in it is noticed, because the file must be exactly what would be written.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rag.errors import IndexDamaged, IndexMismatch
from rag.index.disk import FileSum
from rag.reports import FileReport, FileStatus

FORMAT = 2
NAME = "manifest.json"
_SHA256 = re.compile(r"[0-9a-f]{64}")
_FILE = re.compile(r"[a-z]+(?:/[a-z]+)?\.[a-z]+")


@dataclass(frozen=True, slots=True)
class EmbedderMark:
    """The embedder a build's vectors come from."""

    name: str
    fingerprint: str
    dim: int
    model: str = ""
    """What `embedder.model` was when it was made; empty in builds of format 1."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """One build's account of itself; its JSON file is written last."""

    format: int
    build: str
    created: str
    embedder: EmbedderMark
    splitter: str
    counts: Mapping[str, int]
    """documents, chunks, files, files_unread, pages_without_text."""
    unread: str | None
    files: Mapping[str, FileSum]
    """By path inside the build's folder."""
    generation: int = -1
    """The ledger's when the build was made; -1 in builds of format 1."""

    def to_json(self) -> bytes:
        """Return the manifest as the bytes of its file."""
        values = asdict(self)
        return json.dumps(values | {"sha256": _digest(values)}, indent=1).encode()

    @classmethod
    def read(cls, folder: Path) -> "Manifest":
        """Read the manifest of the build in `folder`.

        Raises:
            IndexMismatch: If a newer Quotewell made the build.
            IndexDamaged: If the manifest is missing or makes no sense.
        """
        path = folder / NAME
        try:
            written = path.read_bytes()
            data = json.loads(written)
            if int(data["format"]) > FORMAT and _vouches(data):
                raise IndexMismatch(
                    f"{folder} was made by a newer Quotewell (build format {data['format']}, this "
                    f"one reads up to {FORMAT}); update with: pip install --upgrade quotewell"
                )
            return _checked(cls._of(data), written)
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise IndexDamaged(
                f"cannot read {path}: {error}; make a new build with: rag ingest"
            ) from error

    @classmethod
    def _of(cls, data: Mapping[str, Any]) -> "Manifest":
        return cls(
            int(data["format"]),
            str(data["build"]),
            str(data["created"]),
            EmbedderMark(**data["embedder"]),
            str(data["splitter"]),
            {str(k): int(v) for k, v in data["counts"].items()},
            None if data["unread"] is None else str(data["unread"]),
            {_file(k): _sum(v) for k, v in data["files"].items()},
            int(data.get("generation", -1)),
        )


def _checked(manifest: Manifest, written: bytes) -> Manifest:
    vouches = manifest.format != 1 or b'"sha256": "' in written[-90:]
    if vouches and manifest.to_json() != written:
        raise ValueError("it does not match its own SHA-256")
    return manifest


def _digest(values: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()


def _vouches(data: Mapping[str, Any]) -> bool:
    """Return whether a manifest, of whatever format, matches its own SHA-256."""
    return data.get("sha256") == _digest({k: v for k, v in data.items() if k != "sha256"})


def _file(name: str) -> str:
    if not _FILE.fullmatch(name):
        raise ValueError(f"no file of a build: {name!r}")
    return name


def _sum(data: Mapping[str, object]) -> FileSum:
    sha256, size = data["sha256"], data["bytes"]
    if not (isinstance(sha256, str) and _SHA256.fullmatch(sha256) and isinstance(size, int)):
        raise ValueError(f"no SHA-256 and size: {data!r}")
    return FileSum(sha256, size)


def count_unread(files: int, reports: Sequence[FileReport]) -> dict[str, int]:
    """Return how many of `files` could not be read, and how many pages have no text.

    `reports` need not tell of the files that were read whole.
    """
    return {
        "files": files,
        "files_unread": sum(report.status is FileStatus.REJECTED for report in reports),
        "pages_without_text": sum(len(report.pages_without_text) for report in reports),
        "files_partly_read": sum(report.status is FileStatus.PARTIAL for report in reports),
    }


def unread_sentence(counts: Mapping[str, int]) -> str | None:
    """Return in one sentence what `count_unread` counted, or None if everything was read."""
    parts: list[str] = []
    if counts["files_unread"]:
        parts.append(
            f"{counts['files_unread']} of {_many(counts['files'], 'file')} could not be read"
        )
    if counts["pages_without_text"]:
        pages = counts["pages_without_text"]
        parts.append(f"{_many(pages, 'page')} {'has' if pages == 1 else 'have'} no text")
    elif counts["files_partly_read"]:
        partly = counts["files_partly_read"]
        parts.append(f"{_many(partly, 'file')} {'was' if partly == 1 else 'were'} read in part")
    return "; ".join(parts) + "." if parts else None


def _many(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
