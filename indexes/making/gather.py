"""All sources of a recipe together: what they hold, what has gone, and when to stop and ask."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from indexes.recipe import Recipe
from indexes.sources import Content, Folder, Git, Source
from rag.corpus.walk import Found
from rag.errors import SourceUnreachable, SourceVanished
from rag.index.layout import IndexFolder
from rag.ingest import Progress
from rag.plan import Plan
from rag.reports import FileReport

_LOCAL = (Folder, Git)
"""Sources that are on this machine: one that is not there is more likely not mounted than gone."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """What the sources of a recipe hold now."""

    items: tuple[Found | FileReport, ...]
    roots: Mapping[str, Path]
    """Below which folder the files of each source lie, by the source's name."""
    unreached: tuple[str, ...]
    """Names of sources that could not be reached; what they held stays."""
    missing: Mapping[str, str]
    """Why sources of this machine are not there, a sentence each, by their names."""
    notes: tuple[str, ...]

    def source_of(self, file: str) -> str | None:
        """Return the name of the source that a known file belongs to, or None."""
        path = Path(file)
        holding = [name for name, root in self.roots.items() if path.is_relative_to(root)]
        return max(holding, key=lambda name: len(self.roots[name].parts), default=None)

    def is_gone(self, file: str) -> bool:
        """Return whether a known file that was not found has gone.

        All have but those of a source that could not be reached.
        """
        return self.source_of(file) not in self.unreached


def gather(recipe: Recipe, folder: IndexFolder, progress: Progress) -> Gathered:
    """Bring the mirrors up to date and return what all sources hold; two may share a file."""
    items: dict[str, Found | FileReport] = {}
    roots: dict[str, Path] = {}
    unreached: list[str] = []
    missing: dict[str, str] = {}
    notes: list[str] = []
    for done, source in enumerate(recipe.sources):
        progress("gather", done, len(recipe.sources), source.name)
        mirror = folder.mirror(source.name)
        try:
            content = source.gather(mirror)
        except SourceUnreachable as error:
            content = Content((), _root(source, mirror))
            if isinstance(source, _LOCAL):
                missing[source.name] = str(error)
            else:
                unreached.append(source.name)
                notes.append(str(error))
        roots[source.name] = content.root
        notes += content.notes
        for item in content.items:
            key = str(item.path.absolute()) if isinstance(item, Found) else f"?{item.source}"
            items.setdefault(key, item)
    progress("gather", len(recipe.sources), len(recipe.sources), "")
    return Gathered(tuple(items.values()), roots, tuple(unreached), missing, tuple(notes))


def gone_at_once(
    recipe: Recipe,
    gathered: Gathered,
    plan: Plan,
    *,
    accepted: Collection[str] = (),
    first: bool = False,
) -> None:
    """Pass unless more than the recipe's guard of any source has gone.

    Taking a source out of the recipe says that it may go, unless it was most of the index. Of
    an index that was filled otherwise and is now made from a recipe for the `first` time,
    nothing goes unasked. What a person `accepted`, by the name of the source, may go.

    Raises:
        SourceVanished: Naming the source, how much of it has gone, and the two ways on.
    """
    for name, why in gathered.missing.items():
        if plan.known and name not in accepted:
            raise SourceVanished(
                f"{why} Nothing was changed; run the rebuild again when it is there, or with "
                f"--accept-gone {name} if it is right that it has gone"
            )
    if not plan.gone:
        return
    held = _count(gathered.source_of, plan.known) | {None: len(plan.known)}
    gone = _count(gathered.source_of, [one.file for one in plan.gone])
    for source, lost in gone.items():
        name = recipe.name if source is None else source
        guard = 0 if first and source is None else recipe.guard
        if lost > guard * held[source] and name not in accepted:
            raise SourceVanished(
                f"{lost} of {held[source]} files of {_gone_words(source, recipe.name)} Nothing was "
                "changed; run the rebuild again when they are back, or with --accept-gone "
                f"{name} if it is right so"
            )


def _gone_words(source: str | None, index: str) -> str:
    if source is None:
        return f"index {index!r} are in no source of the recipe."
    return f"source {source!r} have gone at once; is a drive not mounted?"


def _count(source_of: Callable[[str], str | None], files: Iterable[str]) -> dict[str | None, int]:
    counts: dict[str | None, int] = {}
    for file in files:
        name = source_of(file)
        counts[name] = counts.get(name, 0) + 1
    return counts


def _root(source: Source, mirror: Path) -> Path:
    return source.root if isinstance(source, Folder) else mirror
