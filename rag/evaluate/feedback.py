"""What people said of answers, kept beside the index they asked.

`feedback.jsonl` in the index's folder has one line a judgement: the question, what was
answered then, and what somebody thought of it. Builds come and go, the file stays.
Adding appends one line under a lock of its own, so that two processes lose nothing and
neither waits for an ingest.
"""

import json
import os
import uuid
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from rag.errors import LoadError, QuestionError
from rag.evaluate.datasets import unique
from rag.evaluate.lines import Line, lines_of
from rag.index.disk import disk_errors, replace_text
from rag.index.layout import IndexFolder
from rag.index.lock import turn
from rag.index.reading import check_exists
from rag.types import Answer, Citation, Filter, Mode

LONGEST = 4000
"""Characters of a reason or an expected answer."""


class Judgement(StrEnum):
    """What somebody thought of an answer."""

    RIGHT = "right"
    WRONG = "wrong"
    SHOULD_ABSTAIN = "should_abstain"
    SHOULD_ANSWER = "should_answer"


@dataclass(frozen=True, slots=True)
class Cited:
    """A quote that was shown; `start` and `end` count characters of the document then."""

    document_id: str
    source: str
    start: int
    end: int
    quote: str

    @classmethod
    def of(cls, citation: Citation) -> "Cited":
        """Return a citation without what it needs not."""
        span = citation.span
        return cls(citation.document_id, citation.source, span.start, span.end, citation.quote)


@dataclass(frozen=True, slots=True)
class Feedback:
    """One judgement, and what was answered when it was made."""

    id: str
    question: str
    verdict: Judgement
    reason: str
    expected: str
    """Text that a right answer holds; empty when none was given."""
    mode: str
    outcome: str
    text: str
    """The shown sentences without labels; empty for an abstention."""
    cited: tuple[Cited, ...]
    build: str
    time: str
    """ISO 8601, UTC."""
    filter: Filter = field(default_factory=Filter)

    def to_dict(self) -> dict[str, object]:
        """Return plain values, as they are kept; the id is `_id`, as in every set."""
        row = asdict(self)
        return {"_id": row.pop("id"), **row}


def add(
    folder: IndexFolder,
    answer: Answer,
    verdict: Judgement | str,
    *,
    reason: str = "",
    expected: str = "",
    filter_: Filter | None = None,
) -> Feedback:
    """Keep what somebody thinks of `answer`, and return it with its id.

    Args:
        folder: The index that was asked.
        answer: As it was shown.
        verdict: right, wrong, should_abstain or should_answer.
        reason: Why, in their own words.
        expected: Text that a right answer would hold, word for word.
        filter_: The filter of the question, with which it will be asked again.

    Raises:
        QuestionError: If there is no such verdict, a text is too long, or an answer is
            expected where there should be none.
        IndexNotFound: If there is no such index.
    """
    check_exists(folder)
    known = Feedback(
        uuid.uuid4().hex[:12],
        answer.question,
        _judgement(verdict),
        _checked("reason", reason),
        _checked("expected answer", expected),
        answer.mode.value,
        answer.outcome.value,
        shown(answer),
        tuple(map(Cited.of, answer.citations)),
        answer.build,
        datetime.now(UTC).isoformat(timespec="seconds"),
        filter_ or Filter(),
    )
    if known.verdict is Judgement.SHOULD_ABSTAIN and known.expected:
        raise QuestionError("an answer that should not be given cannot be expected; leave it out")
    line = json.dumps(known.to_dict(), ensure_ascii=False) + "\n"
    with disk_errors(f"keeping feedback in {folder.feedback}"), turn(folder.feedback_lock):
        _append(folder, line.encode("utf-8", "replace"))
    return known


def read(folder: IndexFolder) -> list[Feedback]:
    """Return everything kept for an index, oldest first; empty when nothing was.

    Raises:
        LoadError: Naming file and line, if a line was changed into what it should not be.
    """
    path = folder.feedback
    if not path.exists():
        return []
    data = path.read_bytes()
    whole = data[: _whole(data)]
    return (
        [
            _feedback(line)
            for line in unique(lines_of(path, whole.decode(errors="replace").split("\n")))
        ]
        if whole.strip()
        else []
    )


def remove(folder: IndexFolder, id_: str) -> Feedback:
    """Forget one judgement and return it.

    Raises:
        QuestionError: If there is none of that id.
    """
    with disk_errors(f"keeping feedback in {folder.feedback}"), turn(folder.feedback_lock):
        kept = read(folder)
        gone = next((one for one in kept if one.id == id_), None)
        if gone is None:
            raise QuestionError(
                f"no feedback {id_!r} in index {folder.name!r}; see: rag feedback list"
            )
        left = [json.dumps(one.to_dict(), ensure_ascii=False) for one in kept if one is not gone]
        replace_text(folder.feedback, "".join(f"{line}\n" for line in left))
    return gone


def shown(answer: Answer) -> str:
    """Return the sentences of an answer without labels; empty for an abstention."""
    return " ".join(verdict.claim.text for verdict in answer.verdicts)


def _append(folder: IndexFolder, line: bytes) -> None:
    """Add a line and wait until it is on the disk; a line cut off by a crash is dropped first."""
    with folder.feedback.open("a+b") as out:
        out.seek(0)
        data = out.read()
        whole = _whole(data)
        if whole < len(data):
            out.truncate(whole)
        ended = not whole or data[whole - 1 : whole] == b"\n"
        out.write(line if ended else b"\n" + line)
        out.flush()
        os.fsync(out.fileno())


def _whole(data: bytes) -> int:
    """Return how many bytes are kept: all but a last line that is cut off.

    A last line that is JSON merely lacks its newline, as editors leave it.
    """
    last = data.rfind(b"\n") + 1
    try:
        json.loads(data[last:])
    except ValueError:
        return last
    return len(data)


def _judgement(verdict: str) -> Judgement:
    try:
        return Judgement(verdict)
    except ValueError:
        raise QuestionError(f"no verdict {verdict!r}; one of {', '.join(Judgement)}") from None


def _checked(what: str, text: str) -> str:
    text = text.encode("utf-8", "replace").decode("utf-8").strip()
    if len(text) > LONGEST:
        raise QuestionError(
            f"the {what} has {len(text):,} characters, at most {LONGEST:,} are kept; shorten it"
        )
    return text


def _feedback(line: Line) -> Feedback:
    verdict = line.text("verdict")
    if verdict not in set(Judgement):
        raise LoadError(f"{line.place}: 'verdict' is {' or '.join(Judgement)}, not {verdict!r}")
    row: dict[str, Any] = dict(line.row)
    if row.get("mode") not in set(Mode):
        raise LoadError(f"{line.place}: 'mode' is {' or '.join(Mode)}, not {row.get('mode')!r}")
    try:
        cited = tuple(Cited(**one) for one in row["cited"])
        scope: dict[str, Any] = {
            k: tuple(v) if isinstance(v, list) else v for k, v in row["filter"].items()
        }
        rest = {key: str(row[key]) for key in _TEXTS}
        return Feedback(
            id=line.text("_id"),
            question=line.text("question"),
            verdict=Judgement(verdict),
            cited=cited,
            filter=Filter(**scope),
            **rest,
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise LoadError(
            f"{line.place} is no feedback ({type(error).__name__}: {error}); delete the line"
        ) from error


_TEXTS = ("reason", "expected", "mode", "outcome", "text", "build", "time")
