"""What is to be measured: which set, which tasks, which questions of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rag.errors import LoadError, SettingsError
from rag.evaluate.attacks.sets import Attack, read_attacks
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
    "injection",
    "speed",
    "feedback",
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
    into: Path | None = None
    """The question set whose documents an attack set is planted into; None for the sample."""
    feedback: bool = False
    """Replay what is kept in `folder`, which is that of `index`, instead of reading a set."""
    as_judged: bool = True
    """Replay each judgement in the mode it was made in; false for `mode`."""


@dataclass(frozen=True, slots=True)
class Material:
    """What a folder holds."""

    name: str
    questions: QuestionSet | None
    claims: Sequence[Claimed]
    attacks: Sequence[Attack] = ()


def read_material(folder: Path) -> Material:
    """Read the question set, the claim set and the attack set that lie in `folder`.

    Raises:
        LoadError: If there is none, or a file is not what its format says.
    """
    if not folder.is_dir():
        raise LoadError(f"no folder {folder}; name one that holds a set")
    has_claims = (folder / "claims.jsonl").exists()
    has_questions = (folder / "queries.jsonl").exists()
    has_attacks = (folder / "attacks.jsonl").exists()
    if not (has_claims or has_questions or has_attacks):
        raise LoadError(
            f"no queries.jsonl, no claims.jsonl and no attacks.jsonl in {folder}; "
            "a set has one of them"
        )
    return Material(
        folder.resolve().name,
        QuestionSet.read(folder) if has_questions else None,
        read_claims(folder) if has_claims else (),
        read_attacks(folder) if has_attacks else (),
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
    "feedback": "it takes no set; run: rag eval --feedback",
    "injection": "it needs an attack set (attacks.jsonl)",
    "hallucination": f"{_NO_QUESTIONS} and --mode generative",
    "retrieval": f"{_NO_QUESTIONS} with qrels/test.tsv",
}


def _able(plan: Plan, material: Material) -> dict[str, bool]:
    """Return the tasks that can run, true for those that have gold to be held against."""
    able = {"claims": True} if material.claims else {}
    able |= {"injection": True} if material.attacks else {}
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
