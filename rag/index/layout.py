"""Where one index keeps its files.

<home>/indexes/<name>/
    ledger.sqlite        documents, chunks, vectors and reports: the truth
    writer.lock          held by whoever writes
    feedback.jsonl       what people thought of answers; no build touches it
    feedback.lock        held by whoever adds to it
    builds/<build id>/   immutable: what questions read
    mirror/<source>/     copies of what a recipe's source holds elsewhere
    LIVE                 one line: the id of the live build
    calibration.json     what `rag calibrate` found; outlives builds
    calibration.lock     held by whoever changes it
    calibration-questions.jsonl    the questions it made, to be read and corrected
    forgotten/           reports of what was forgotten, without names or texts
    forgetting.json      what a forget that was interrupted still has to do
"""

import re
from dataclasses import dataclass
from pathlib import Path

from rag.errors import SettingsError

_NAME = re.compile(r"(?!\.)[A-Za-z0-9._-]{1,100}")
_BUILD = re.compile(r"\d{8}-\d{6}-[0-9a-f]{4,16}")


@dataclass(frozen=True, slots=True)
class IndexFolder:
    """The paths of one index; making one touches no disk."""

    root: Path

    @classmethod
    def named(cls, indexes: Path, name: str) -> "IndexFolder":
        """Return the folder of index `name` among `indexes`.

        Raises:
            SettingsError: If `name` could be anything but one plain folder name.
        """
        if not _NAME.fullmatch(name):
            raise SettingsError(
                f"an index name is 1 to 100 letters, digits, '-', '_' or '.', and does not "
                f"start with '.'; got {name!r}"
            )
        return cls(indexes / name)

    @property
    def name(self) -> str:
        """Return the index's name."""
        return self.root.name

    @property
    def ledger(self) -> Path:
        """Return the path of the ledger."""
        return self.root / "ledger.sqlite"

    @property
    def lock(self) -> Path:
        """Return the path of the file a writer locks."""
        return self.root / "writer.lock"

    @property
    def feedback(self) -> Path:
        """Return the path of what people thought of answers."""
        return self.root / "feedback.jsonl"

    @property
    def feedback_lock(self) -> Path:
        """Return the path of the file that whoever changes the feedback locks."""
        return self.root / "feedback.lock"

    @property
    def builds(self) -> Path:
        """Return the folder of all builds."""
        return self.root / "builds"

    @property
    def forgetting(self) -> Path:
        """Return the path of what a forget still has to do, there only until it is done."""
        return self.root / "forgetting.json"

    @property
    def mirrors(self) -> Path:
        """Return the folder of all copies of what recipes' sources hold elsewhere."""
        return self.root / "mirror"

    def mirror(self, source: str) -> Path:
        """Return the folder for copies of what the source of that name holds.

        Raises:
            SettingsError: If `source` could be anything but one plain folder name.
        """
        return IndexFolder.named(self.mirrors, source).root

    @property
    def live(self) -> Path:
        """Return the path of the file that names the live build."""
        return self.root / "LIVE"

    @property
    def calibration(self) -> Path:
        """Return the path of the calibration."""
        return self.root / "calibration.json"

    @property
    def calibration_lock(self) -> Path:
        """Return the path of the file that whoever changes the calibration locks."""
        return self.root / "calibration.lock"

    @property
    def made_questions(self) -> Path:
        """Return the path of the questions that were made for the calibration."""
        return self.root / "calibration-questions.jsonl"

    def build(self, build_id: str) -> Path:
        """Return the folder of one build.

        Raises:
            ValueError: If `build_id` is not shaped like one, so it can never leave `builds`.
        """
        if not is_build_id(build_id):
            raise ValueError(f"not a build id: {build_id!r}")
        return self.builds / build_id

    def build_ids(self) -> list[str]:
        """Return the ids of the finished builds on disk, oldest first."""
        if not self.builds.is_dir():
            return []
        return sorted(path.name for path in self.builds.iterdir() if is_build_id(path.name))

    def neighbours(self) -> list[str]:
        """Return the names of the indexes that exist beside this one."""
        found = (path.parent.name for path in self.root.parent.glob("*/ledger.sqlite"))
        return sorted(name for name in found if _NAME.fullmatch(name))  # none half imported


def is_build_id(text: str) -> bool:
    """Return whether `text` is shaped like `20261124-063012-3f9a`."""
    return _BUILD.fullmatch(text) is not None
