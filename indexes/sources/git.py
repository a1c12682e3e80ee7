"""A git repository by local path: what is committed, without a checkout.

Only `rev-parse`, `ls-tree` and `cat-file` run: they touch no working tree, and neither
hooks, filters nor pagers. The blob ids tell what changed; only changed blobs are copied.
"""

import os
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from pathspec import GitIgnoreSpec

from indexes.keys import REQUIRED, bad, key
from indexes.sources.content import Content, mirrored
from rag.closing import Closing
from rag.errors import SourceUnreachable
from rag.index.mirror import Mirror, plain_suffix, shown
from rag.reports import FileReport, FileStatus
from rag.settings import IngestSettings

_SECONDS = 600
_BLOCK = 2**20
_SAFE = (
    "git",
    "--no-pager",
    "--no-replace-objects",  # a blob is what its id says
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "core.fsmonitor=false"),
    *("-c", "protocol.allow=never"),  # as GIT_NO_LAZY_FETCH below, for an older git
)
_REFUSED = {
    "120000": "is a symbolic link; give the file it points to",
    "160000": "is a submodule; give it a source of its own",
}


@dataclass(frozen=True, slots=True)
class _Blob:
    """A file of a commit."""

    mode: str
    id: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Git:
    """The files of one commit; each goes by the source's name and its path."""

    name: str = key(REQUIRED, "name of the source, unique in the recipe")
    path: Path = key(REQUIRED, "the repository, bare or not, relative to the recipe")  # noqa: RUF009
    ref: str = key("HEAD", "branch, tag or commit to read")
    include: tuple[str, ...] = key(
        IngestSettings().include, "patterns of files to read; empty reads every format"
    )
    exclude: tuple[str, ...] = key(
        IngestSettings().exclude, "patterns never read, in .gitignore syntax"
    )
    max_mb: int = key(IngestSettings().max_file_mb, "largest file, in MB", low=1, high=4096)

    def __post_init__(self) -> None:
        """Refuse a ref that git could take for an option."""
        if not self.ref.strip() or self.ref.startswith("-"):
            raise bad("ref", "a branch, tag or commit", self.ref)

    def gather(self, mirror: Path) -> Content:
        """Copy the blobs that changed and return the files of the commit.

        Raises:
            SourceUnreachable: If there is no such repository or ref, or git fails.
            DiskFull: If there is no room for the copies.
        """
        with Mirror(mirror) as copies:
            files, refused = [], []
            for blob in self._blobs(self._commit()):
                if reason := _REFUSED.get(blob.mode):
                    refused.append(self._refused(blob, reason))
                else:
                    files.append(blob)
            stale = [b for b in files if (copies.stamp(b.path) or {}).get("blob") != b.id]
            large = self._large(stale)
            reason = f"is larger than {self.max_mb} MB; raise max_mb to read it"
            refused += [self._refused(blob, reason) for blob in large]
            self._copy([blob for blob in stale if blob not in large], copies)
            copies.retain({blob.path for blob in files if blob not in large})
            return mirrored(copies, refused=refused)

    def _large(self, blobs: Sequence[_Blob]) -> set[_Blob]:
        """Return those of `blobs` that are larger than a file may be."""
        if not blobs:
            return set()
        asked = "".join(f"{blob.id}\n" for blob in blobs).encode()
        lines = self._run("cat-file", "--batch-check", stdin=asked).decode("ascii").splitlines()
        sizes = (line.rpartition(" ")[2] for line in lines)  # of a missing one, "missing"
        most = self.max_mb * 2**20
        return {
            blob
            for blob, size in zip(blobs, sizes, strict=True)
            if size.isdigit() and int(size) > most
        }

    def _copy(self, stale: Sequence[_Blob], copies: Mirror) -> None:
        if not stale:
            return
        with _Reader(self._command("cat-file", "--batch"), self._fault) as reader:
            for blob in stale:
                blocks = reader.blocks(blob.id)
                source = f"{self.name}/{shown(blob.path)}"
                copies.put(blob.path, source, plain_suffix(blob.path), blocks, {"blob": blob.id})

    def _commit(self) -> str:
        found = self._run(
            "rev-parse", "--verify", "--quiet", "--end-of-options", self.ref + "^{commit}"
        )
        return found.decode("ascii", "replace").strip()

    def _blobs(self, commit: str) -> Iterator[_Blob]:
        """Yield the files of `commit` that the patterns let through."""
        include, exclude = map(GitIgnoreSpec.from_lines, (self.include, self.exclude))
        for line in self._run("ls-tree", "-r", "-z", "--full-tree", commit).split(b"\0"):
            head, _, name = line.partition(b"\t")
            path = os.fsdecode(name)
            if not path or exclude.match_file(path):
                continue
            if self.include and not include.match_file(path):
                continue
            mode, _, id_ = head.decode("ascii").split()
            yield _Blob(mode, id_, path)

    def _refused(self, blob: _Blob, reason: str) -> FileReport:
        source = f"{self.name}/{shown(blob.path)}"
        return FileReport(source, FileStatus.REJECTED, reason=f"The file {reason}.")

    def _command(self, *arguments: str) -> list[str]:
        return [*_SAFE, f"--git-dir={self._git_dir()}", *arguments]

    def _git_dir(self) -> Path:
        """Return where the repository keeps its objects.

        Named outright, no folder above is looked at, and whose it is does not matter: nothing
        of it is executed.
        """
        inside = self.path / ".git"
        if inside.exists():
            return inside
        if (self.path / "HEAD").is_file() and (self.path / "objects").is_dir():
            return self.path
        raise self._fault("there is no git repository")

    def _run(self, *arguments: str, stdin: bytes = b"") -> bytes:
        try:
            done = subprocess.run(  # noqa: S603  (no shell, and git takes none of it for an option)
                self._command(*arguments),
                input=stdin,
                capture_output=True,
                check=False,
                timeout=_SECONDS,
                env=_environment(),
            )
        except FileNotFoundError:
            raise self._fault("the program git is not installed") from None
        except subprocess.TimeoutExpired:
            raise self._fault(f"git did not answer within {_SECONDS} seconds") from None
        if done.returncode:
            said = done.stderr.decode("utf-8", "replace").strip().splitlines()
            raise self._fault(said[-1] if said else f"it has no commit {self.ref!r}")
        return done.stdout

    def _fault(self, why: str) -> SourceUnreachable:
        return SourceUnreachable(
            f"the source {self.name!r} cannot be read from {self.path}: {why}; check `path` and "
            "`ref` in the recipe. What it held stays."
        )


