"""A ledger and builds of the release before go on answering, and become living ones."""

import json
import sqlite3
from contextlib import closing

from rag.index import schema
from rag.index.journal import publications, runs
from rag.index.ledger import Ledger
from rag.index.reading import open_reader
from tests.index.material import build_and_publish, index_of, opened, put

_ADDED = ("lease", "run", "publication", "seen", "forgotten")


def downgrade(folder, made):
    """Make an index as format 1 was."""
    with closing(sqlite3.connect(folder.ledger)) as db:
        for table in _ADDED:
            db.execute(f"DROP TABLE {table}")
        db.execute("DELETE FROM note WHERE key = 'generation'")
        db.execute("PRAGMA user_version = 1")
        db.commit()
    path = folder.build(made.build) / "manifest.json"
    values = json.loads(path.read_text()) | {"format": 1}
    del values["sha256"], values["generation"], values["embedder"]["model"]
    path.write_text(json.dumps(values, indent=1))


def test_an_index_of_format_1_is_read_without_being_changed(folder):
    downgrade(folder, index_of(folder, {"/a.txt": "apples"}))
    before = folder.ledger.read_bytes()

    snapshot = opened(folder)
    with open_reader(folder) as reader:
        held = [row.source for row in reader.sources()]

    assert len(snapshot) == 1
    assert held == ["a.txt"]
    assert runs(folder) == publications(folder) == []
    assert folder.ledger.read_bytes() == before
    snapshot.close()


def test_writing_to_an_index_of_format_1_makes_it_format_2_and_keeps_everything(folder):
    first = index_of(folder, {"/a.txt": "apples", "/b.txt": "plums"})
    downgrade(folder, first)

    with Ledger.open(folder) as ledger:
        put(ledger, "/a.txt", "pears")
        second = build_and_publish(folder, ledger)
        assert [row.source for row in ledger.sources()] == ["a.txt", "b.txt"]

    with closing(sqlite3.connect(folder.ledger)) as db:
        assert schema.format_of(db) == schema.VERSION
        tables = {row[0] for row in db.execute("SELECT name FROM sqlite_master")}
        assert tables >= set(_ADDED)
    # What was live before the upgrade is known as the build to fall back to.
    assert [p.build for p in publications(folder)] == [second.build, first.build]
