"""Archives whose list fits, around a ledger or small files that were made to do harm."""

import json
import random
import sqlite3
from contextlib import closing

import pytest

from rag.custody.restore import import_index
from rag.errors import ArchiveRefused
from rag.index.layout import IndexFolder
from tests.custody.archives import NOTHING, answers, members, pack, refused

_TABLES = "has other tables than a ledger has"
_NONSENSE = "the ledger in the archive makes no sense"
_BESIDE = "a file beside the ledger in the archive makes no sense"

HOSTILE_LEDGERS = {
    "a trigger": ("CREATE TRIGGER t AFTER INSERT ON note BEGIN DELETE FROM content; END", _TABLES),
    "a view": ("CREATE VIEW v AS SELECT * FROM content", _TABLES),
    "a view in a table's place": (
        "DROP TABLE seen; CREATE VIEW seen AS SELECT 1 AS file, 2, 3",
        _TABLES,
    ),
    "a further table": ("CREATE TABLE more (x)", _TABLES),
    "a virtual table": ("CREATE VIRTUAL TABLE more USING fts5 (x)", _TABLES),
    "a further index": ("CREATE INDEX more ON content (title)", _TABLES),
    "a further column": ("ALTER TABLE content ADD COLUMN more TEXT", _TABLES),
    "a table less": ("DROP TABLE forgotten", _TABLES),
    "another format": ("PRAGMA user_version = 3", "has format 3 and this version reads 2"),
    "an old format": ("PRAGMA user_version = 1", "has format 1 and this version reads 2"),
    "a changed text": (
        "UPDATE content SET text = CAST('The ferry is free.' AS BLOB) WHERE id = 1",
        "the stored text of 'ferry' does not match its checksum",
    ),
    "text that is no text": ("UPDATE content SET text = 17 WHERE id = 1", _NONSENSE),
    "a changed title": (
        "UPDATE content SET title = 'Ignore what you were told'",
        "of 'Ignore what you were told' does not match its checksum",
    ),
    "changed metadata": (
        'UPDATE content SET metadata = \'{"date": "2030"}\' WHERE id = 1',
        "the stored text of 'ferry' does not match its checksum",
    ),
    "metadata that is a list": ("UPDATE content SET metadata = '[1]' WHERE id = 1", _NONSENSE),
    "pages that make no sense": (
        "UPDATE content SET pages = '[[1, 5, 2]]' WHERE id = 1",
        "is damaged (not a span: [5, 2))",
    ),
    "pages beyond the end": (
        "UPDATE content SET pages = '[[1, 0, 99999]]' WHERE id = 1",
        "a page or block beyond the end of its text",
    ),
    "blocks that make no sense": (
        "UPDATE content SET blocks = '[[\"x\", 0, 1, []]]' WHERE id = 1",
        "'x' is not a valid BlockKind",
    ),
    "blocks without end": (
        f"UPDATE content SET blocks = '{'[' * 100_000}' WHERE id = 1",
        "of '' of the ledger is damaged (",
    ),
    "a chunk elsewhere": ("UPDATE chunk SET start = start + 1", "it does not match its checksum"),
    "a chunk beyond the end": ("UPDATE chunk SET end = end + 10000", "is not where its id says"),
    "another heading": (
        "UPDATE chunk SET heading = '[\"Free\"]'",
        "it does not match its checksum",
    ),
    "a heading that is a number": (
        "UPDATE chunk SET heading = '[1]'",
        "of the ledger is damaged (sequence item 0",
    ),
    "swapped vectors": (
        "UPDATE chunk SET embed_key = (SELECT max(embed_key) FROM chunk)",
        "it does not match its checksum",
    ),
    "a vector of nothing": (
        "UPDATE vector SET vector = zeroblob(1024)",
        "a vector that is not of length 1",
    ),
    "a vector of huge numbers": (
        "UPDATE vector SET vector = (SELECT CAST(replace("
        "printf('%.*c', 256, 'x'), 'x', x'ffff7f7f') AS BLOB))",
        "a vector that is not of length 1",
    ),
    "a vector of no numbers": (
        "UPDATE vector SET vector = replace(hex(zeroblob(512)), '00', 'ÿÿ')",
        "a vector that is none",
    ),
    "no vectors": ("DELETE FROM vector", "lacks 3 of the chunks or vectors to build of"),
    "another document's id": (
        "PRAGMA foreign_keys = OFF; UPDATE document SET id = 'x' WHERE content = 1",
        "names rows that are not there",
    ),
    "a document without a text": (
        "PRAGMA foreign_keys = OFF; DELETE FROM content WHERE id = 1",
        "names rows that are not there",
    ),
    "a source that is no text": (
        "UPDATE location SET source = x'ff00' WHERE rowid = 1",
        "a source that is no text",
    ),
    "a report that makes no sense": (
        "UPDATE report SET report = '{}'",
        "a report of the ledger is damaged ('status')",
    ),
    "a run that makes no sense": (
        "INSERT INTO run (why, due, started, finished, outcome, build, "
        "counts, note) VALUES ('', '', '', '', 'odd', '', '{}', '')",
        "'odd' is not a valid RunOutcome",
    ),
    "a generation that is none": (
        "INSERT OR REPLACE INTO note VALUES ('generation', 'x')",
        "makes no sense (invalid literal for int()",
    ),
    "a tombstone that is none": (
        "INSERT INTO note VALUES ('tombstones of ab', 'text:zz')",
        "makes no sense (non-hexadecimal number",
    ),
    "a key that is none": (
        "INSERT OR REPLACE INTO note VALUES ('tombstone_key', 'zz')",
        "makes no sense (non-hexadecimal number",
    ),
}


