"""Run a plan: read, build, ask, and turn what was answered into figures."""

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace

from rag.evaluate.answers import Pair, abstention, answers
from rag.evaluate.asking import Asker, check_covers
from rag.evaluate.attacks.run import measure_attacks
from rag.evaluate.bootstrap import Figure
from rag.evaluate.citations import Scores, scored, summed_up
from rag.evaluate.claims import BATCH, Judged, claims, judged
from rag.evaluate.conflict import conflict, poison
from rag.evaluate.datasets import Claimed, Question, QuestionSet, half, read_claims, sampled
from rag.evaluate.hallucination import hallucination
from rag.evaluate.index import Built, build_once, code_digest
from rag.evaluate.judge import Agreement, Judge, agreement
from rag.evaluate.lab import Figures, Lab, Result, nested
from rag.evaluate.plan import (
    OF_ANSWERS,
    OF_JUDGE,
    TASKS,
    Material,
    Plan,
    chosen_tasks,
    read_material,
)
from rag.evaluate.record import Journal, Record, Told
from rag.evaluate.replay import replay_feedback
from rag.evaluate.retrieval import ranked, retrieval
from rag.evaluate.rows import claim_row, rows_of
from rag.evaluate.speed import speed
from rag.ingest import Progress
from rag.pipeline import Pipeline

__all__ = ["Figures", "Lab", "Result", "evaluate", "nested"]


def evaluate(plan: Plan, lab: Lab, progress: Progress) -> Result:
    """Return the figures of `plan`; an interrupt ends it early with what is done.

    Raises:
        SettingsError: If a task is unknown or cannot run on this set.
        LoadError: If the set is not what its format says.
    """
    started = time.perf_counter()
    if plan.feedback:
        result = replay_feedback(plan, lab, progress)
        result.seconds = time.perf_counter() - started
        return result
    material = read_material(plan.folder)
    tasks = chosen_tasks(plan, material)
    result = Result(plan, material.name, _sha256(material), tasks)
    try:
        if material.questions is not None and set(tasks) - {"claims", "injection"}:
            _measure_questions(material.questions, lab, progress, result)
        if "claims" in tasks and not result.partial:
            _measure_claims(material.claims, lab, progress, result)
        if "injection" in tasks and not result.partial:
            measure_attacks(material.attacks, lab, progress, result)
    except KeyboardInterrupt:
        result.partial = True
    order = {task: place for place, task in enumerate(TASKS)}
    result.figures = dict(
        sorted(result.figures.items(), key=lambda item: order[item[0].split(".")[0]])
    )
    result.seconds = time.perf_counter() - started
    return result


def _measure_questions(
    questions: QuestionSet, lab: Lab, progress: Progress, result: Result
) -> None:
    plan, built = result.plan, None
    lab.folder.mkdir(parents=True, exist_ok=True)
    if plan.index is None:
        with lab.ingester() as ingester:
            built = build_once(questions, ingester, lab.folder, progress, fresh=plan.fresh)
    result.index = built.name if built else plan.index
    pipeline = lab.open(result.index or "")
    try:
        if plan.index is not None:
            check_covers(pipeline, questions, plan.index)
        chosen = sampled(questions.questions, split=plan.split, limit=plan.limit, seed=plan.seed)
        records = _ask_all(chosen, questions, pipeline, lab, progress, result)
        result.questions = len(records)
        asked = [question for question in chosen if question.id in records]
        done = _Done(asked, [records[q.id] for q in asked], questions, pipeline, built)
        _figure_out(done, lab, progress, result)
    finally:
        pipeline.snapshot.close()


def _ask_all(
    chosen: Sequence[Question],
    questions: QuestionSet,
    pipeline: Pipeline,
    lab: Lab,
    progress: Progress,
    result: Result,
) -> dict[str, Record]:
    """Return the records of the chosen questions, asking those that no earlier run asked."""
    plan, deep = result.plan, bool(OF_ANSWERS & set(result.tasks))
    gate = pipeline.calibrations.get(plan.mode)
    result.calibration = "" if gate is None else _short(repr(gate))
    about = (code_digest("rag"), dict(lab.about), result.calibration)
    name = _short(repr((questions.sha256, pipeline.snapshot.build, about, deep)))
    journal = Journal(lab.folder / f"{name}-{plan.mode.value}.jsonl", fresh=plan.fresh)
    asker = Asker(pipeline, questions, plan.mode, answers=deep)
    pipeline.embedder.embed_queries(["warm"])  # what loads on first use is not the question's time
    done: dict[str, Record] = {}
    try:
        for number, question in enumerate(chosen, 1):
            if question.id not in journal.known:
                journal.add(asker.ask(question))
            done[question.id] = journal.known[question.id]
            progress("ask", number, len(chosen), question.text)
    except KeyboardInterrupt:
        result.partial = True
    return done


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class _Done:
    """Everything the tasks on questions read."""

    questions: Sequence[Question]
    records: Sequence[Record]
    set: QuestionSet
    pipeline: Pipeline
    built: Built | None

    @property
    def told(self) -> list[Told]:
        return [record.told for record in self.records if record.told is not None]

    @property
    def pairs(self) -> list[Pair]:
        return [
            (question, record.told)
            for question, record in zip(self.questions, self.records, strict=True)
            if record.told is not None
        ]


