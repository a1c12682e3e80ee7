"""TOML tables as frozen dataclasses: every key is checked, and described in one place.

A field made with `key` names its help and what is allowed; `read_table` turns a table into
the dataclass, or says which key of which file is wrong; `describe` lists the keys for the
documentation. Unlike settings, nothing is converted: TOML has types of its own.
"""

import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, Field, dataclass, fields
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from rag.errors import RecipeError
from rag.settings import setting

T = TypeVar("T")

REQUIRED: Any = MISSING
_VARIABLE = re.compile(r"\$(\w+|\{[^}]*\})")


key = setting
"""A dataclass field that is a key of a table; `REQUIRED` as its default demands it."""


@dataclass(frozen=True, slots=True)
class At:
    """Where a table stands, for messages and for relative paths."""

    file: Path
    table: str = ""

    def error(self, message: str) -> RecipeError:
        """Return an error about this table."""
        return RecipeError(f"{self.file}{f', {self.table}' if self.table else ''}: {message}")


def read_table(kind: type[T], table: Mapping[str, object], at: At) -> T:
    """Return `table` as a `kind`.

    Raises:
        RecipeError: Naming the file, the key, its value and what is allowed.
    """
    known = {leaf.name: leaf for leaf in keys_of(kind)}
    check_names(table, known, at)
    hints = get_type_hints(kind)
    values: dict[str, Any] = {}
    for name, leaf in known.items():
        if name in table:
            values[name] = _checked(name, _typed(name, table[name], hints[name], at), leaf, at)
        elif leaf.default is MISSING:
            raise at.error(f"key {name!r} is missing: {leaf.metadata['help']}")
    try:
        return kind(**values)
    except RecipeError as error:
        raise at.error(str(error)) from None


def check_names(table: Mapping[str, object], known: Iterable[str], at: At) -> None:
    """Refuse a key that is not `known`.

    Raises:
        RecipeError: Naming the key and those that are known.
    """
    for name in table:
        if name not in known:
            raise at.error(f"unknown key {name!r}; known are {', '.join(sorted(known))}")


def describe(kind: type) -> list[tuple[str, object, str]]:
    """Return (key, default, help) of each key of `kind`; a required key has `REQUIRED`."""
    return [(leaf.name, leaf.default, str(leaf.metadata["help"])) for leaf in keys_of(kind)]


def keys_of(kind: type) -> list[Field[Any]]:
    """Return the fields of `kind` that are keys."""
    return [leaf for leaf in fields(kind) if "help" in leaf.metadata]


def bad(name: str, allowed: str, value: object) -> RecipeError:
    """Return what a dataclass raises about its own key; `read_table` adds where it stands."""
    return RecipeError(f"key {name!r} must be {allowed}, got {value!r}")


def _typed(name: str, value: object, kind: Any, at: At) -> object:  # noqa: ANN401
    convert, words = _KINDS[kind]
    try:
        return convert(value, at)
    except TypeError:
        raise at.error(str(bad(name, words, value))) from None


def _checked(name: str, value: object, leaf: "Field[Any]", at: At) -> object:
    low, high, choices = (leaf.metadata[part] for part in ("low", "high", "choices"))
    if choices and value not in choices:
        raise at.error(str(bad(name, f"one of {', '.join(choices)}", value)))
    # `not (a <= b <= c)` also refuses a number that is none (nan).
    if low is not None and not low <= float(str(value)) <= high:
        raise at.error(str(bad(name, f"in [{low}, {high}]", value)))
    return value


def _text(value: object, _: At) -> str:
    if not isinstance(value, str) or "\x00" in value:
        raise TypeError
    return value


def _switch(value: object, _: At) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _whole(value: object, _: At) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError
    return value


def _number(value: object, _: At) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError
    return float(value)


def _path(value: object, at: At) -> Path:
    """Return a path with `~` and variables filled in, relative to the file it stands in."""
    text = _VARIABLE.sub(lambda match: _variable(match.group(1), at), _text(value, at))
    if not text.strip():
        raise TypeError
    try:
        path = Path(text).expanduser()
    except RuntimeError:
        raise at.error(f"no home folder is known for {text!r}; write the path out") from None
    return Path(os.path.normpath(at.file.absolute().parent / path))


def _variable(name: str, at: At) -> str:
    name = name.strip("{}")
    if not os.environ.get(name):
        raise at.error(f"a path names the variable ${name}, which is not set; set it")
    return os.environ[name]


def _list(convert: "_Convert") -> "_Convert":
    def convert_all(value: object, at: At) -> tuple[Any, ...]:
        if not isinstance(value, list | tuple):
            raise TypeError
        return tuple(convert(item, at) for item in value)

    return convert_all


_Convert = Callable[[object, At], Any]
_KINDS: Mapping[Any, tuple[_Convert, str]] = {
    str: (_text, "text"),
    bool: (_switch, "true or false"),
    int: (_whole, "a whole number"),
    float: (_number, "a number"),
    Path: (_path, "a path"),
    int | None: (_whole, "a whole number"),
    tuple[str, ...]: (_list(_text), "a list of texts"),
    tuple[Path, ...]: (_list(_path), "a list of paths"),
}
