"""What became of one file at ingest: a line of the report, for the person who owns it."""

from dataclasses import dataclass
from enum import StrEnum


class FileStatus(StrEnum):
    """What became of one file at ingest."""

    ACCEPTED = "accepted"
    PARTIAL = "partial"
    REJECTED = "rejected"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class FileReport:
    """One line of the ingest report; `reason` is a sentence for the person who owns the file."""

    source: str
    status: FileStatus
    format: str = ""
    reason: str = ""
    characters: int = 0
    documents: int = 0
    pages: int = 0
    pages_without_text: tuple[int, ...] = ()
    tables: int = 0
    chunks: int = 0
    duplicate_of: str = ""
    """The source that already holds exactly this content, if there is one."""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Refusal(FileReport):
    """The report of a file or folder that cannot be opened, with where it lies."""

    path: str = ""
    """Absolute; what was known at it or below it has not gone."""
