"""The roles, and the mark by which every route names the least one it needs."""

from collections.abc import Callable
from enum import IntEnum
from typing import TypeVar

View = TypeVar("View", bound=Callable[..., object])
_MARK = "__least_role__"


class Role(IntEnum):
    """Who asks, each with all that those before it may do."""

    ANYONE = 0
    """Not signed in."""
    READER = 1
    """May ask, search, read sources and give feedback."""
    EDITOR = 2
    """May also change what an index holds."""
    ADMIN = 3
    """May also forget for good, roll back, and manage users and keys."""


def needs(role: Role) -> Callable[[View], View]:
    """Return a decorator that marks a view with the least `role` it needs.

    It goes below the route's decorator. A view without the mark answers nobody.
    """

    def mark(view: View) -> View:
        setattr(view, _MARK, role)
        return view

    return mark


def least_role(view: Callable[..., object]) -> Role | None:
    """Return the role `view` is marked with, or None."""
    role: Role | None = getattr(view, _MARK, None)
    return role
