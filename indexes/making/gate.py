"""May a new build go live? Not if it answers worse than the one it would replace.

Both builds are asked the same questions: what people judged (`rag feedback`), what the
calibration asks, and the smoke questions of the recipe. A smoke question that was right must
stay right; of all questions together no more than a stated share may be lost. A question whose
documents have all gone is no reason to refuse, and is named apart.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field

from indexes.recipe import Gate, Smoke
from rag.calibrate.outcomes import Asked, judged
from rag.calibrate.questions.given import given
from rag.errors import QuestionError
from rag.evaluate.feedback import Feedback, read, shown
from rag.evaluate.metrics import contains
from rag.evaluate.replay import amiss
from rag.index.catalog import Entry
from rag.index.layout import IndexFolder
from rag.index.snapshot import FolderSnapshot
from rag.ingest import Progress
from rag.pipeline import Pipeline
from rag.types import Answer, Mode, Outcome

_MOST = 200
"""Calibration questions asked; the same ones every time."""


@dataclass(frozen=True, slots=True)
class Probe:
    """A question whose right answer is known."""

    kind: str
    """smoke, feedback or calibration."""
    text: str
    judge: Smoke | Feedback | Asked


@dataclass(frozen=True, slots=True)
class Broken:
    """A question that the live build gets right and the new one does not."""

    kind: str
    question: str
    why: str
    before: str
    now: str


@dataclass(frozen=True, slots=True)
class GateReport:
    """What came of the comparison."""

    passed: bool
    why: str
    """One sentence."""
    asked: int
    right_before: int
    right_now: int
    margin: float
    broken: tuple[Broken, ...] = ()
    retired: tuple[Broken, ...] = ()
    """Broken because their documents have gone."""
    still: tuple[Broken, ...] = ()
    """Smoke questions that neither build gets right."""

    def to_dict(self) -> dict[str, object]:
        """Return plain values, ready for JSON."""
        return asdict(self)


@dataclass
class _Tally:
    asked: int = 0
    before: int = 0
    now: int = 0
    broken: list[Broken] = field(default_factory=list[Broken])
    retired: list[Broken] = field(default_factory=list[Broken])
    still: list[Broken] = field(default_factory=list[Broken])


def has_questions(gate: Gate, folder: IndexFolder) -> bool:
    """Return whether there is anything to ask, so that no build is opened in vain."""
    judged = gate.feedback and folder.feedback.exists()
    return bool(gate.smoke or judged or (gate.calibration and folder.made_questions.exists()))


def pass_gate(
    gate: Gate,
    folder: IndexFolder,
    live: Pipeline | None,
    candidate: Pipeline,
    progress: Progress,
) -> GateReport:
    """Ask both builds every question and say whether the new one may go live.

    Args:
        gate: The recipe's.
        folder: The index, for its feedback and calibration questions.
        live: A pipeline over the build in use; None if there is none yet, and then the smoke
            questions alone decide.
        candidate: A pipeline over the new build.
        progress: Told ("gate", done, total, question).

    Raises:
        LoadError: If the feedback or the calibration questions cannot be read.
    """
    probes = list(_probes(gate, folder, live))
    tally = _Tally()
    for done, probe in enumerate(probes, 1):
        _compare(probe, live, candidate, tally)
        progress("gate", done, len(probes), probe.text)
    lost = tally.before - tally.now if live is not None else len(tally.broken)
    smoke = sum(one.kind == "smoke" for one in tally.broken)
    share = lost / tally.asked if tally.asked else 0.0
    passed = not smoke and share <= gate.margin
    return GateReport(
        passed,
        _why(tally, smoke, share, gate.margin, first=live is None),
        tally.asked,
        tally.before,
        tally.now,
        gate.margin,
        tuple(tally.broken),
        tuple(tally.retired),
        tuple(tally.still),
    )


def _why(tally: _Tally, smoke: int, share: float, margin: float, *, first: bool) -> str:
    if not tally.asked:
        return "There was no question to ask; add smoke questions to the recipe or use feedback."
    if smoke:
        return f"{smoke} smoke question{' is' if smoke == 1 else 's are'} not answered rightly."
    if share > margin:
        return (
            f"{tally.now} of {tally.asked} questions are answered rightly, {tally.before} were "
            f"before: that is worse by {share:.1%}, and the margin is {margin:.1%}."
        )
    before = "" if first else f", {tally.before} before"
    return f"{tally.now} of {tally.asked} questions are answered rightly{before}."


def _probes(gate: Gate, folder: IndexFolder, live: Pipeline | None) -> Iterator[Probe]:
    for smoke in gate.smoke:
        yield Probe("smoke", smoke.question, smoke)
    if live is None:
        return
    if gate.feedback:
        for one in read(folder):
            yield Probe("feedback", one.question, one)
    if gate.calibration and folder.made_questions.exists():
        documents = [entry.id for entry in _entries(live)]
        questions, _ = given(folder.made_questions, documents)
        for asked in sorted(questions, key=_by_chance)[:_MOST]:
            yield Probe("calibration", asked.question.text, asked)


def _by_chance(asked: Asked) -> bytes:
    """Return a key that draws questions by chance, the same ones every time."""
    return hashlib.sha256(asked.question.id.encode()).digest()


def _compare(probe: Probe, live: Pipeline | None, candidate: Pipeline, tally: _Tally) -> None:
    new, why = _ask(probe, candidate)
    if live is None:
        old, before = None, None
    else:
        old, before = _ask(probe, live)
    if before is None and why is not None:
        broken = Broken(probe.kind, probe.text, why, _said(old), _said(new))
        if old is not None and _gone(old, candidate):
            tally.retired.append(broken)
            return
        tally.broken.append(broken)
    elif why is not None and probe.kind == "smoke":
        tally.still.append(Broken(probe.kind, probe.text, why, _said(old), _said(new)))
    tally.asked += 1
    tally.before += before is None
    tally.now += why is None


def _ask(probe: Probe, pipeline: Pipeline) -> tuple[Answer | None, str | None]:
    """Return the answer, and in words what is wrong with it; None if nothing is."""
    judge = probe.judge
    try:
        match judge:
            case Smoke():
                answer = pipeline.ask(judge.question)
                return answer, _smoke_amiss(judge, answer)
            case Feedback():
                answer = pipeline.ask(judge.question, mode=judge.mode, filter_=judge.filter)
                return answer, amiss(judge, answer)
            case Asked():
                answer = pipeline.ask(
                    judge.question.text, mode=Mode.EXTRACTIVE, filter_=judge.within
                )
                return answer, _calibration_amiss(judge, answer)
    except QuestionError as error:
        return None, f"it can no longer be asked: {error}"


def _smoke_amiss(smoke: Smoke, answer: Answer) -> str | None:
    abstained = answer.outcome is Outcome.ABSTAINED
    if smoke.abstains:
        return None if abstained else "it is answered, and should not be"
    if abstained:
        return "it is not answered"
    if smoke.expect and not contains(shown(answer), [smoke.expect]):
        return f"the answer does not say {smoke.expect!r}"
    return None


def _calibration_amiss(asked: Asked, answer: Answer) -> str | None:
    outcome = judged(asked, answer)
    if outcome.answered and outcome.wrong:
        return "the answer is wrong"
    if asked.question.answerable and not outcome.answered:
        return "it is not answered"
    return None


def _gone(answer: Answer, candidate: Pipeline) -> bool:
    """Return whether every document the answer cites has left the new build."""
    held = {name for entry in _entries(candidate) for name in (entry.id, entry.revision)}
    cited = [(citation.document_id, citation.revision) for citation in answer.citations]
    return bool(cited) and not any(set(names) & held for names in cited)


def _entries(pipeline: Pipeline) -> Sequence[Entry]:
    snapshot = pipeline.snapshot
    return snapshot.entries if isinstance(snapshot, FolderSnapshot) else ()


def _said(answer: Answer | None) -> str:
    return "" if answer is None else shown(answer)
