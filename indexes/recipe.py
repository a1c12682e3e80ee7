"""A recipe: how one index is made, as a TOML file that is checked when it is read.

    guard = 0.5                      where documents come from: one [[source]] each
    [[source]]                       how they are read and cut: [ingest] [split] [embedder]
    kind = "folder"                  when: [schedule]        how long kept: [retention]
    name = "contracts"               what must still be answered: [gate], [[gate.smoke]]
    paths = ["~/contracts"]

The file's name is the index's name. A recipe holds no secret, only the names of
environment variables that do.
"""

import tomllib
import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cronsim import CronSim, CronSimError

from indexes.keys import REQUIRED, At, bad, check_names, describe, key, read_table
from indexes.sources import KINDS, Source
from rag.errors import RecipeError, SettingsError
from rag.index.layout import IndexFolder
from rag.settings import Settings

_SHELF = Path(__file__).parent / "recipes"
_SECTIONS = ("ingest", "split", "embedder")
_PATTERNS = ("include", "exclude")
_READS_FILES = {"folder", "git", "remote"}
"""Kinds of source that take their patterns from [ingest] unless they have their own."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """When the index is made again by itself."""

    cron: str = key("", "minute, hour, day, month and weekday, as in crontab; empty for never")
    zone: str = key("UTC", "time zone the cron expression is meant in, such as `Europe/Berlin`")
    watch: bool = key(False, "whether a change in a folder of this machine starts a rebuild")
    debounce_s: float = key(
        2.0, "seconds a watched folder must be at rest before that", low=0.1, high=3600
    )

    def __post_init__(self) -> None:
        """Refuse an expression that means nothing, never, or no zone."""
        try:
            zone = zoneinfo.ZoneInfo(self.zone)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            raise bad("zone", "an IANA time zone such as Europe/Berlin", self.zone) from None
        if not self.cron and not self.watch:
            raise bad("cron", "an expression, or watch = true", self.cron)
        if self.cron:
            self._check_cron(zone)

    def _check_cron(self, zone: zoneinfo.ZoneInfo) -> None:
        allowed = "5 fields as in crontab, such as '30 6 * * 1-5'"
        if len(self.cron.split()) != 5:  # the library would take a sixth, for seconds
            raise bad("cron", allowed, self.cron)
        try:
            next(CronSim(self.cron, datetime.now(UTC).astimezone(zone)))
        except CronSimError as error:
            raise bad("cron", f"{allowed} ({error})", self.cron) from None
        except StopIteration:
            raise bad("cron", "an expression that some day matches", self.cron) from None


@dataclass(frozen=True, slots=True)
class Retention:
    """How much of the past is kept."""

    builds: int = key(3, "builds kept, the live one among them", low=1, high=1000)
    days: int | None = key(
        None, "age at which documents are forgotten; left out, they stay", low=1, high=36_500
    )


@dataclass(frozen=True, slots=True)
class Smoke:
    """A question that must stay right: no build goes live that loses it."""

    question: str = key(REQUIRED, "the question")
    expect: str = key("", "words that must be in the answer; empty takes any answer")
    abstains: bool = key(False, "whether the right answer is that the documents do not say")

    def __post_init__(self) -> None:
        """Refuse an empty question, and one with two answers."""
        if not self.question.strip():
            raise bad("question", "a question", self.question)
        if self.abstains and self.expect:
            raise bad("expect", "left out when abstains = true", self.expect)


@dataclass(frozen=True, slots=True)
class Gate:
    """What a new build must not get worse at."""

    margin: float = key(
        0.02, "share of questions that may break before a build is refused", low=0, high=1
    )
    feedback: bool = key(True, "whether answers that people judged are asked again")
    calibration: bool = key(True, "whether the questions of `rag calibrate` are asked again")
    smoke: tuple[Smoke, ...] = ()


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one index is made."""

    name: str
    """Of the recipe and of the index."""
    path: Path
    """The file it was read from."""
    sources: tuple[Source, ...]
    settings: Mapping[str, object] = field(default_factory=dict)
    """Dotted overrides for `Settings.load`: `ingest.*`, `split.*`, `embedder.*`."""
    schedule: Schedule | None = None
    retention: Retention = Retention()
    gate: Gate = Gate()
    guard: float = 0.5
    """Largest share of a source's documents that may vanish at once, 0 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Top:
    """The keys above all tables."""

    guard: float = key(
        0.5,
        "largest share of a source that may vanish at once before a person is asked",
        low=0,
        high=1,
    )


def read_recipe(path: Path) -> Recipe:
    """Read and check the recipe in the file `path`.

    Raises:
        RecipeError: Naming the file, the key, its value and what is allowed.
    """
    at = At(path)
    name = _index_name(path)
    tree = _tree(path)
    tables = {"source", "schedule", "retention", "gate", *_SECTIONS}
    top = [key for key, _, _ in describe(_Top)]
    check_names(tree, {*top, *tables}, at)
    settings = _settings(tree, at)
    schedule = _table(tree, "schedule", at)
    return Recipe(
        name,
        path,
        _sources(tree, settings, at),
        settings,
        read_table(Schedule, schedule, At(path, "[schedule]")) if "schedule" in tree else None,
        read_table(Retention, _table(tree, "retention", at), At(path, "[retention]")),
        _gate(_table(tree, "gate", at), path),
        read_table(_Top, {k: v for k, v in tree.items() if k in top}, at).guard,
    )


def find_recipe(name: str, settings: Settings) -> Recipe:
    """Read the recipe `name`: a path that ends in .toml, or a name on one of the shelves.

    The shelves are `<home>/recipes` and, below it, the recipes that come with the package.

    Raises:
        RecipeError: If there is none, or it is wrong.
    """
    if name.endswith(".toml"):
        return read_recipe(Path(name))
    for path in _on_shelves(settings):
        if path.stem == name:
            return read_recipe(path)
    known = ", ".join(path.stem for path in _on_shelves(settings)) or "none"
    raise RecipeError(
        f"no recipe {name!r}; known are {known}; write {_own_shelf(settings) / 'NAME.toml'}, "
        "or give the path of a file that ends in .toml"
    )


def all_recipes(settings: Settings) -> list[Recipe | RecipeError]:
    """Read every recipe on the shelves, by name; what is wrong with one hides no other."""
    found: list[Recipe | RecipeError] = []
    for path in _on_shelves(settings):
        try:
            found.append(read_recipe(path))
        except RecipeError as error:
            found.append(error)
    return found


def describe_recipe() -> list[tuple[str, object, str]]:
    """Return (dotted key, default, help) of every key but the settings, for the documentation.

    A source's keys begin with its kind: `source.web.pages`.
    """
    kinds: list[tuple[str, type]] = [
        ("", _Top),
        *((f"source.{name}.", kind) for name, kind in KINDS.items()),
        ("schedule.", Schedule),
        ("retention.", Retention),
        ("gate.", Gate),
        ("gate.smoke.", Smoke),
    ]
    return [
        (f"{prefix}{name}", default, help_)
        for prefix, kind in kinds
        for name, default, help_ in describe(kind)
    ]


def _own_shelf(settings: Settings) -> Path:
    return settings.home / "recipes"


def _on_shelves(settings: Settings) -> list[Path]:
    """Return the files of all recipes, by name; your own come before the package's."""
    shelves = (_own_shelf(settings), _SHELF)
    files: dict[str, Path] = {}
    for shelf in shelves:
        for path in sorted(shelf.glob("*.toml")):
            files.setdefault(path.stem, path)
    return [files[name] for name in sorted(files)]