class _Reader(Closing):
    """One `git cat-file --batch`, asked for one blob after the other."""

    def __init__(self, command: Sequence[str], fault: Callable[[str], SourceUnreachable]) -> None:
        self._fault = fault
        self._process = subprocess.Popen(  # noqa: S603  (as above)
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
        )

    def close(self) -> None:
        """End the process."""
        self._process.kill()  # it holds nothing that could be lost
        self._process.communicate()

    def blocks(self, id_: str) -> Iterator[bytes]:
        """Yield the bytes of a blob.

        Raises:
            SourceUnreachable: If git does not give them whole.
        """
        out = cast(IO[bytes], self._process.stdout)
        try:
            head = self._ask(id_, out).split()
        except OSError:
            raise self._fault("git has stopped") from None
        if len(head) != 3 or head[0].decode() != id_:
            raise self._fault(f"the object {id_} is missing or damaged (run `git fsck`)")
        left = int(head[2])
        while left:
            block = out.read(min(left, _BLOCK))
            if not block:
                raise self._fault("git has stopped")
            left -= len(block)
            yield block
        out.read(1)  # the line end after each blob

    def _ask(self, id_: str, out: IO[bytes]) -> bytes:
        asked = cast(IO[bytes], self._process.stdin)
        asked.write(id_.encode() + b"\n")
        asked.flush()
        return out.readline()


def _environment() -> dict[str, str]:
    """Return our environment without what would point git elsewhere or make it ask."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    ours = {
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C",
    }
    return kept | ours
