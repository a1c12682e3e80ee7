"""Search again for what a report says was forgotten, or for any text a person brings."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag.custody.byte_search import Search, search_folder
from rag.custody.forget import FORMAT, KIND
from rag.custody.prints import Finder, Prints, forms
from rag.custody.seal import read_record
from rag.errors import QuestionError, RecordAltered
from rag.index.layout import IndexFolder
from rag.index.reading import open_reader


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a search for one report's fingerprints came to."""

    about: str
    """The report or file that says what to look for."""
    windows: int
    """How many fingerprints were looked for; nothing is proved without any."""
    search: Search
    held_by: Mapping[str, int]
    """Documents that are in the index now and hold some of the windows, with how many."""

    @property
    def clean(self) -> bool:
        """Return whether every file was read and nothing was found."""
        return self.search.clean

    def to_dict(self) -> dict[str, object]:
        """Return plain values, ready for JSON."""
        return {
            "about": self.about,
            "clean": self.clean,
            "windows": self.windows,
            "held_by": dict(self.held_by),
            **self.search.to_dict(),
        }


def reports_of(folder: IndexFolder) -> list[Path]:
    """Return the reports of everything forgotten in an index, oldest first.

    Raises:
        QuestionError: If there is none.
    """
    found = sorted((folder.root / "forgotten").glob("*.json"))
    if not found:
        raise QuestionError(
            f"nothing was forgotten in index {folder.name!r}, so there is no report to verify; "
            "name one, or search for a text with --text FILE"
        )
    return found


def verify_report(path: Path, folder: IndexFolder, home: Path) -> Verdict:
    """Search every byte below `home` for what the report at `path` says was forgotten.

    Raises:
        RecordAltered: If the report was changed or is none.
    """
    report = read_record(path, KIND)
    return _verdict(str(path), _prints(report, path), folder, home)


def verify_text(path: Path, folder: IndexFolder, home: Path) -> Verdict:
    """Search every byte below `home` for any 48 bytes of the text in the file at `path`.

    Raises:
        QuestionError: If the file cannot be read, or is too short to be looked for.
    """
    try:
        text = path.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError as error:
        raise QuestionError(f"cannot read {path}: {error.strerror}; check the path") from error
    prints = Prints.of(forms(text.strip()))
    if not len(prints):
        raise QuestionError(f"the text in {path} is too short: at least 48 bytes can be searched")
    return _verdict(str(path), prints, folder, home)


def _prints(report: Mapping[str, Any], path: Path) -> Prints:
    if report.get("format") != FORMAT:
        raise RecordAltered(
            f"{path} is a report of format {report.get('format')!r} and this version reads "
            f"{FORMAT}; update with: pip install --upgrade quotewell"
        )
    try:
        return Prints.from_dict(report["prints"])
    except (KeyError, TypeError, ValueError) as error:
        raise RecordAltered(f"{path} holds no fingerprints ({error})") from error


def _verdict(about: str, prints: Prints, folder: IndexFolder, home: Path) -> Verdict:
    search = search_folder(home, prints)
    held_by = _holders(prints, folder) if search.found else {}
    return Verdict(about, len(prints), search, held_by)


def _holders(prints: Prints, folder: IndexFolder) -> dict[str, int]:
    """Return which documents hold some of the windows now: it may be their text that was found."""
    if not folder.ledger.is_file():
        return {}
    finder, held = Finder(prints), dict[str, int]()
    with open_reader(folder) as ledger:
        for row in ledger.sources():
            if row.document_id:
                data = ledger.text(row.revision).encode("utf-8", "surrogatepass")
                held[row.source] = len({found for _, found in finder.find(data)})
    return {source: count for source, count in held.items() if count}
