"""Fingerprints of a text: enough to find any 48 bytes of it again, not to read it.

The text is cut into windows of 32 bytes, one every 16, so that whatever 48 bytes of it are
left somewhere hold a whole window. Two hashes of each are kept: one that rolls, which can be
had for every offset of a file at once (a polynomial over words, as Karp and Rabin, 1987, for
bytes), and a keyed one that settles what the first one only suspects.

Who holds the fingerprints can test a guess against them, so they are as confidential as the
index itself.
"""

import base64
import hashlib
import json
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

WINDOW = 32
"""Bytes of one window."""
STRIDE = 16
"""Bytes from one window of a text to the next."""
VECTOR_STRIDE = 64
"""Bytes from one window of an embedding to the next; part of a vector says nothing."""
_WORD = 8
_APART = bytes(WINDOW)
_JOINED = 1 << 20  # bytes
_FEWEST_BYTES = 6  # a window of fewer different bytes, such as a ruled line, is anybody's
_Words: TypeAlias = npt.NDArray[np.uint64]
_Rolls: TypeAlias = npt.NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class Prints:
    """The fingerprints of some texts, in the order of their rolling hash."""

    salt: bytes
    rolls: _Rolls
    """The upper half of each window's rolling hash, ascending, shape (n,)."""
    sums: _Words
    """The keyed hash (BLAKE2b, 8 bytes) of the same windows, shape (n,)."""

    def __len__(self) -> int:
        """Return the number of windows."""
        return len(self.rolls)

    @classmethod
    def of(
        cls, texts: Iterable[bytes], vectors: Iterable[bytes] = (), *, salt: bytes = b""
    ) -> "Prints":
        """Return the fingerprints of `texts` and `vectors`, each window once."""
        salt = salt or secrets.token_bytes(16)
        taken: dict[int, int] = {}
        for data, stride in _strides(texts, vectors):
            windows = _windows(data, stride)
            for roll, window in zip(_roll(windows, salt).tolist(), windows, strict=True):
                taken[_sum(window.tobytes(), salt)] = roll
        return cls._sorted(salt, taken)

    @classmethod
    def _sorted(cls, salt: bytes, taken: Mapping[int, int]) -> "Prints":
        rolls = np.fromiter(taken.values(), dtype=np.uint32, count=len(taken))
        sums = np.fromiter(taken, dtype=np.uint64, count=len(taken))
        order = np.lexsort((sums, rolls))
        return cls(salt, rolls[order], sums[order])

    def without(self, blocks: Iterable[bytes]) -> "Prints":
        """Return those of which no window occurs in `blocks`, which other documents hold too."""
        finder, shared = Finder(self), set[int]()
        for block in joined(blocks):
            shared |= {row for _, row in finder.find(block)}
        kept = np.ones(len(self), dtype=bool)
        kept[list(shared)] = False
        return Prints(self.salt, self.rolls[kept], self.sums[kept])

    def to_dict(self) -> dict[str, object]:
        """Return plain values, ready for JSON."""
        return {
            "window_bytes": WINDOW,
            "salt": self.salt.hex(),
            "rolls": base64.b64encode(self.rolls.astype("<u4").tobytes()).decode(),
            "sums": base64.b64encode(self.sums.astype("<u8").tobytes()).decode(),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> "Prints":
        """Return what `to_dict` was made of.

        Raises:
            ValueError: If it is none.
        """
        salt = bytes.fromhex(str(data["salt"]))
        rolls = np.frombuffer(base64.b64decode(str(data["rolls"]), validate=True), dtype="<u4")
        sums = np.frombuffer(base64.b64decode(str(data["sums"]), validate=True), dtype="<u8")
        if len(rolls) != len(sums) or data["window_bytes"] != WINDOW or len(salt) != 16:
            raise ValueError("no fingerprints of this version")
        return cls(salt, rolls.astype(np.uint32), sums.astype(np.uint64))


class Finder:
    """Finds windows with known fingerprints in blocks of bytes."""

    def __init__(self, prints: Prints) -> None:
        """Prepare to look for `prints`."""
        self._prints = prints
        self._factor = _factor(prints.salt)
        self._rows = {value: row for row, value in enumerate(prints.sums.tolist())}
        # Few offsets pass a filter with 64 places a print; one past 16 MB leaves every cache.
        self._bits = min(24, max(20, len(prints).bit_length() + 6))
        self._filter = np.zeros(1 << self._bits, dtype=bool)
        self._filter[prints.rolls >> np.uint32(32 - self._bits)] = True

    def find(self, block: bytes | memoryview) -> list[tuple[int, int]]:
        """Return (offset, row of the fingerprint) of every window in `block`, by offset."""
        found: list[tuple[int, int]] = []
        for offset in self._suspects(block):
            row = self._rows.get(_sum(block[offset : offset + WINDOW], self._prints.salt))
            if row is not None:
                found.append((offset, row))
        return sorted(found)

    def _suspects(self, block: bytes | memoryview) -> Iterator[int]:
        """Yield every offset whose rolling hash is known; few others."""
        last = len(block) - WINDOW
        # Words at one shift lie side by side, so that eight passes see every offset.
        for shift in range(min(_WORD, last + 1)):
            words = np.frombuffer(block, "<u8", (len(block) - shift) // _WORD, shift)
            hashes = _polynomial(words, self._factor)
            likely = np.flatnonzero(self._filter[hashes >> np.uint64(64 - self._bits)])
            rolls = (hashes[likely] >> np.uint64(32)).astype(np.uint32)
            near = np.searchsorted(self._prints.rolls, rolls)
            near[near == len(self._prints)] = 0
            for place in likely[self._prints.rolls[near] == rolls].tolist():
                yield shift + _WORD * place


def forms(text: str) -> list[bytes]:
    """Return `text` as files here may hold it: UTF-8, and what JSON makes of it where it differs.

    Of the latter only the stretches around an escape are given, for the rest is the same.
    """
    plain = text.encode("utf-8", "surrogatepass")
    escaped = {json.dumps(text, ensure_ascii=ascii_only)[1:-1] for ascii_only in (False, True)}
    found = [plain]
    for data in (each.encode("utf-8", "surrogatepass") for each in sorted(escaped)):
        if data != plain:
            found += _escapes(data)
    return found


def joined(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield `blocks` put together to about a megabyte, kept apart by zeros.

    Looking into one long block takes a fraction of the time that many short ones do.
    """
    gathered, size = list[bytes](), 0
    for block in blocks:
        gathered.append(block)
        size += len(block) + WINDOW
        if size >= _JOINED:
            yield _APART.join(gathered)
            gathered, size = [], 0
    if gathered:
        yield _APART.join(gathered)


def _escapes(data: bytes) -> Iterator[bytes]:
    """Yield the stretches of `data` that lie near a backslash, from one stride to another."""
    reach = WINDOW + STRIDE
    marks = np.flatnonzero(np.frombuffer(data, np.uint8) == ord("\\"))
    if not len(marks):
        return
    for run in np.split(marks, np.flatnonzero(np.diff(marks) > 2 * reach) + 1):
        start = max(0, int(run[0]) - reach) // STRIDE * STRIDE
        yield data[start : int(run[-1]) + reach + STRIDE]


def _strides(texts: Iterable[bytes], vectors: Iterable[bytes]) -> Iterator[tuple[bytes, int]]:
    yield from ((text, STRIDE) for text in texts)
    yield from ((vector, VECTOR_STRIDE) for vector in vectors)


def _windows(data: bytes, stride: int) -> npt.NDArray[np.uint8]:
    """Return the windows of `data` that tell something, shape (n, WINDOW)."""
    flat = np.frombuffer(data, np.uint8)
    if len(flat) < WINDOW:
        return np.empty((0, WINDOW), np.uint8)
    windows = np.ascontiguousarray(np.lib.stride_tricks.sliding_window_view(flat, WINDOW)[::stride])
    ordered = np.sort(windows, axis=1)
    different = 1 + np.count_nonzero(np.diff(ordered, axis=1), axis=1)
    return np.ascontiguousarray(windows[different >= _FEWEST_BYTES])


def _roll(windows: npt.NDArray[np.uint8], salt: bytes) -> _Rolls:
    """Return the upper half of the rolling hash of each window, shape (n,)."""
    words = windows.reshape(-1).view("<u8")
    hashes = _polynomial(words, _factor(salt))[:: WINDOW // _WORD]
    return (hashes >> np.uint64(32)).astype(np.uint32)


def _polynomial(words: _Words, factor: _Words) -> _Words:
    """Return the hash modulo 2**64 of every four words in a row, shape (n - 3,)."""
    pairs = words[:-1] * factor[0] + words[1:]
    hashes: _Words = pairs[:-2] * factor[1] + pairs[2:]
    return hashes


def _factor(salt: bytes) -> _Words:
    """Return an odd number made of `salt`, and its square modulo 2**64."""
    number = int.from_bytes(hashlib.blake2b(salt, digest_size=8).digest(), "big") | 1
    return np.array([number, number * number % 2**64], dtype=np.uint64)


def _sum(window: bytes | memoryview, salt: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(window, digest_size=8, key=salt).digest(), "big")
