"""Opening the ledger: refused, damaged, locked, killed, full, and read while it is written."""

import sqlite3
import subprocess
import sys
import threading

import pytest

from rag.errors import (
    DiskFull,
    IndexBusy,
    IndexDamaged,
    IndexMismatch,
    IndexNotFound,
)
from rag.index.layout import IndexFolder
from rag.index.ledger import Ledger
from tests.index.material import index_of, put


def test_a_missing_index_names_those_there_are_and_the_way_to_make_one(tmp_path):
    Ledger.open(IndexFolder.named(tmp_path, "contracts"), create=True).close()

    with pytest.raises(IndexNotFound, match=r"'letters'.*contracts.*rag ingest"):
        Ledger.open(IndexFolder.named(tmp_path, "letters"))

    assert not (tmp_path / "letters").exists()


def test_a_ledger_of_a_newer_version_is_refused(folder, ledger):
    ledger.close()
    with sqlite3.connect(folder.ledger) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()

    with pytest.raises(IndexMismatch, match="newer Quotewell"):
        Ledger.open(folder)


def test_a_file_that_is_no_ledger_is_named_as_damaged(folder):
    folder.root.mkdir(parents=True)
    folder.ledger.write_bytes(b"not a database at all, but long enough " * 50)

    with pytest.raises(IndexDamaged, match=r"ledger\.sqlite.*rag ingest"):
        Ledger.open(folder)


def test_an_ingest_killed_before_its_first_table_is_no_index_yet(folder):
    folder.root.mkdir(parents=True)
    folder.ledger.write_bytes(b"")

    with pytest.raises(IndexNotFound, match=r"did not finish.*rag ingest"):
        Ledger.open(folder)


def test_a_ledger_that_lost_its_content_is_not_begun_again_beside_its_builds(folder):
    index_of(folder, {"/a.txt": "text"})
    for beside in folder.root.glob("ledger.sqlite-*"):
        beside.unlink()
    folder.ledger.write_bytes(b"")

    with pytest.raises(IndexDamaged, match="restore it from a backup"):
        Ledger.open(folder, create=True)


def test_what_sqlite_quotes_of_a_broken_schema_need_not_be_text(folder):
    index_of(folder, {"/a.txt": "text"})
    data = folder.ledger.read_bytes()
    assert data.count(b"CREATE TABLE lease") == 1
    folder.ledger.write_bytes(data.replace(b"CREATE TABLE lease", b"CREATE \xffABLE lease"))

    with pytest.raises(IndexDamaged, match="backup"):
        Ledger.open(folder)


def test_an_ingest_killed_before_its_first_table_can_be_run_again(folder):
    folder.root.mkdir(parents=True)
    folder.ledger.write_bytes(b"")

    with Ledger.open(folder, create=True) as ledger:
        put(ledger, "/a.txt", "text")

        assert ledger.counts().documents == 1


def test_a_database_of_another_program_is_left_alone(folder):
    folder.root.mkdir(parents=True)
    with sqlite3.connect(folder.ledger) as db:
        db.execute("CREATE TABLE theirs (x)")
    db.close()

    with pytest.raises(IndexDamaged, match="holds no ledger"):
        Ledger.open(folder, create=True)


def test_a_broken_page_is_named_as_damaged(ledger, folder):
    for i in range(40):
        put(ledger, f"/{i}.txt", f"some text {i} " * 200)
    ledger.close()
    data = bytearray(folder.ledger.read_bytes())
    for page in range(4096, len(data), 4096):
        data[page : page + 200] = b"\xa5" * 200
    folder.ledger.write_bytes(data)

    with Ledger.open(folder) as broken, pytest.raises(IndexDamaged, match="damaged"):
        broken.sources()


def test_a_full_disk_is_said_and_changes_nothing(ledger):
    put(ledger, "/a.txt", "fits")
    pages = ledger._db.execute("PRAGMA page_count").fetchone()[0]
    ledger._db.execute(f"PRAGMA max_page_count = {pages + 2}")

    with pytest.raises(DiskFull, match="no room"):
        put(ledger, "/b.txt", "does not fit " * 5000)

    assert [row.source for row in ledger.sources()] == ["a.txt"]
    put(ledger, "/c.txt", "fits too")


def test_a_second_writer_in_another_thread_is_turned_away_at_once(ledger, folder):
    seen = []

    def write():
        try:
            put(ledger, "/b.txt", "text")
        except IndexBusy as error:
            seen.append(str(error))

    with ledger.writing():
        put(ledger, "/a.txt", "the holder may write")
        thread = threading.Thread(target=write)
        thread.start()
        thread.join()

    assert "being written to" in seen[0]
    put(ledger, "/b.txt", "free again")


def test_a_writer_that_is_killed_leaves_the_index_free(ledger, folder):
    script = (
        "import sys; from pathlib import Path; from rag.index.layout import IndexFolder\n"
        "from rag.index.lock import writer_lock\n"
        "with writer_lock(IndexFolder(Path(sys.argv[1]))):\n"
        "    print('held', flush=True); sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(folder.root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(IndexBusy), ledger.writing():
            pass
        other.kill()

    put(ledger, "/a.txt", "free")


def test_many_threads_may_read_while_one_writes(ledger):
    put(ledger, "/a.txt", "one\ntwo")
    failed = []

    def read():
        for _ in range(100):
            text = ledger.find_document("a.txt").text
            if text not in {"one\ntwo", "three"}:
                failed.append(text)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for i in range(20):
        put(ledger, "/a.txt", "three" if i % 2 else "one\ntwo")
    for thread in threads:
        thread.join()

    assert failed == []
