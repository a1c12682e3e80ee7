"""Plant the texts of an attack set, ask, and say what they did."""

import hashlib
import shutil
from collections.abc import Sequence

from rag.errors import SettingsError
from rag.evaluate.attacks.injection import Gardener, Trial, injection, trial_row, worst_first
from rag.evaluate.attacks.planting import Garden, documents_of, plantings
from rag.evaluate.attacks.sets import Attack
from rag.evaluate.datasets import QuestionSet, sampled
from rag.evaluate.index import Built, build_once, code_digest
from rag.evaluate.kept import Kept
from rag.evaluate.lab import Lab, Result
from rag.evaluate.plan import Plan
from rag.index.layout import IndexFolder
from rag.ingest import Progress


def measure_attacks(
    attacks: Sequence[Attack], lab: Lab, progress: Progress, result: Result
) -> None:
    """Add the figures and single results of an attack set to `result`.

    Raises:
        SettingsError: If the plan names an index, or there is no set to plant into.
    """
    plan = result.plan
    if plan.index is not None:
        raise SettingsError(
            "--index does not go with an attack set, whose texts are planted into copies; "
            "name a question set by --into"
        )
    garden, built = _grown(attacks, lab, progress, plan)
    result.index = built.name
    pipeline = lab.open(built.name)
    key = (
        built.name,
        pipeline.snapshot.build,
        code_digest("rag"),
        dict(lab.about),
        garden.into.sha256,
        [(a.id, a.kind.value, a.family) for a in (p.attack for p in garden.plantings)],
        sorted((mode.value, repr(one)) for mode, one in pipeline.calibrations.items()),
    )
    name = hashlib.sha256(repr(key).encode()).hexdigest()[:16]
    kept = Kept(lab.folder / f"{name}-planted-{plan.mode.value}.jsonl", fresh=plan.fresh)
    gardener = Gardener(garden, pipeline, plan.mode, kept)
    trials: list[Trial] = []
    try:
        for row, planting in enumerate(garden.plantings):
            trials.append(gardener.trial(row))
            progress("ask", len(trials), len(garden.plantings), planting.attack.text)
    except KeyboardInterrupt:
        result.partial = True
    finally:
        pipeline.snapshot.close()
    result.questions += len(trials)
    result.figures |= injection(trials)
    result.items["injection"] = worst_first(trials)
    result.rows += [trial_row(trial) for trial in trials]


def _grown(
    attacks: Sequence[Attack], lab: Lab, progress: Progress, plan: Plan
) -> tuple[Garden, Built]:
    """Return the plantings, and the index of the corpus with them in it."""
    into = QuestionSet.read(plan.into or lab.sample())
    lab.folder.mkdir(parents=True, exist_ok=True)
    with lab.ingester() as ingester:
        clean = build_once(into, ingester, lab.folder, progress, fresh=plan.fresh)
        pipeline = lab.open(clean.name)
        try:
            every = plantings(attacks, into, pipeline)
        finally:
            pipeline.snapshot.close()
        chosen = {
            attack.id
            for attack in sampled(attacks, split=plan.split, limit=plan.limit, seed=plan.seed)
        }
        documents = documents_of(IndexFolder.named(ingester.folder.root.parent, clean.name))
        garden = Garden(documents, [p for p in every if p.attack.id in chosen], into)
        corpus = garden.written(lab.folder)
        built = build_once(corpus, ingester, lab.folder, progress, fresh=plan.fresh)
    shutil.rmtree(corpus.folder)
    return garden, built
