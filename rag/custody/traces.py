"""Wipe what is left of forgotten documents outside ledger and builds: lines that quote them."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from rag.custody.plan import Plan
from rag.custody.prints import Finder
from rag.index.disk import replace_text
from rag.index.layout import IndexFolder
from rag.index.lock import turn
from rag.index.mirror import forget_copies


def wipe_traces(folder: IndexFolder, home: Path, plan: Plan) -> dict[str, int]:
    """Delete lines and mirrored files that hold something of what `plan` forgets.

    Returns:
        How many, by kind of place.
    """
    quotes = _quoting(plan)
    caches = sorted((home / "eval").glob("*.jsonl"))
    return {
        "feedback": _wipe_lines(folder.feedback, quotes, turn(folder.feedback_lock)),
        "made questions": _wipe_lines(folder.made_questions, quotes),
        "evaluation caches": sum(_wipe_lines(path, quotes) for path in caches),
        "mirrored files": _unlink(folder, plan),
    }


def _quoting(plan: Plan) -> Callable[[bytes], bool]:
    """Return what tells whether a line names or quotes a forgotten document."""
    finder, names = Finder(plan.prints), {*plan.names, *plan.documents}

    def quotes(line: bytes) -> bool:
        if finder.find(line):
            return True
        try:
            tree = json.loads(line)
        except (ValueError, RecursionError):
            return False
        return any(text in names for text in _texts(tree))

    return quotes


def _texts(tree: object) -> Iterator[str]:
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, dict):
        for value in tree.values():
            yield from _texts(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from _texts(value)


def _wipe_lines(
    path: Path,
    quotes: Callable[[bytes], bool],
    turn_taken: AbstractContextManager[None] | None = None,
) -> int:
    """Delete the lines of `path` for which `quotes` says so; return how many."""
    if not path.is_file():
        return 0
    with turn_taken or nullcontext():
        lines = path.read_bytes().splitlines(keepends=True)
        kept = [line for line in lines if not quotes(line)]
        if len(kept) < len(lines):
            replace_text(path, b"".join(kept).decode("utf-8", "replace"))
    return len(lines) - len(kept)


def _unlink(folder: IndexFolder, plan: Plan) -> int:
    """Delete the copies of what lies elsewhere, and see that they are not fetched again."""
    return forget_copies(folder.mirrors.absolute(), map(Path, plan.files))