def _figure_out(done: _Done, lab: Lab, progress: Progress, result: Result) -> None:
    ranks = ranked(done.set.qrels, done.records) if "retrieval" in result.tasks else {}
    simple: dict[str, Callable[[], Figures]] = {
        "retrieval": lambda: retrieval(ranks),
        "answers": lambda: answers(done.pairs),
        "abstention": lambda: abstention(done.pairs),
        "conflict": lambda: conflict(done.pairs),
        "poison": lambda: poison(done.pairs),
        "speed": lambda: speed(done.records, done.built),
    }
    for task, measure in simple.items():
        if task in result.tasks:
            result.figures |= measure()
    scores: dict[str, Scores | None] = {}
    if OF_JUDGE & set(result.tasks):
        judge = lab.judge(done.pipeline.embedder)
        progress("judge", 0, 1, judge.name)
        result.figures |= _by_judge(done, judge, lab, result, scores)
        progress("judge", 1, 1, judge.name)
    result.rows += rows_of(done.questions, done.records, done.set.qrels, ranks, scores)


def _by_judge(
    done: _Done, judge: Judge, lab: Lab, result: Result, scores: dict[str, Scores | None]
) -> Figures:
    """Return the figures of `judge`, and note in `scores` what it gave each answer."""
    figures: Figures = {}
    if "citations" in result.tasks:
        found = scored(done.told, judge)
        scores |= zip((r.id for r in done.records if r.told is not None), found, strict=True)
        figures |= summed_up(done.told, found)
    if "hallucination" in result.tasks:
        figures |= hallucination(done.told, judge)
    trust = _trust(judge, list(_trial(result.plan)), lab)
    return {
        key: figure if key == "citations.quote_fidelity" else _with(figure, trust)
        for key, figure in figures.items()
    }


def _with(figure: Figure, trust: Agreement) -> Figure:
    return replace(figure, notes=trust.to_dict())


def _trust(judge: Judge, items: Sequence[Claimed], lab: Lab) -> Agreement:
    """Return the agreement of `judge` with people, worked out once for the same claims."""
    key = (judge.name, items, code_digest("rag.evaluate"), dict(lab.about))
    name = hashlib.sha256(repr(key).encode()).hexdigest()[:16]
    path = lab.folder / f"judge-{name}.json"
    if path.exists():
        return Agreement(**json.loads(path.read_text(encoding="utf-8")))
    found = agreement(judge, items)
    path.write_text(json.dumps(asdict(found)), encoding="utf-8")
    return found


def _trial(plan: Plan) -> Iterator[Claimed]:
    """Yield the report halves of the claim sets a judge is tried on: it was fitted on the rest."""
    for path in plan.claims:
        yield from (item for item in read_claims(path) if half(item.id) == "report")


def _measure_claims(items: Sequence[Claimed], lab: Lab, progress: Progress, result: Result) -> None:
    plan = result.plan
    chosen = sampled(items, split=plan.split, limit=plan.limit, seed=plan.seed)
    verifier = lab.verifier(lab.embedder())
    scores: list[Judged] = []
    try:
        for start in range(0, len(chosen), BATCH):
            batch = chosen[start : start + BATCH]
            scores += judged(batch, verifier, floor=lab.support_floor)
            progress("claims", len(scores), len(chosen), "")
    except KeyboardInterrupt:
        result.partial = True
    result.questions += len(scores)
    done = chosen[: len(scores)]
    result.figures |= claims(done, scores, floor=lab.support_floor)
    result.rows += [
        claim_row(item, score, floor=lab.support_floor)
        for item, score in zip(done, scores, strict=True)
    ]


def _sha256(material: Material) -> str:
    if material.questions is not None:
        return material.questions.sha256
    rows: list[tuple[object, ...]] = [
        (i.id, i.claim, i.evidence, i.supported) for i in material.claims
    ]
    rows += [(a.id, a.text, a.kind, a.family) for a in material.attacks]
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()
