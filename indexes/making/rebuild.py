"""Make an index again from its recipe: the whole offline path of the shelf, in one screen.

    gather -> plan -> guard -> read -> drop, expire -> embed -> build -> check -> gate -> publish

One process holds the index from begin to end. What is read and embedded is kept at once, so a
run that was killed goes on where it stopped; questions are answered from the live build until
the last step but one puts a new name into one file.
"""

import time
from collections.abc import Callable, Collection, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace

from indexes.making.check import check_build
from indexes.making.gate import GateReport, has_questions, pass_gate
from indexes.making.gather import Gathered, gather, gone_at_once
from indexes.making.outlook import Outlook, outlook
from indexes.making.record import recorded
from indexes.making.report import RebuildReport
from indexes.making.retention import expire
from indexes.recipe import Recipe
from rag.assemble import Rag, make_ingester
from rag.errors import IndexDamaged, IndexFault, LoadError, RagError, RecipeError
from rag.index.build import answering_build, live_build, publish
from rag.index.journal import RunOutcome, begin_run, publications, runs
from rag.index.layout import IndexFolder
from rag.index.ledger import Ledger, hold_generation
from rag.index.manifest import Manifest
from rag.index.mirror import clear_mirrors
from rag.index.pruning import prune
from rag.index.whole import checked_build
from rag.ingest import Ingester, Progress
from rag.pipeline import Pipeline
from rag.reports import FileReport
from rag.settings import Settings


def open_build(settings: Settings, build: str | None, like: Pipeline | None = None) -> Pipeline:
    """Return a pipeline over a build, the live one if None, with the models of `like`."""
    if isinstance(like, Rag):
        return like.reopened(settings=settings, build=build)
    return Rag.open(settings=settings, build=build)


@dataclass(frozen=True, slots=True)
class Parts:
    """What a rebuild takes from the library; `dataclasses.replace` puts in something else."""

    ingester: Callable[[Settings], Ingester] = make_ingester
    open: Callable[[Settings, str | None, Pipeline | None], Pipeline] = open_build


def settings_of(recipe: Recipe, settings: Settings) -> Settings:
    """Return `settings` as the recipe's index is made and opened with them."""
    return replace(settings.with_values(recipe.settings), index=recipe.name)


def rebuild(  # noqa: PLR0913  (each by name, and all but two seldom given)
    recipe: Recipe,
    settings: Settings,
    *,
    progress: Progress,
    why: str = "person",
    due: str = "",
    accept_gone: Collection[str] = (),
    force: bool = False,
    parts: Parts = Parts(),
) -> RebuildReport:
    """Bring the index of `recipe` up to date and make it live, if it passes its gate.

    Args:
        recipe: How it is made.
        settings: The whole tree; the recipe's own settings go before it.
        progress: Told how far each stage is.
        why: person, schedule or watch.
        due: The occurrence of the schedule it is for; of several that ask, one gets it.
        accept_gone: Sources of which it is right that most or all has gone; the index's own name
            stands for what is in no source of the recipe.
        force: Whether the new build goes live whatever the gate says.
        parts: What reads files and answers questions.

    Raises:
        IndexBusy: If somebody else writes to the index, or `due` was run before.
        SourceVanished: If most of a source has gone at once; nothing was changed.
        LoadError: If there is nothing to read.
        IndexDamaged: If the new build is not whole; it did not go live.
        DiskFull: If there is no room; the live build is untouched.
    """
    _check_names(recipe, accept_gone)
    settings = settings_of(recipe, settings)
    with (
        parts.ingester(settings) as ingester,
        Ledger.open(ingester.folder, create=True) as ledger,
        ledger.writing(),
    ):
        number = begin_run(ledger, why, due)
        with recorded(ledger, number) as ended:
            work = _Work(recipe, settings, parts, ingester, ledger, progress, force=force)
            report = work.run(accept_gone=accept_gone)
            ended(report)
    return report


