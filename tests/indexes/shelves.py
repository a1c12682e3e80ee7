"""Shelves for tests: real recipes, ledgers, builds and runs below a home folder."""

from datetime import UTC, datetime

from rag.index.journal import RunOutcome, begin_run, end_run
from rag.index.layout import IndexFolder
from rag.index.ledger import Ledger
from rag.settings import Settings
from tests.index.material import index_of

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
NIGHTLY = 'cron = "30 2 * * *"\nzone = "Europe/Berlin"'


def settings_at(home):
    return Settings.load(overrides={"home": str(home)})


def write_recipe(settings, name, schedule="", paths='["."]'):
    """Put a recipe on the shelf of `settings`, with `schedule` as its table."""
    shelf = settings.home / "recipes"
    shelf.mkdir(parents=True, exist_ok=True)
    table = f"[schedule]\n{schedule}\n" if schedule else ""
    path = shelf / f"{name}.toml"
    path.write_text(f'[[source]]\nkind = "folder"\nname = "docs"\npaths = {paths}\n{table}')
    return path


def make_index(settings, name, texts=None):
    """Build and publish an index; return its manifest."""
    folder = IndexFolder.named(settings.indexes, name)
    return index_of(folder, texts or {"/a.md": "Ferries sail.\nAt noon.", "/b.md": "Fares."})


def record(settings, name, outcome, *, due="", **ended):
    """Add a run to the ledger of index `name`; RUNNING leaves it without an end."""
    folder = IndexFolder.named(settings.indexes, name)
    with Ledger.open(folder, create=True) as ledger, ledger.writing():
        number = begin_run(ledger, "schedule", due)
        if outcome is not RunOutcome.RUNNING:
            end_run(ledger, number, outcome, **ended)
