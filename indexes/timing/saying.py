"""Telling a person what happens, without telling the same again and again."""

from typing import Protocol


class Say(Protocol):
    """Told what happened, one line at a time."""

    def __call__(self, line: str) -> None:
        """Pass on `line`."""
        ...


class Once:
    """Passes on a line about something only when it differs from the last about it."""

    def __init__(self, say: Say) -> None:
        """Pass on to `say`."""
        self._say = say
        self._said: dict[str, str] = {}

    def __call__(self, about: str, line: str) -> None:
        """Say `line` about `about`, unless that is what was said last."""
        if self._said.get(about) != line:
            self._said[about] = line
            self._say(line)
