"""Which build is live, when a person says so: publish by hand, and roll back."""

from rag.errors import IndexDamaged, IndexNotFound, QuestionError
from rag.index.build import live_build, publish
from rag.index.journal import RunOutcome, begin_run, end_run, publications, runs
from rag.index.layout import IndexFolder
from rag.index.ledger import Ledger, hold_generation
from rag.index.whole import checked_build, read_manifest

_ALL = 1_000_000


def publish_by_hand(folder: IndexFolder, build: str, *, force: bool = False) -> None:
    """Make `build` live, after checking that it is whole.

    Raises:
        IndexNotFound: If there is no such build, or if the gate refused it and `force` is not
            given.
        IndexDamaged: If a file of it is missing or altered.
        IndexBusy: If somebody else writes to the index.
        QuestionError: If a forget was interrupted and has to be finished first.
    """
    if build not in folder.build_ids():
        there = ", ".join(folder.build_ids()) or "none"
        raise IndexNotFound(f"no build {build!r} of index {folder.name!r}; there are: {there}")
    checked_build(folder.build(build))
    was_live = build in {entry.build for entry in publications(folder)}
    if not was_live and not force and build in _refused(folder):
        raise IndexNotFound(
            f"build {build} was refused by the gate (see `rag history {folder.name}`); "
            f"overrule it with: rag publish {folder.name} {build} --force"
        )
    with Ledger.open(folder) as ledger, ledger.writing():
        if folder.forgetting.exists():  # `build` may hold what is being forgotten
            raise QuestionError(
                f"a forget in index {folder.name!r} was interrupted, and build {build} may hold "
                f"what was to be forgotten; finish it first with: rag forget --resume "
                f"-i {folder.name}"
            )
        number = begin_run(ledger, "person")
        publish(folder, build, forced=force)
        older = read_manifest(folder.build(build)).generation != ledger.generation()
        with ledger.transaction() as db:
            hold_generation(db, held=older)
        again, refused = "again " if was_live else "", build in _refused(folder)
        overruled = ", against the gate" if refused and not was_live else ""
        note = f"Build {build} was made live {again}by hand{overruled}."
        end_run(ledger, number, RunOutcome.PUBLISHED, build=build, note=note)


def rollback(folder: IndexFolder, build: str | None = None) -> str:
    """Make the build that was live before the present one, or `build`, live again.

    Returns:
        The id of the build that is live now.

    Raises:
        IndexNotFound: If there is no such build, or none before is left.
        IndexDamaged: If a file of it is missing or altered.
        IndexBusy: If somebody else writes to the index.
        QuestionError: If a forget was interrupted and has to be finished first.
    """
    if build is None:
        build = _before(folder)
    publish_by_hand(folder, build)
    return build


def _before(folder: IndexFolder) -> str:
    """Return the newest build on disk that is older than the live one and was live once."""
    try:
        live = live_build(folder)
    except IndexDamaged:
        live = None
    here = set(folder.build_ids())
    were_live = {entry.build for entry in publications(folder)} & here
    older = [build for build in were_live if live is None or build < live]
    if older:
        return max(older)
    newer = ", ".join(sorted(were_live - {live})) or "none"
    raise IndexNotFound(
        f"index {folder.name!r} has no build on disk that was live before {live}; newer ones: "
        f"{newer} (name one to go back to it). A recipe's retention.builds says how many are kept"
    )


def _refused(folder: IndexFolder) -> set[str]:
    return {run.build for run in runs(folder, _ALL) if run.outcome is RunOutcome.REFUSED}
