"""JSON and JSON lines: records with a text become documents, other data `path: value` lines."""

import json
from collections.abc import Iterator
from typing import Any, TypeAlias

from rag.corpus.decode import decode
from rag.corpus.describe import counted
from rag.corpus.normalize import one_line
from rag.corpus.pieces import Content, Items, Raw
from rag.corpus.readers.plain import plain_pieces
from rag.errors import LoadError

Json: TypeAlias = Any
_TEXT = (
    "text body content contents passage paragraph abstract document markdown description summary "
    "message"
).split()
_TITLE = ("title", "name", "headline", "subject")
_KEY = ("_id", "id", "key", "uid")
_DATE = ("modified", "updated", "updated_at", "date", "published", "created", "created_at")


def read_json(raw: Raw) -> Iterator[Content]:
    """Yield a document a record of an array of texts, else one for the whole file."""
    text = decode(raw.data)
    try:
        tree = json.loads(text)
    except json.JSONDecodeError as error:
        if error.msg == "Extra data":  # JSON lines under the wrong name
            yield from _from_lines(text)
            return
        raise LoadError(
            f"is not valid JSON (line {error.lineno}: {error.msg}); correct that line"
        ) from None
    if isinstance(tree, list) and any(_text_of(item) for item in tree):
        yield from _documents(list(enumerate(tree, start=1)), [])
    else:
        title, metadata = _about(tree) if isinstance(tree, dict) else ("", {})
        yield Content([_lines(tree)], title, metadata)


def read_json_lines(raw: Raw) -> Iterator[Content]:
    """Yield a document a line that holds a text, else one for the whole file."""
    yield from _from_lines(decode(raw.data))


def _from_lines(text: str) -> Iterator[Content]:
    records: list[tuple[int, Json]] = []
    broken: list[int] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            records.append((number, json.loads(line)))
        except json.JSONDecodeError:
            broken.append(number)
    if not records:
        raise LoadError("holds no line of valid JSON; write one JSON object a line")
    notes = []
    if broken:
        notes = [f"has {counted(len(broken), 'line')} of no valid JSON, the first is {broken[0]}"]
    if any(_text_of(record) for _, record in records):
        yield from _documents(records, notes)
    else:
        yield Content([_lines(record) for _, record in records], notes=notes)


def _documents(records: list[tuple[int, Json]], notes: list[str]) -> Iterator[Content]:
    seen: set[str] = set()
    for number, record in records:
        field = _text_of(record)
        content = _record(record, field) if field else Content([_lines(record)])
        content.key = content.key if content.key and content.key not in seen else str(number)
        while content.key in seen:  # a number that another record has for its id
            content.key += "~"
        seen.add(content.key)
        content.notes, notes = notes, []
        yield content


def _text_of(record: Json) -> str:
    """Return the name of the field that holds the record's text, or ""."""
    if not isinstance(record, dict):
        return ""
    names = (name for name in _TEXT if isinstance(record.get(name), str) and record[name].strip())
    return next(names, "")


def _record(record: dict[str, Json], field: str) -> Content:
    scalars = {
        one_line(str(k)).lower(): _shown(v)
        for k, v in record.items()
        if k != field and not isinstance(v, dict | list) and v is not None
    }
    title = next((scalars.pop(name) for name in _TITLE if scalars.get(name)), "")
    key = next((scalars.pop(name) for name in _KEY if scalars.get(name)), "")
    date = next((scalars.pop(name) for name in _DATE if scalars.get(name)), "")
    metadata = scalars | ({"date": date} if date else {})
    return Content(plain_pieces(record[field]), title, metadata, one_line(key))


def _about(tree: dict[str, Json]) -> tuple[str, dict[str, str]]:
    """Return the title and the author and date that a file of data states at its top."""
    named = {str(k).lower(): _shown(v) for k, v in tree.items() if isinstance(v, str)}
    title = next((named[name] for name in _TITLE if named.get(name)), "")
    date = next((named[name] for name in _DATE if named.get(name)), "")
    return title, {"author": named.get("author", ""), "date": date}


def _lines(tree: Json) -> Items:
    return Items(tuple(_paths(tree, "")))


def _paths(tree: Json, path: str) -> Iterator[str]:
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from _paths(value, f"{path}.{key}" if path else str(key))
    elif isinstance(tree, list):
        yield from _listed(tree, path)
    elif tree is not None:
        yield f"{path}: {_shown(tree)}" if path else _shown(tree)


def _listed(tree: list[Json], path: str) -> Iterator[str]:
    if tree and all(_is_flat(item) for item in tree):
        for item in tree:  # a row that is understood alone, as in a table
            cells = (f"{key}: {_cell(v)}" for key, v in item.items() if v not in ("", None))
            yield " | ".join(cells)
    elif any(isinstance(item, dict | list) for item in tree):
        for number, item in enumerate(tree, start=1):
            yield from _paths(item, f"{path}[{number}]")
    else:
        yield f"{path}: {', '.join(map(_shown, tree))}" if path else ", ".join(map(_shown, tree))


def _is_flat(item: Json) -> bool:
    """Return whether a record holds plain values only."""
    values = item.values() if isinstance(item, dict) and len(item) > 1 else [{}]
    parts = (p for v in values for p in (v if isinstance(v, list) else [v]))
    return not any(isinstance(part, dict | list) for part in parts)


def _cell(value: Json) -> str:
    return ", ".join(map(_shown, value)) if isinstance(value, list) else _shown(value)


def _shown(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
