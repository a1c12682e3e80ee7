"""From a JSON body to the arguments of `Pipeline.ask`, refusing everything else."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from werkzeug.exceptions import BadRequest, UnprocessableEntity

from rag.types import Filter, Mode, Turn

MOST_TURNS = 20
_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")


@dataclass(frozen=True, slots=True)
class Ask:
    """One question as a program puts it."""

    question: str
    mode: Mode | None
    filter_: Filter
    history: tuple[Turn, ...] = ()
    rewritten: str | None = None


def read_ask(body: bytes) -> Ask:
    """Return the question in `body`.

    Raises:
        BadRequest: If the body is not a JSON object.
        UnprocessableEntity: If a field is missing, unknown or of the wrong type.
    """
    known = {"question", "mode", "filter", "history", "rewritten"}
    fields = _fields(_object(body), "the body", known)
    if "question" not in fields:
        raise UnprocessableEntity("The body needs a field question, the text of the question.")
    return Ask(
        text(fields["question"], "question"),
        read_mode(fields.get("mode")),
        _filter(fields.get("filter")),
        _history(fields.get("history")),
        None if fields.get("rewritten") is None else text(fields["rewritten"], "rewritten"),
    )


def read_mode(value: object) -> Mode | None:
    """Return the mode `value` names, or None for the one that is configured.

    Raises:
        UnprocessableEntity: If there is no such mode.
    """
    if value is None:
        return None
    if value not in list(Mode):  # not a set: the value may be a list, which has no hash
        raise UnprocessableEntity(f"The mode must be {' or '.join(Mode)}.")
    return Mode(str(value))


def text(value: object, name: str) -> str:
    r"""Return `value` if it is text that can be encoded.

    Raises:
        UnprocessableEntity: If it is no text, or holds half a surrogate pair such as `\ud800`.
    """
    if not isinstance(value, str):
        raise UnprocessableEntity(f"The field {name} must be text.")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise UnprocessableEntity(f"The field {name} holds an incomplete character.") from None
    return value


def _object(body: bytes) -> Mapping[str, object]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):  # also wrong encodings, and brackets without end
        raise BadRequest("The body is not JSON that can be read.") from None
    if not isinstance(value, dict):
        raise BadRequest('The body must be an object such as {"question": "..."}.')
    return value


def _fields(value: object, name: str, known: set[str]) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise UnprocessableEntity(f"The field {name} must be an object.")
    if set(value) - known:
        raise UnprocessableEntity(f"{name.capitalize()} may hold only {', '.join(sorted(known))}.")
    return value


def _history(value: object) -> tuple[Turn, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or len(value) > MOST_TURNS:
        raise UnprocessableEntity(
            f"The field history must be a list of at most {MOST_TURNS} turns."
        )
    return tuple(_turn(each) for each in value)


def _turn(value: object) -> Turn:
    fields = _fields(value, "each turn of the history", {"question", "answer"})
    if "question" not in fields:
        raise UnprocessableEntity("Each turn of the history needs a field question.")
    answer = text(fields.get("answer", ""), "history.answer")
    return Turn(text(fields["question"], "history.question"), answer)


def _filter(value: object) -> Filter:
    if value is None:
        return Filter()
    known = {"documents", "sources", "metadata", "since", "until"}
    fields = _fields(value, "filter", known)
    return Filter(
        documents=_texts(fields.get("documents"), "filter.documents"),
        sources=_texts(fields.get("sources"), "filter.sources"),
        metadata=_metadata(fields.get("metadata")),
        since=_date(fields.get("since"), "filter.since"),
        until=_date(fields.get("until"), "filter.until"),
    )


def _texts(value: object, name: str) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list):
        raise UnprocessableEntity(f"The field {name} must be a list of texts.")
    return tuple(text(item, name) for item in value)


def _metadata(value: object) -> dict[str, str]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise UnprocessableEntity("The field filter.metadata must be an object of texts.")
    name = "filter.metadata"
    return {text(key, name): text(item, name) for key, item in value.items()}


def _date(value: object, name: str) -> str | None:
    if value is None:
        return None
    written = text(value, name)
    if not _DATE.fullmatch(written):
        raise UnprocessableEntity(f"The field {name} must be a date: 2024, 2024-05 or 2024-05-31.")
    return written
