"""What a build says of itself: who made it, of what, and the SHA-256 of every file."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rag.errors import IndexDamaged, IndexMismatch
from rag.index.disk import FileSum
from rag.reports import FileReport, FileStatus

FORMAT = 1
NAME = "manifest.json"
_SHA256 = re.compile(r"[0-9a-f]{64}")
_FILE = re.compile(r"[a-z]+(?:/[a-z]+)?\.[a-z]+")


@dataclass(frozen=True, slots=True)
class EmbedderMark:
    """The embedder a build's vectors come from."""

    name: str
    fingerprint: str
    dim: int


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

    def to_json(self) -> bytes:
        """Return the manifest as the bytes of its file."""
        return json.dumps(asdict(self), indent=1).encode()

    @classmethod
    def read(cls, folder: Path) -> "Manifest":
        """Read the manifest of the build in `folder`.

        Raises:
            IndexMismatch: If a newer Quotewell made the build.
            IndexDamaged: If the manifest is missing or makes no sense.
        """
        path = folder / NAME
        try:
            data = json.loads(path.read_bytes())
            if int(data["format"]) > FORMAT:
                raise IndexMismatch(
                    f"{folder} was made by a newer Quotewell (build format {data['format']}, this "
                    f"one reads up to {FORMAT}); update with: pip install --upgrade quotewell"
                )
            return cls(
                int(data["format"]),
                str(data["build"]),
                str(data["created"]),
                EmbedderMark(**data["embedder"]),
                str(data["splitter"]),
                {str(k): int(v) for k, v in data["counts"].items()},
                None if data["unread"] is None else str(data["unread"]),
                {_file(k): _sum(v) for k, v in data["files"].items()},
            )
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise IndexDamaged(
                f"cannot read {path}: {error}; make a new build with: rag ingest"
            ) from error


def _file(name: str) -> str:
    if not _FILE.fullmatch(name):
        raise ValueError(f"no file of a build: {name!r}")
    return name


def _sum(data: Mapping[str, object]) -> FileSum:
    sha256, size = data["sha256"], data["bytes"]
    if not (isinstance(sha256, str) and _SHA256.fullmatch(sha256) and isinstance(size, int)):
        raise ValueError(f"no SHA-256 and size: {data!r}")
    return FileSum(sha256, size)


def count_unread(reports: Sequence[FileReport]) -> dict[str, int]:
    """Return how many files there are, how many could not be read, and pages without text."""
    return {
        "files": len(reports),
        "files_unread": sum(report.status is FileStatus.REJECTED for report in reports),
        "pages_without_text": sum(len(report.pages_without_text) for report in reports),
        "files_partly_read": sum(report.status is FileStatus.PARTIAL for report in reports),
    }


def unread_sentence(reports: Sequence[FileReport]) -> str | None:
    """Return in one sentence what could not be read, or None if everything was."""
    counts = count_unread(reports)
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
