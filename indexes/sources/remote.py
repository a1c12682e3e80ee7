"""Files of an S3 or WebDAV store, through fsspec; a folder or memory, for trying out.

A store's names are data: they become keys and display names, never paths. What the store
says of a file (ETag, time, size) tells whether it has to be downloaded again.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pathspec import GitIgnoreSpec

from indexes.keys import REQUIRED, bad, key
from indexes.sources.content import Content, mirrored
from indexes.sources.store import PROTOCOLS, SECONDS, Listed, Store, StoreFailed
from rag.errors import RecipeError, SourceUnreachable
from rag.index.mirror import Mirror, plain_suffix, shown
from rag.reports import FileReport, FileStatus
from rag.settings import IngestSettings

_WEBDAV = frozenset({"user", "password_env"})
_KEYS: Mapping[str, frozenset[str]] = {
    "s3": frozenset({"endpoint", "region", "anonymous", "key_env", "secret_env", "token_env"}),
    "webdav": _WEBDAV,
    "webdavs": _WEBDAV,
}
_SECRETS = ("password_env", "key_env", "secret_env", "token_env")


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """Every file below an address; each goes by the source's name and its path there."""

    name: str = key(REQUIRED, "name of the source, unique in the recipe")
    url: str = key(
        REQUIRED, "`s3://bucket/folder`, `webdavs://host/folder`, `webdav://` (no TLS), `file://`"
    )
    include: tuple[str, ...] = key(
        IngestSettings().include, "patterns of files to read; empty reads every format"
    )
    exclude: tuple[str, ...] = key(
        IngestSettings().exclude, "patterns never read, in .gitignore syntax"
    )
    max_files: int = key(100_000, "most files read", low=1, high=10_000_000)
    max_mb: int = key(IngestSettings().max_file_mb, "largest file, in MB", low=1, high=4096)
    endpoint: str = key("", "address of an S3-compatible server other than Amazon's")
    region: str = key("", "region of the bucket")
    anonymous: bool = key(False, "whether a public bucket is read without credentials")
    user: str = key("", "user name on a WebDAV server")
    password_env: str = key("", "name of the variable that holds the WebDAV password")
    key_env: str = key("", "name of the variable that holds the S3 access key id")
    secret_env: str = key("", "name of the variable that holds the S3 secret key")
    token_env: str = key("", "name of the variable that holds the S3 session token")

    def __post_init__(self) -> None:
        """Refuse an address, or a key, that its kind of store does not know."""
        protocol, separator, place = self.url.partition("://")
        if protocol not in PROTOCOLS or not separator or "::" in self.url:
            raise bad("url", f"one of {', '.join(f'{p}://...' for p in PROTOCOLS)}", self.url)
        if "@" in place.partition("/")[0]:
            raise bad("url", "without user name and password (see `user`, `password_env`)", "...@")
        allowed = _KEYS.get(protocol, frozenset())
        for name in sorted(frozenset().union(*_KEYS.values()) - allowed):
            if getattr(self, name):
                raise bad(name, f"left out for {protocol}:// addresses", getattr(self, name))
        for name in _SECRETS:
            value = getattr(self, name)
            if value and not value.isidentifier():
                raise bad(name, "the name of an environment variable, never a secret", "...")

    def gather(self, mirror: Path) -> Content:
        """Download the files that changed and return the copies.

        Raises:
            SourceUnreachable: If the store cannot be listed whole.
            ExtraMissing: If the package for this kind of store is not installed.
            RecipeError: If a variable that holds a secret is not set.
            DiskFull: If there is no room for the copies.
        """
        try:
            store = Store(self.url, self._options())
            listed = self._wanted(store)
        except StoreFailed as error:
            raise self._unreachable(str(error)) from None
        small = [file for file in listed if file.bytes <= self.max_mb * 2**20]
        large = [self._too_large(file) for file in listed if file.bytes > self.max_mb * 2**20]
        with Mirror(mirror) as copies:
            notes = [note for file in small if (note := self._download(store, file, copies))]
            if notes and len(notes) == len(small):
                raise self._unreachable(notes[0])
            copies.retain({file.below for file in small})
            return mirrored(copies, refused=large, notes=notes)

    def _options(self) -> dict[str, object]:
        """Return what the library of the store is opened with."""
        if self.url.startswith("webdav"):
            auth = (self.user, self._secret("password_env")) if self.user else None
            return {"auth": auth, "timeout": SECONDS, "trust_env": False}
        if not self.url.startswith("s3:"):
            return {}
        options: dict[str, object] = {
            "anon": self.anonymous,
            "config_kwargs": {"connect_timeout": SECONDS, "read_timeout": SECONDS},
        }
        options |= {"endpoint_url": self.endpoint} if self.endpoint else {}
        options |= {"client_kwargs": {"region_name": self.region}} if self.region else {}
        for option in ("key", "secret", "token"):
            if getattr(self, f"{option}_env"):
                options[option] = self._secret(f"{option}_env")
        return options

    def _secret(self, name: str) -> str:
        variable = getattr(self, name)
        value = os.environ.get(variable, "") if variable else ""
        if variable and not value:
            raise RecipeError(
                f"source {self.name!r}: {name} names the variable {variable}, which is not set; "
                "set it where the rebuild runs"
            )
        return value

    def _wanted(self, store: Store) -> list[Listed]:
        """Return the files that the patterns let through, in order of their paths."""
        include, exclude = map(GitIgnoreSpec.from_lines, (self.include, self.exclude))
        found: dict[str, Listed] = {}
        for file in store.listed():
            if exclude.match_file(file.below):
                continue
            if self.include and not include.match_file(file.below):
                continue
            found[file.below] = file
            if len(found) > self.max_files:
                raise StoreFailed(f"it holds more than {self.max_files} files; raise max_files")
        return [found[below] for below in sorted(found)]

    def _download(self, store: Store, file: Listed, copies: Mirror) -> str:
        """Copy one file unless it is unchanged; return what went wrong, "" if nothing did."""
        stamp = copies.stamp(file.below)
        if file.stamp and file.stamp == stamp:
            return ""
        source = self._shown(file.below)
        try:
            suffix = plain_suffix(file.below)
            copies.put(file.below, source, suffix, store.blocks(file), file.stamp)
        except StoreFailed as error:
            held = "there is no copy of it yet" if stamp is None else "its last copy stays"
            return f"{source} was not fetched: {error}; {held}."
        return ""

    def _unreachable(self, why: str) -> SourceUnreachable:
        return SourceUnreachable(
            f"the source {self.name!r} cannot be read from {self.url}: {why.rstrip('.')}; see to "
            "the connection and the credentials. What it held stays."
        )

    def _too_large(self, file: Listed) -> FileReport:
        reason = f"The file is larger than {self.max_mb} MB; raise max_mb to read it."
        return FileReport(self._shown(file.below), FileStatus.REJECTED, reason=reason)

    def _shown(self, below: str) -> str:
        return f"{self.name}/{shown(below)}"
