"""Stores that fsspec speaks to: opened, listed and read, with one kind of error.

What a store raises is its own library's affair, so anything is caught here, and nowhere
else, and told in one sentence.
"""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import fsspec

from rag.errors import ExtraMissing

PROTOCOLS = ("s3", "webdav", "webdavs", "file", "memory")
SECONDS = 60
"""Longest wait for a store, each time."""
_EXTRAS = {
    "s3": ("s3fs", "s3"),
    "webdav": ("webdav4.fsspec", "webdav"),
    "webdavs": ("webdav4.fsspec", "webdav"),
}
_BLOCK = 2**20
_DEEPEST = 64
_TELLING = ("ETag", "etag", "md5", "checksum", "LastModified", "modified", "mtime", "created")
"""Of what stores say of a file, what changes whenever the file does."""


class StoreFailed(Exception):
    """A store, or a file in it, that cannot be read now, and why, as the end of a sentence."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A file as a store lists it."""

    path: str
    below: str
    """Its path below where the source begins."""
    bytes: int
    stamp: Mapping[str, str]
    """What tells its state; empty if the store says too little to go by."""


class Store:
    """One place in a store."""

    def __init__(self, url: str, options: Mapping[str, object]) -> None:
        """Open the store that `url` names, with `options` for its library.

        Raises:
            StoreFailed: If its library refuses.
            ExtraMissing: If its library is not installed.
        """
        self._protocol = url.partition("://")[0]
        _check_library(self._protocol)
        with _store_errors():
            self._files, root = _open(self._protocol, url, options)
        self._root = root.rstrip("/")

    def listed(self) -> Iterator[Listed]:
        """Yield every file below the place, in no order.

        Raises:
            StoreFailed: If a part of it cannot be listed.
        """
        with _store_errors():
            for path, info in self._all():
                below = path.removeprefix(self._root).removeprefix("/") or path.rpartition("/")[2]
                yield Listed(path, below, int(info.get("size") or 0), _stamp(info))

    def blocks(self, file: Listed) -> Iterator[bytes]:
        """Yield the bytes of a file.

        Raises:
            StoreFailed: If it breaks off, or is not as large as it was listed.
        """
        size = 0
        with _store_errors(), self._files.open(file.path, "rb") as handle:
            while size <= file.bytes and (block := handle.read(_BLOCK)):
                size += len(block)
                yield block
        if size != file.bytes:
            raise StoreFailed("it changed while it was read")

    def _all(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Yield the path of each file and what the store says of it.

        An object store lists all keys at once, whatever slashes they hold; others are
        walked folder by folder, where one that cannot be listed is an error, not empty.
        """
        if self._protocol == "s3":
            found = self._files.find(self._root, detail=True).values()
        else:
            found = (
                info
                for _, _, files in self._files.walk(
                    self._root, maxdepth=_DEEPEST, on_error="raise", detail=True
                )
                for info in files.values()
            )
        for info in found:
            is_folder = str(info.get("Key", "")).endswith(
                "/"
            )  # an empty object that stands for one
            if info.get("type") == "file" and not is_folder:  # no links, no devices
                yield str(info["name"]), info


def _check_library(protocol: str) -> None:
    if protocol not in _EXTRAS:
        return
    module, extra = _EXTRAS[protocol]
    try:
        import_module(module)
    except ImportError:
        raise ExtraMissing(f"reading {protocol}:// addresses", extra) from None


def _open(protocol: str, url: str, options: Mapping[str, object]) -> tuple[Any, str]:
    """Return the store and the path in it; a store of its own, without old listings."""
    if protocol.startswith("webdav"):
        from webdav4.fsspec import WebdavFileSystem  # noqa: PLC0415  (an extra)

        scheme = "https" if protocol == "webdavs" else "http"
        base = f"{scheme}://{url.partition('://')[2]}"
        return WebdavFileSystem(base, skip_instance_cache=True, **options), ""
    own = {"skip_instance_cache": True, "use_listings_cache": False}
    files, root = fsspec.url_to_fs(url, **own, **options)
    return files, str(root)


@contextmanager
def _store_errors() -> Iterator[None]:
    try:
        yield
    except StoreFailed:
        raise
    except Exception as error:  # noqa: BLE001  (each store's library raises errors of its own)
        raise StoreFailed(_sentence(error)) from None


def _stamp(info: Mapping[str, Any]) -> dict[str, str]:
    said = {name: str(info[name]) for name in _TELLING if info.get(name) is not None}
    if not said:
        return {}
    text = repr(sorted({**said, "size": str(info.get("size"))}.items()))
    return {"state": hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()}


def _sentence(error: Exception) -> str:
    kind = type(error).__name__
    if "timeout" in kind.lower():
        return "there was no answer in time"
    return ((str(error).splitlines() or [""])[0].strip() or kind)[:300]
