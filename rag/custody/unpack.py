"""Take a tar apart that anybody may have made: regular files of known names and sizes, no more.

Headers are read one by one and never followed anywhere: no link, no folder, no extended header
is honoured, and nothing is written that the list at the beginning did not announce.
"""

import hashlib
import json
import os
import re
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from rag.custody.bundle import BESIDE, FORMAT, KIND, LIST, NEEDED
from rag.errors import ArchiveRefused
from rag.index.manifest import EmbedderMark

_BLOCK = tarfile.BLOCKSIZE
_LARGEST_LIST = 64 * 1024  # bytes
_LONGEST_END = 2 * tarfile.RECORDSIZE  # bytes of zeros after the last member
_STEP = 1 << 20
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Listed:
    """One file that the list announces."""

    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Contents:
    """What an archive says of itself."""

    index: str
    build: str
    embedder: EmbedderMark
    splitter: str
    files: tuple[Listed, ...]


def unpack(path: Path, into: Path, *, max_bytes: int) -> Contents:
    """Write the files of the archive at `path` into the folder `into`, each one checked.

    Raises:
        ArchiveRefused: If it is no archive of an index, is damaged, is larger than `max_bytes`,
            or holds anything but what its list says.
    """
    try:
        data = path.open("rb")
    except OSError as error:
        raise ArchiveRefused(f"cannot read {path}: {error.strerror}; check the path") from error
    with data:
        try:
            contents = _read_list(data, max_bytes)
            for listed in contents.files:
                _take(data, listed, into)
            _check_end(data)
        except _Refusal as refusal:
            raise ArchiveRefused(
                f"{path} {refusal}; nothing was imported, make a new one with: rag export"
            ) from refusal
    return contents


class _Refusal(Exception):
    """What is wrong, to be put after the archive's name."""


def _read_list(data: BinaryIO, max_bytes: int) -> Contents:
    size = _header(data, LIST)
    if size > _LARGEST_LIST:
        raise _Refusal(f"begins with a list of {size:,} bytes, which no export writes")
    written = _exactly(data, size)
    _exactly(data, -size % _BLOCK)
    try:
        record = json.loads(written)
        if record["kind"] != KIND:
            raise _Refusal("is no exported index")
        if record["format"] != FORMAT:
            raise _Refusal(
                f"has format {record['format']!r} and this version reads {FORMAT}: it needs "
                "another version of Quotewell"
            )
        contents = _contents(record)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise _Refusal(f"begins with a list that makes no sense ({error})") from error
    total = sum(listed.bytes for listed in contents.files)
    if total > max_bytes:
        raise _Refusal(
            f"unpacks to {total:,} bytes, more than the {max_bytes:,} allowed by --max-mb"
        )
    return contents


def _contents(record: Mapping[str, Any]) -> Contents:
    files = tuple(_listed(row) for row in record["files"])
    names = [listed.name for listed in files]
    if len(set(names)) != len(names):
        raise ValueError("a file is listed twice")
    if lacking := set(NEEDED) - set(names):
        raise ValueError(f"it lists no {', '.join(sorted(lacking))}")
    made = record["embedder"]
    mark = EmbedderMark(
        _text(made["name"]), _text(made["fingerprint"]), _number(made["dim"]), _text(made["model"])
    )
    if not 0 < mark.dim <= 65_536:
        raise ValueError(f"vectors of {mark.dim} numbers")
    return Contents(
        _text(record["index"]), _text(record["build"]), mark, _text(record["splitter"]), files
    )


def _listed(row: Mapping[str, Any]) -> Listed:
    name, size, sha256 = _text(row["name"]), _number(row["bytes"]), _text(row["sha256"])
    if name not in (*NEEDED, *BESIDE):
        raise ValueError(f"no file of an index: {name!r}")
    if size < 0 or not _SHA256.fullmatch(sha256):
        raise ValueError(f"no size and SHA-256 of {name}")
    return Listed(name, size, sha256)


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > 1000:
        raise TypeError(f"not a short text: {str(value)[:40]!r}")
    return value


def _number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"not a number: {str(value)[:40]!r}")
    return value


def _take(data: BinaryIO, listed: Listed, into: Path) -> None:
    size = _header(data, listed.name)
    if size != listed.bytes:
        raise _Refusal(f"holds {size:,} bytes of {listed.name}, its list says {listed.bytes:,}")
    digest = hashlib.sha256()
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(into / listed.name, flags, 0o600), "wb") as out:
        for block in _blocks(data, size):
            digest.update(block)
            out.write(block)
        out.flush()
        os.fsync(out.fileno())
    _exactly(data, -size % _BLOCK)
    if digest.hexdigest() != listed.sha256:
        raise _Refusal(f"is damaged: {listed.name} does not match the SHA-256 in its list")


def _header(data: BinaryIO, name: str) -> int:
    """Return the size of the next member, which must be the regular file `name`."""
    try:
        # One block, by itself: extended headers, links and sparse files are other types.
        member = tarfile.TarInfo.frombuf(_exactly(data, _BLOCK), "ascii", "strict")
    except (tarfile.TarError, ValueError) as error:
        raise _Refusal(f"is no archive that can be read ({error})") from error
    if member.type != tarfile.REGTYPE or member.linkname:
        raise _Refusal(f"holds something that is no regular file where {name} should be")
    if member.name != name:
        raise _Refusal(f"holds {member.name[:80]!r} where {name} should be")
    if member.size < 0:
        raise _Refusal(f"says that {name} is {member.size} bytes long")
    return member.size


def _blocks(data: BinaryIO, size: int) -> Iterator[bytes]:
    left = size
    while left:
        block = _exactly(data, min(left, _STEP))
        left -= len(block)
        yield block


def _exactly(data: BinaryIO, size: int) -> bytes:
    block = data.read(size)
    if len(block) != size:
        raise _Refusal("is cut off")
    return block


def _check_end(data: BinaryIO) -> None:
    rest = data.read(_LONGEST_END + 1)
    if len(rest) > _LONGEST_END or rest.strip(b"\0") or len(rest) < 2 * _BLOCK:
        raise _Refusal("does not end after the last file of its list")