def _check_names(recipe: Recipe, accepted: Collection[str]) -> None:
    known = [*(source.name for source in recipe.sources), recipe.name]
    if unknown := sorted(set(accepted) - set(known)):
        raise RecipeError(
            f"recipe {recipe.name!r} has no source {unknown[0]!r}; its sources and itself are "
            f"{', '.join(known)}"
        )


def plan_only(
    recipe: Recipe, settings: Settings, progress: Progress, parts: Parts = Parts()
) -> Outlook:
    """Return what a rebuild would do; mirrors are brought up to date, nothing else changes.

    Raises:
        IndexBusy: If somebody else writes to the index.
        SourceVanished: If the rebuild would stop, since most of a source has gone.
    """
    with (
        parts.ingester(settings_of(recipe, settings)) as ingester,
        Ledger.open(ingester.folder, create=True) as ledger,
        ledger.writing(),
    ):
        gathered = gather(recipe, ingester.folder, progress)
        plan = ingester.plan(ledger, gathered.items, gathered.is_gone, progress)
        gone_at_once(recipe, gathered, plan, first=not runs(ingester.folder, 1))
        return outlook(plan, gathered.notes, ledger.counts(), runs(ingester.folder))


_ENDED_WELL = {RunOutcome.PUBLISHED, RunOutcome.UNCHANGED, RunOutcome.REFUSED}