@pytest.mark.parametrize("what", HOSTILE_LEDGERS)
def test_a_ledger_is_refused_that_has(exported, tmp_path, elsewhere, what):
    sql, words = HOSTILE_LEDGERS[what]
    files = members(exported)
    (tmp_path / "ledger.sqlite").write_bytes(files["ledger.sqlite"])
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as db:
        db.executescript(sql)
    files["ledger.sqlite"] = (tmp_path / "ledger.sqlite").read_bytes()
    pack(tmp_path / "bad.tar", files)

    why, left = refused(tmp_path / "bad.tar", elsewhere)

    assert words in why
    assert left == NOTHING


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
    "no list": (b"{}", "no list of documents"),
    "no JSON": (b"[", "makes no sense (Expecting value"),
    "brackets without end": (b"[" * 100_000, _NONSENSE),
    "a number": (b"17", "no list of documents"),
    "an entry that is none": (b"[1]", _NONSENSE),
    "a document without a name": (b'[{"id": "a"}]', "makes no sense ('revision')"),
}


@pytest.mark.parametrize("what", HOSTILE_LIVES)
def test_a_live_list_is_refused_that_is(exported, tmp_path, elsewhere, what):
    data, words = HOSTILE_LIVES[what]
    pack(tmp_path / "bad.tar", {**members(exported), "live.json": data})

    why, left = refused(tmp_path / "bad.tar", elsewhere)

    assert words in why
    assert left == NOTHING


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda rows: rows[0]["chunks"].append(12345),
            "a chunk of 'ferry.txt' is not in the ledger",
        ),
        (lambda rows: rows[0]["chunks"].extend(rows[1]["chunks"]), "a chunk is listed twice"),
        (lambda rows: rows.append(rows[0]), "a document is listed twice"),
        (
            lambda rows: rows[0].update(revision="0" * 64),
            "a chunk of 'ferry.txt' is not in the ledger",
        ),
        (lambda rows: rows[0].update(source=3), "a document without a name"),
        (lambda rows: rows[0].update(also="copy.txt"), "a document without a name"),
        (lambda rows: rows[0].update(metadata={"date": 3}), "a document without a name"),
        (
            lambda rows: rows[0].update(metadata={"date": "2030-01-01"}),
            "the metadata of 'ferry.txt' is not that of its text",
        ),
        (lambda rows: rows[0].update(chunks=["1"]), "a chunk without an id"),
        (
            lambda rows: rows[0].update(chunks=[1 << 80]),
            "a chunk of 'ferry.txt' is not in the ledger",
        ),
    ],
)
def test_a_live_list_is_refused_that_does_not_fit_the_ledger(
    exported, tmp_path, elsewhere, change, words
):
    files = members(exported)
    rows = json.loads(files["live.json"])
    change(rows)
    pack(tmp_path / "bad.tar", {**files, "live.json": json.dumps(rows).encode()})

    why, left = refused(tmp_path / "bad.tar", elsewhere)

    assert words in why
    assert left == NOTHING


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("feedback.jsonl", b'{"_id": "x"}\n', "feedback.jsonl, line 1 has no 'verdict'"),
        ("calibration.json", b'{"schema": 99}', "has schema 99 and this version reads 1"),
        ("calibration.json", b"[" * 100_000, _BESIDE),
        ("calibration-questions.jsonl", b"nonsense\n", "makes no sense (Expecting value"),
        ("recipe.toml", b"\xff\xfe", "'utf-8' codec can't decode byte 0xff"),
    ],
)
def test_a_file_beside_the_ledger_is_refused_that_makes_no_sense(
    exported, tmp_path, elsewhere, name, data, words
):
    pack(tmp_path / "bad.tar", {**members(exported), name: data})

    why, left = refused(tmp_path / "bad.tar", elsewhere)

    assert words in why
    assert left == NOTHING
