"""The indexes: what answers, how old it is, what the last run came to and when the next is."""

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from flask import Blueprint, Flask, current_app, render_template

from indexes.status import wording
from indexes.status.shelf import Shelf, Status, utc_now
from rag.index.journal import RunOutcome
from web.access.rules import Role, needs

logger = logging.getLogger(__name__)

_WORRYING = {
    RunOutcome.REFUSED,
    RunOutcome.STOPPED,
    RunOutcome.FAILED,
    RunOutcome.INTERRUPTED,
}
_LATE_SECONDS = 3600


class Shelves(Protocol):
    """Tells the state of the indexes, such as `indexes.status.shelf.Shelves`."""

    @property
    def served(self) -> str:
        """Return the name of the index this page answers from."""
        ...

    def look(self) -> Shelf:
        """Return the state of every index now."""
        ...

    def look_at_served(self) -> Status:
        """Return the state of the index this page answers from."""
        ...


def show(app: Flask, shelves: Shelves | None) -> None:
    """Give `app` the page of the indexes, and the link to it; nothing without `shelves`."""
    app.extensions["quotewell.shelves"] = shelves
    app.jinja_env.globals["has_shelf"] = shelves is not None
    if shelves is not None:
        app.register_blueprint(_blueprint(shelves))


def health() -> Mapping[str, object]:
    """Return what programs are told of the live build and the last run; empty if unknown."""
    shelves: Shelves | None = current_app.extensions["quotewell.shelves"]
    if shelves is None:
        return {}
    status = shelves.look_at_served()
    _log([status], ())
    return {
        "age_s": status.live.age_s(utc_now()) if status.live else None,
        "last_run": status.last.outcome.value if status.last else None,
        "last_success": status.succeeded or None,
    }


def _blueprint(shelves: Shelves) -> Blueprint:
    pages = Blueprint("shelf", __name__)

    @pages.get("/indexes")
    @needs(Role.READER)
    def page() -> str:
        """Show every index, the one that answers this page first."""
        shelf, now = shelves.look(), utc_now()
        _log(shelf.indexes, shelf.problems)
        known = [row for row in shelf.indexes if not _is_offered(row)]
        rows = sorted(known, key=lambda row: row.name != shelves.served)
        return render_template(
            "shelf.html",
            rows=rows,
            served=shelves.served,
            bad_recipes=len(shelf.problems),
            words=wording,
            went_wrong=_went_wrong,
            is_late=_is_late,
            now=now,
            at=wording.moment(now.isoformat()),
        )

    return pages


def _is_offered(status: Status) -> bool:
    """Return whether there is a recipe and nothing else, such as the sample's: no index yet."""
    return not (status.live or status.last or status.coming or status.problem)


def _went_wrong(status: Status) -> bool:
    return status.last is not None and status.last.outcome in _WORRYING


def _is_late(status: Status, now: datetime) -> bool:
    """Return whether a run has been due for so long that no scheduler seems to be there."""
    coming = status.coming
    if coming is None or not coming.due or status.writing:
        return False
    return (now - datetime.fromisoformat(coming.utc)).total_seconds() > _LATE_SECONDS


def _log(rows: "tuple[Status, ...] | list[Status]", problems: tuple[str, ...]) -> None:
    """Log what the page does not quote, because it may hold a path."""
    for text in (*(row.problem for row in rows if row.problem), *problems):
        logger.error("%s", text)
