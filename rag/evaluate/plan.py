"""What is to be measured: which set, which tasks, which questions of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rag.errors import LoadError, SettingsError
from rag.evaluate.datasets import Claimed, QuestionSet, read_claims
from rag.types import Mode

TASKS = (
    "retrieval",
    "answers",
    "abstention",
    "citations",
    "claims",
    "hallucination",
    "conflict",
    "poison",
    "speed",
)
OF_ANSWERS = frozenset(
    ("answers", "abstention", "citations", "hallucination", "conflict", "poison")
)
"""Tasks that need every question answered, not only its documents ranked."""
OF_JUDGE = frozenset(("citations", "hallucination"))
"""Tasks whose figures come from a judge."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The options of one run."""

    folder: Path
    tasks: tuple[str, ...] = ()
    """Empty for every task the set has the files for."""
    mode: Mode = Mode.EXTRACTIVE
    split: str | None = None
    limit: int | None = None
    seed: int = 0
    index: str | None = None
    """An index that holds the corpus already; None to build one."""
    claims: tuple[Path, ...] = ()
    """Claim sets on which the judge's agreement is measured."""
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class Material:
    """What a folder holds."""

    name: str
    questions: QuestionSet | None
    claims: Sequence[Claimed]


def read_material(folder: Path) -> Material:
    """Read the question set, the claim set or both that lie in `folder`.

    Raises:
        LoadError: If there is neither, or a file is not what its format says.
    """
    if not folder.is_dir():
        raise LoadError(f"no folder {folder}; name one that holds a question set or a claim set")
    has_claims = (folder / "claims.jsonl").exists()
    has_questions = (folder / "queries.jsonl").exists()
    if not has_claims and not has_questions:
        raise LoadError(f"no queries.jsonl and no claims.jsonl in {folder}; a set has one of them")
    return Material(
        folder.resolve().name,
        QuestionSet.read(folder) if has_questions else None,
        read_claims(folder) if has_claims else (),
    )


def chosen_tasks(plan: Plan, material: Material) -> tuple[str, ...]:
    """Return the tasks to run: those asked for, or every one the set has something for.

    Raises:
        SettingsError: If a task is unknown, or the set lacks the files for it.
    """
    if unknown := [task for task in plan.tasks if task not in TASKS]:
        raise SettingsError(f"unknown task {unknown[0]!r}; known are {', '.join(TASKS)}")
    able = _able(plan, material)
    for task in plan.tasks:
        if able.get(task) is None:
            raise SettingsError(f"task {task!r} cannot run on {plan.folder}: {_LACKS[task]}")
    wanted = plan.tasks or [task for task, fits in able.items() if fits]
    return tuple(task for task in TASKS if task in wanted)


_NO_QUESTIONS = "it needs a question set (queries.jsonl)"
_LACKS = {
    **dict.fromkeys(TASKS, _NO_QUESTIONS),
    "claims": "it needs a claim set (claims.jsonl)",
    "hallucination": f"{_NO_QUESTIONS} and --mode generative",
    "retrieval": f"{_NO_QUESTIONS} with qrels/test.tsv",
}


def _able(plan: Plan, material: Material) -> dict[str, bool]:
    """Return the tasks that can run, true for those that have gold to be held against."""
    able = {"claims": True} if material.claims else {}
    if material.questions is None:
        return able
    asked, qrels = material.questions.questions, material.questions.qrels
    labelled = any(q.labelled for q in asked)
    lied_to = any(q.wrong_answers for q in asked)
    able |= {"answers": labelled, "abstention": labelled, "citations": labelled}
    able |= {"conflict": lied_to, "poison": lied_to, "speed": True}
    if qrels:
        able["retrieval"] = True
    if plan.mode is Mode.GENERATIVE:
        able["hallucination"] = labelled
    return able