@dataclass
class _Work:
    """One rebuild under way."""

    recipe: Recipe
    settings: Settings
    parts: Parts
    ingester: Ingester
    ledger: Ledger
    progress: Progress
    force: bool
    started: float = field(default_factory=time.perf_counter)

    @property
    def folder(self) -> IndexFolder:
        return self.ingester.folder

    def run(self, *, accept_gone: Collection[str]) -> RebuildReport:
        ledger, progress = self.ledger, self.progress
        gathered = gather(self.recipe, self.folder, progress)
        plan = self.ingester.plan(ledger, gathered.items, gathered.is_gone, progress)
        first = len(runs(self.folder, 2)) == 1  # this one
        gone_at_once(self.recipe, gathered, plan, accepted=accept_gone, first=first)
        files = self.ingester.read(ledger, plan, progress)
        self.ingester.drop(ledger, plan.to_drop)
        expired = expire(ledger, self.settings.home, self.recipe.retention.days)
        if not ledger.counts().chunks:
            raise LoadError(_nothing(self.recipe, files, gathered))
        before = time.perf_counter()
        embedded, _ = self.ingester.embed(ledger, progress)
        embed_seconds = time.perf_counter() - before
        manifest, made = self._build()
        gate = None
        if made:
            check_build(self.folder, ledger, manifest.build)
            if has_questions(self.recipe.gate, self.folder):
                gate = self._gate(manifest)
        outcome, note = self._publish(manifest, gate, made=made)
        if gathered.unreached:
            note += f" Not reached: {', '.join(gathered.unreached)}; what they held stays."
        removed = self._prune() if made or self._left_over() else []
        clear_mirrors(self.folder.mirrors, {source.name for source in self.recipe.sources})
        return RebuildReport(
            self.recipe.name,
            outcome,
            plan,
            files,
            gathered.notes,
            manifest.build,
            manifest.counts["documents"],
            manifest.counts["chunks"],
            embedded,
            embed_seconds,
            gate,
            expired,
            tuple(removed),
            round(time.perf_counter() - self.started, 3),
            note,
        )

    def _build(self) -> tuple[Manifest, bool]:
        """Return a build of what the ledger holds now, and whether it may have to go live.

        The live one will do if nothing changed, and so will one that an interrupted or
        refused run has left.
        """
        live = _live(self.folder)
        if live is not None and (self._is_current(live) or self._held()):
            return live, not _is_named(self.folder, live.build)
        for build in reversed(self.folder.build_ids()):
            try:
                manifest = checked_build(self.folder.build(build))
            except IndexFault:
                continue
            if self._is_current(manifest):
                return manifest, True
        return self.ingester.build(self.ledger, self.progress), True

    def _is_current(self, manifest: Manifest) -> bool:
        return (
            manifest.generation == self.ledger.generation()
            and manifest.embedder.fingerprint == self.ingester.embedder.fingerprint
            and manifest.splitter == self.ingester.splitter.fingerprint
        )

    def _gate(self, manifest: Manifest) -> GateReport:
        """Ask the live and the new build the recipe's questions."""
        settings = self.settings  # each build is asked through the embedder that made it
        settings = replace(settings, embedder=replace(settings.embedder, model=""))
        with ExitStack() as opened:
            candidate = self.parts.open(settings, manifest.build, None)
            opened.callback(candidate.snapshot.close)
            live = self._open_live(settings, candidate)
            if live is not None:
                opened.callback(live.snapshot.close)
            return pass_gate(self.recipe.gate, self.folder, live, candidate, self.progress)

    def _open_live(self, settings: Settings, candidate: Pipeline) -> Pipeline | None:
        """Return the build in use, or None if there is none that can be asked."""
        if _live(self.folder) is None:
            return None
        try:
            return self.parts.open(settings, None, candidate)
        except RagError:
            if self.force:  # a person said that the new one goes live whatever it answers
                return None
            raise

    def _publish(
        self, manifest: Manifest, gate: GateReport | None, *, made: bool
    ) -> tuple[RunOutcome, str]:
        build = manifest.build
        if not made and self._held():
            return RunOutcome.UNCHANGED, (
                f"Build {build} was made live by hand and nothing changed since; "
                f"`rag rebuild {self.recipe.name} --force` takes the newest documents, whatever "
                "the gate says."
            )
        if not made:
            return RunOutcome.UNCHANGED, "Nothing changed; the live build stays."
        refused = gate is not None and not gate.passed
        if gate is not None and refused and not self.force:
            stays = "The one before stays" if publications(self.folder) else "None is live yet"
            return RunOutcome.REFUSED, (
                f"Build {build} was not made live: {gate.why} {stays}; "
                f"`rag publish {self.recipe.name} {build} --force` overrules that."
            )
        publish(self.folder, build, forced=refused)
        with self.ledger.transaction() as db:
            hold_generation(db, held=False)
        self.progress("publish", 1, 1, build)
        return RunOutcome.PUBLISHED, f"Build {build} is live."

    def _prune(self) -> list[str]:
        return prune(self.folder, keep=self.recipe.retention.builds)

    def _left_over(self) -> bool:
        """Return whether an earlier run may have left something to clear away."""
        more = len(self.folder.build_ids()) > self.recipe.retention.builds
        before = runs(self.folder, 2)[1:]  # the first is this one
        return more or any(run.outcome not in _ENDED_WELL for run in before)

    def _held(self) -> bool:
        """Return whether a person put another build in the place of the newest."""
        return not self.force and self.ledger.is_held()


def _live(folder: IndexFolder) -> Manifest | None:
    """Return the manifest of the build that answers if it is whole."""
    try:
        build = answering_build(folder)
        return None if build is None else checked_build(folder.build(build))
    except IndexDamaged:
        return None


def _is_named(folder: IndexFolder, build: str) -> bool:
    """Return whether LIVE names `build`; if it is damaged or gone, it has to be written anew."""
    try:
        return live_build(folder) == build
    except IndexDamaged:
        return False


def _nothing(recipe: Recipe, files: Sequence[FileReport], gathered: Gathered) -> str:
    unread = [f"{file.source}: {file.reason}" for file in files if file.reason]
    why = "; ".join([*gathered.missing.values(), *gathered.notes, *unread][:3])
    count = len(recipe.sources)
    return (
        f"nothing could be read from the {count} source{'' if count == 1 else 's'} of recipe "
        f"{recipe.name!r}" + (f" ({why})" if why else "") + "; check its paths and patterns"
    )
