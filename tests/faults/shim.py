"""Compile the interposer and steer it from inside the process that it is loaded into."""

import ctypes
import shutil
import subprocess
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path

SOURCE = Path(__file__).with_name("shim.c")


class Kind(IntEnum):
    """What happens at the operation: counted only, refused, cut short, or the last one."""

    COUNT = 0
    FAIL = 1
    SHORT = 2
    KILL = 3


class When(IntEnum):
    """Before the call, after it took effect, or when half of its bytes were written."""

    BEFORE = 0
    AFTER = 1
    TORN = 2


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong below `root`; the default only counts."""

    root: str
    at: int = 0
    kind: Kind = Kind.COUNT
    when: When = When.BEFORE
    error: int = 0
    sticky: bool = False
    """Whether every later operation fails as well, as on a disk that stays full."""
    reads: bool = False


@dataclass(frozen=True, slots=True)
class Struck:
    """What the interposer saw: how many operations, and where it struck, if it did."""

    operations: int
    fired: bool
    where: str = ""


def compile_shim(folder: Path) -> Path:
    """Compile the interposer into `folder` and return its path."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise FileNotFoundError("the fault tests need a C compiler: apt-get install gcc libc6-dev")
    library = folder / "shim.so"
    command = [compiler, "-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror", "-o"]
    subprocess.run([*command, str(library), str(SOURCE), "-ldl"], check=True)
    return library


@dataclass(frozen=True)
class Shim:
    """The interposer of this process, which must have been started with it preloaded."""

    built: Path
    _calls: ctypes.CDLL = field(init=False)

    def __post_init__(self) -> None:
        calls = ctypes.CDLL(str(self.built))
        calls.fault_arm.argtypes = [ctypes.c_char_p, ctypes.c_long, *[ctypes.c_int] * 5]
        calls.fault_arm.restype = None
        calls.fault_count.restype = ctypes.c_long
        calls.fault_struck.restype = ctypes.c_char_p
        object.__setattr__(self, "_calls", calls)

    def arm(self, fault: Fault) -> None:
        """Count operations below the fault's folder from now on, and strike at its number."""
        root = str(Path(fault.root).resolve()).encode()
        what = (fault.kind, fault.when, fault.error, fault.sticky, fault.reads)
        self._calls.fault_arm(root, fault.at, *map(int, what))

    def disarm(self) -> None:
        """Let everything pass again."""
        self._calls.fault_disarm()

    def struck(self) -> Struck:
        """Return what was seen since it was armed, by this process or one forked from it."""
        where = self._calls.fault_struck().decode("utf-8", "replace")
        return Struck(self._calls.fault_count(), bool(self._calls.fault_fired()), where)
