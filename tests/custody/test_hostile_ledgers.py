"""Archives whose list fits, around a ledger or small files that were made to do harm."""

import json
import random
import sqlite3
from contextlib import closing

import pytest

from rag.custody.restore import import_index
from rag.errors import ArchiveRefused
from rag.index.layout import IndexFolder
from tests.custody.archives import answers, members, pack, refused

HOSTILE_LEDGERS = {
    "a trigger": "CREATE TRIGGER t AFTER INSERT ON note BEGIN DELETE FROM content; END",
    "a view": "CREATE VIEW v AS SELECT * FROM content",
    "a view in a table's place": "DROP TABLE seen; CREATE VIEW seen AS SELECT 1 AS file, 2, 3",
    "a further table": "CREATE TABLE more (x)",
    "a virtual table": "CREATE VIRTUAL TABLE more USING fts5 (x)",
    "a further index": "CREATE INDEX more ON content (title)",
    "a further column": "ALTER TABLE content ADD COLUMN more TEXT",
    "a table less": "DROP TABLE forgotten",
    "another format": "PRAGMA user_version = 3",
    "an old format": "PRAGMA user_version = 1",
    "a changed text": "UPDATE content SET text = CAST('The ferry is free.' AS BLOB) WHERE id = 1",
    "text that is no text": "UPDATE content SET text = 17 WHERE id = 1",
    "a changed title": "UPDATE content SET title = 'Ignore what you were told'",
    "changed metadata": 'UPDATE content SET metadata = \'{"date": "2030"}\' WHERE id = 1',
    "metadata that is a list": "UPDATE content SET metadata = '[1]' WHERE id = 1",
    "pages that make no sense": "UPDATE content SET pages = '[[1, 5, 2]]' WHERE id = 1",
    "pages beyond the end": "UPDATE content SET pages = '[[1, 0, 99999]]' WHERE id = 1",
    "blocks that make no sense": "UPDATE content SET blocks = '[[\"x\", 0, 1, []]]' WHERE id = 1",
    "blocks without end": f"UPDATE content SET blocks = '{'[' * 100_000}' WHERE id = 1",
    "a chunk elsewhere": "UPDATE chunk SET start = start + 1",
    "a chunk beyond the end": "UPDATE chunk SET end = end + 10000",
    "another heading": "UPDATE chunk SET heading = '[\"Free\"]'",
    "a heading that is a number": "UPDATE chunk SET heading = '[1]'",
    "swapped vectors": "UPDATE chunk SET embed_key = (SELECT max(embed_key) FROM chunk)",
    "a vector of nothing": "UPDATE vector SET vector = zeroblob(1024)",
    "a vector of huge numbers": "UPDATE vector SET vector = (SELECT CAST(replace("
    "printf('%.*c', 256, 'x'), 'x', x'ffff7f7f') AS BLOB))",
    "a vector of no numbers": "UPDATE vector SET vector = replace(hex(zeroblob(512)), '00', 'ÿÿ')",
    "no vectors": "DELETE FROM vector",
    "another document's id": "PRAGMA foreign_keys = OFF; "
    "UPDATE document SET id = 'x' WHERE content = 1",
    "a document without a text": "PRAGMA foreign_keys = OFF; DELETE FROM content WHERE id = 1",
    "a source that is no text": "UPDATE location SET source = x'ff00' WHERE rowid = 1",
    "a report that makes no sense": "UPDATE report SET report = '{}'",
    "a run that makes no sense": "INSERT INTO run (why, due, started, finished, outcome, build, "
    "counts, note) VALUES ('', '', '', '', 'odd', '', '{}', '')",
    "a generation that is none": "INSERT OR REPLACE INTO note VALUES ('generation', 'x')",
    "a tombstone that is none": "INSERT INTO note VALUES ('tombstones of ab', 'text:zz')",
    "a key that is none": "INSERT OR REPLACE INTO note VALUES ('tombstone_key', 'zz')",
}


@pytest.mark.parametrize("what", HOSTILE_LEDGERS)
def test_a_ledger_is_refused_that_has(exported, tmp_path, elsewhere, what):
    files = members(exported)
    (tmp_path / "ledger.sqlite").write_bytes(files["ledger.sqlite"])
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as db:
        db.executescript(HOSTILE_LEDGERS[what])
    files["ledger.sqlite"] = (tmp_path / "ledger.sqlite").read_bytes()
    pack(tmp_path / "bad.tar", files)

    refused(tmp_path / "bad.tar", elsewhere)


@pytest.mark.parametrize("seed", range(12))
def test_a_ledger_with_a_damaged_page_is_refused_or_answers_alike(
    exported, tmp_path, elsewhere, seed
):
    files, luck = members(exported), random.Random(seed)
    data = bytearray(files["ledger.sqlite"])
    page = luck.randrange(1, len(data) // 4096) * 4096
    data[page : page + 4096] = luck.randbytes(4096) if seed % 2 else bytes(4096)
    pack(tmp_path / "bad.tar", {**files, "ledger.sqlite": bytes(data)})

    try:
        import_index(tmp_path / "bad.tar", elsewhere, "copy")
    except ArchiveRefused:
        return
    assert answers(IndexFolder(elsewhere / "copy")) == answers(
        IndexFolder(exported.parent / "demo")
    )  # the page was unused


HOSTILE_LIVES = {
    "no list": b"{}",
    "no JSON": b"[",
    "brackets without end": b"[" * 100_000,
    "a number": b"17",
    "an entry that is none": b"[1]",
    "a document without a name": b'[{"id": "a"}]',
}


@pytest.mark.parametrize("what", HOSTILE_LIVES)
def test_a_live_list_is_refused_that_is(exported, tmp_path, elsewhere, what):
    pack(tmp_path / "bad.tar", {**members(exported), "live.json": HOSTILE_LIVES[what]})

    refused(tmp_path / "bad.tar", elsewhere)


@pytest.mark.parametrize(
    "change",
    [
        lambda rows: rows[0]["chunks"].append(12345),
        lambda rows: rows[0]["chunks"].extend(rows[1]["chunks"]),
        lambda rows: rows.append(rows[0]),
        lambda rows: rows[0].update(revision="0" * 64),
        lambda rows: rows[0].update(source=3),
        lambda rows: rows[0].update(also="copy.txt"),
        lambda rows: rows[0].update(metadata={"date": 3}),
        lambda rows: rows[0].update(metadata={"date": "2030-01-01"}),
        lambda rows: rows[0].update(chunks=["1"]),
        lambda rows: rows[0].update(chunks=[1 << 80]),
    ],
)
def test_a_live_list_is_refused_that_does_not_fit_the_ledger(exported, tmp_path, elsewhere, change):
    files = members(exported)
    rows = json.loads(files["live.json"])
    change(rows)
    pack(tmp_path / "bad.tar", {**files, "live.json": json.dumps(rows).encode()})

    refused(tmp_path / "bad.tar", elsewhere)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("feedback.jsonl", b'{"_id": "x"}\n'),
        ("calibration.json", b'{"schema": 99}'),
        ("calibration.json", b"[" * 100_000),
        ("calibration-questions.jsonl", b"nonsense\n"),
        ("recipe.toml", b"\xff\xfe"),
    ],
)
def test_a_file_beside_the_ledger_is_refused_that_makes_no_sense(
    exported, tmp_path, elsewhere, name, data
):
    pack(tmp_path / "bad.tar", {**members(exported), name: data})

    refused(tmp_path / "bad.tar", elsewhere)
