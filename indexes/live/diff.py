"""What two builds of one index differ in: their documents, and what they answer."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

from rag.assemble import Rag
from rag.evaluate.feedback import shown
from rag.index.catalog import Entry
from rag.index.layout import IndexFolder
from rag.index.whole import checked_catalog
from rag.pipeline import Pipeline
from rag.settings import Settings
from rag.types import Answer


@dataclass(frozen=True, slots=True)
class Changed:
    """A document that two builds hold differently."""

    what: str
    """added, removed, changed or renamed."""
    source: str
    was: str = ""
    """Its name in the first build, if it was renamed."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A question that two builds answer differently."""

    question: str
    before: str
    now: str
    sources_before: tuple[str, ...]
    sources_now: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Diff:
    """Everything that differs between build `a` and build `b`."""

    a: str
    b: str
    documents: tuple[Changed, ...]
    asked: int
    answers: tuple[Answered, ...]

    def to_dict(self) -> dict[str, object]:
        """Return plain values, ready for JSON."""
        return asdict(self)


def documents_between(folder: IndexFolder, a: str, b: str) -> tuple[Changed, ...]:
    """Return which documents were added, removed, changed and renamed from build a to b.

    Raises:
        IndexDamaged: If one of the builds is not whole, or is gone.
    """
    old, new = (_by_source(checked_catalog(folder.build(build)).entries) for build in (a, b))
    return tuple(sorted(_changes(old, new), key=lambda change: change.source))


def answers_between(
    before: Pipeline, now: Pipeline, questions: Sequence[str]
) -> tuple[Answered, ...]:
    """Return the questions that two pipelines answer with other words."""
    found: list[Answered] = []
    for question in questions:
        old, new = before.ask(question), now.ask(question)
        if (old.outcome, shown(old)) != (new.outcome, shown(new)):
            found.append(Answered(question, _text(old), _text(new), _sources(old), _sources(new)))
    return tuple(found)


def diff(settings: Settings, a: str, b: str, questions: Sequence[str]) -> Diff:
    """Return what differs between builds `a` and `b` of the index that `settings` names.

    Raises:
        IndexNotFound: If there is no such build.
        IndexDamaged: If one of them is not whole.
    """
    folder = IndexFolder.named(settings.indexes, settings.index)
    documents = documents_between(folder, a, b)
    if not questions:
        return Diff(a, b, documents, 0, ())
    with (
        Rag.open(settings=settings, build=a) as before,
        before.reopened(settings=settings, build=b) as now,
    ):
        return Diff(a, b, documents, len(questions), answers_between(before, now, questions))


def _changes(old: Mapping[str, Entry], new: Mapping[str, Entry]) -> Iterator[Changed]:
    gone: dict[str, list[str]] = {}
    for source, entry in old.items():
        if source not in new:
            gone.setdefault(entry.revision, []).append(source)
    for source, entry in new.items():
        if source in old:
            if old[source].revision != entry.revision:
                yield Changed("changed", source)
        elif gone.get(entry.revision):
            yield Changed("renamed", source, gone[entry.revision].pop())
        else:
            yield Changed("added", source)
    for sources in gone.values():
        yield from (Changed("removed", source) for source in sources)


def _by_source(entries: Sequence[Entry]) -> dict[str, Entry]:
    return {name: entry for entry in entries for name in (entry.source, *entry.also)}


def _text(answer: Answer) -> str:
    return shown(answer) or answer.text


def _sources(answer: Answer) -> tuple[str, ...]:
    return tuple(dict.fromkeys(citation.source for citation in answer.citations))