def _index_name(path: Path) -> str:
    try:
        return IndexFolder.named(Path(), path.stem).name
    except SettingsError as error:
        raise RecipeError(f"{path}: the file's name is the index's name, and {error}") from None


def _tree(path: Path) -> Mapping[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RecipeError(f"no recipe at {path}; create it or correct the path") from None
    except (OSError, ValueError, RecursionError) as error:
        raise RecipeError(f"cannot read the recipe {path}: {error}") from None


def _table(tree: Mapping[str, object], name: str, at: At) -> Mapping[str, object]:
    table = tree.get(name, {})
    if not isinstance(table, dict):
        raise at.error(str(bad(name, f"a table, as in [{name}]", table)))
    return table


def _tables(
    tree: Mapping[str, object], name: str, heading: str, at: At
) -> list[Mapping[str, object]]:
    tables = tree.get(name, [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise at.error(str(bad(name, f"a list of tables, as in [[{heading}]]", tables)))
    return tables


def _settings(tree: Mapping[str, object], at: At) -> dict[str, object]:
    """Return the settings the recipe overrides, checked by the settings themselves."""
    found = {
        f"{section}.{leaf}": tuple(value) if isinstance(value, list) else value
        for section in _SECTIONS
        for leaf, value in _table(tree, section, at).items()
    }
    try:
        Settings().with_values(found)
    except SettingsError as error:
        raise at.error(str(error)) from None
    return found


def _sources(
    tree: Mapping[str, object], settings: Mapping[str, object], at: At
) -> tuple[Source, ...]:
    tables = _tables(tree, "source", "source", at)
    if not tables:
        raise at.error("there is no [[source]]; say where the documents come from")
    sources: dict[str, Source] = {}
    for number, table in enumerate(tables, 1):
        here = At(at.file, f"[[source]] {number}")
        source = _source(table, settings, here)
        if source.name.casefold() in sources:
            raise here.error(str(bad("name", "another than that of a source above", source.name)))
        sources[source.name.casefold()] = source
    return tuple(sources.values())


def _source(table: Mapping[str, object], settings: Mapping[str, object], at: At) -> Source:
    kind = table.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise at.error(str(bad("kind", f"one of {', '.join(KINDS)}", kind)))
    values = {name: value for name, value in table.items() if name != "kind"}
    if kind in _READS_FILES:
        for name in _PATTERNS:
            if f"ingest.{name}" in settings:
                values.setdefault(name, settings[f"ingest.{name}"])
    source = read_table(KINDS[kind], values, at)
    try:
        IndexFolder.named(Path(), source.name)  # it becomes the name of a folder, too
    except SettingsError:
        allowed = "1 to 100 letters, digits, '-', '_' or '.', not starting with '.'"
        raise at.error(str(bad("name", allowed, source.name))) from None
    return source


def _gate(table: Mapping[str, object], path: Path) -> Gate:
    at = At(path, "[gate]")
    smoke = tuple(
        read_table(Smoke, question, At(path, f"[[gate.smoke]] {number}"))
        for number, question in enumerate(_tables(table, "smoke", "gate.smoke", at), 1)
    )
    plain = read_table(Gate, {k: v for k, v in table.items() if k != "smoke"}, at)
    return Gate(
        margin=plain.margin, feedback=plain.feedback, calibration=plain.calibration, smoke=smoke
    )
