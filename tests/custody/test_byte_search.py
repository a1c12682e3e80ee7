"""A search that must find every 48 bytes of a text, wherever they lie, and nothing else."""

import json
import os
import random
import sqlite3
from contextlib import closing

import pytest

from rag.custody.byte_search import BLOCK, search_folder
from rag.custody.prints import VECTOR_STRIDE, Finder, Prints, forms

WORDS = "harbour lock keeper tariff barge winter notice closed open signed crown receipt".split()


def prose(seed, words=400):
    chosen = random.Random(seed)
    return " ".join(chosen.choice(WORDS) + str(chosen.randrange(1000)) for _ in range(words))


@pytest.fixture
def secret():
    return prose(1).encode()


@pytest.fixture
def prints(secret):
    return Prints.of([secret])


def places(found):
    return [(hit.file, hit.place) for hit in found.hits]


@pytest.mark.parametrize("seed", range(25))
def test_any_48_bytes_of_a_text_are_found_at_any_offset(tmp_path, secret, prints, seed):
    chosen = random.Random(seed)
    start, offset = chosen.randrange(len(secret) - 48), chosen.randrange(5000)
    around = chosen.randbytes(offset), chosen.randbytes(chosen.randrange(100))
    (tmp_path / "file.bin").write_bytes(around[0] + secret[start : start + 48] + around[1])

    found = search_folder(tmp_path, prints)

    assert 1 <= found.found <= 2
    assert offset <= int(places(found)[0][1].removeprefix("byte ")) <= offset + 16


def test_nothing_is_found_in_random_bytes_and_in_another_text(tmp_path, prints):
    (tmp_path / "random.bin").write_bytes(random.Random(7).randbytes(3_000_000))
    (tmp_path / "other.txt").write_text(prose(2, 50_000))

    found = search_folder(tmp_path, prints)

    assert found.clean
    assert found.files == 2
    assert found.bytes == sum(path.stat().st_size for path in tmp_path.iterdir())


@pytest.mark.parametrize("before", [-47, -40, -24, -17, -1, 0])
def test_what_lies_across_the_edge_of_a_block_is_found_once(tmp_path, secret, prints, before):
    offset = BLOCK + before
    (tmp_path / "file.bin").write_bytes(bytes(offset) + secret[32:64] + bytes(3000))

    found = search_folder(tmp_path, prints)

    assert places(found) == [("file.bin", f"byte {offset}")]
    assert found.found == 1


def test_a_file_of_several_blocks_is_counted_to_the_byte(tmp_path, prints):
    (tmp_path / "long.bin").write_bytes(bytes(2 * BLOCK + 12345))

    assert search_folder(tmp_path, prints).bytes == 2 * BLOCK + 12345


@pytest.mark.parametrize("lead", range(3050, 3110, 6))
def test_text_in_a_row_is_found_though_the_edge_of_a_page_cuts_it(tmp_path, lead):
    secret = prose(3, 8).encode()[:48]
    with closing(sqlite3.connect(tmp_path / "kept.sqlite")) as db:
        db.execute("CREATE TABLE kept (value BLOB)")
        db.execute("INSERT INTO kept VALUES (?)", ((bytes(lead) + secret).ljust(7200, b"\0"),))
        db.commit()

    found = search_folder(tmp_path, Prints.of([secret]))

    whole = secret in (tmp_path / "kept.sqlite").read_bytes()
    assert found.hits[0].place.startswith("byte") or not whole
    assert whole or lead > 3055  # SQLite keeps 3,103 bytes of such a value on its first page
    assert {hit.file for hit in found.hits} == {"kept.sqlite"}


def test_text_in_a_write_ahead_log_is_found(tmp_path, secret, prints):
    with closing(sqlite3.connect(tmp_path / "log.sqlite", isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA wal_autocheckpoint = 0")
        db.execute("CREATE TABLE kept (value BLOB)")
        db.execute("INSERT INTO kept VALUES (?)", (secret[100:160],))
        db.execute("PRAGMA secure_delete = ON")
        db.execute("DELETE FROM kept")

        found = search_folder(tmp_path, prints)

    assert {hit.file for hit in found.hits} == {"log.sqlite-wal"}


@pytest.mark.parametrize("ascii_only", [True, False])
def test_any_48_bytes_of_a_text_as_json_are_found(tmp_path, ascii_only):
    text = prose(4, 30) + ' "Größe"\n\n' + prose(5, 30) + "\tمرحبا بالعالم\n" + prose(6, 30)
    prints = Prints.of(forms(text))
    data = json.dumps({"text": text}, ensure_ascii=ascii_only).encode()[9:-2]
    finder = Finder(prints)

    missed = [at for at in range(len(data) - 47) if not finder.find(data[at : at + 48])]

    assert missed == []


def test_what_documents_that_stay_hold_too_is_not_looked_for(tmp_path):
    shared = prose(8, 60)
    (tmp_path / "stays.txt").write_text("Another file.\n" + shared + "\nIts end.")
    prints = Prints.of([f"{prose(9, 60)}\n{shared}\n{prose(10, 60)}".encode()])

    left = prints.without([(tmp_path / "stays.txt").read_bytes()])

    assert search_folder(tmp_path, prints).found > 20
    assert search_folder(tmp_path, left).clean
    assert len(left) > len(prints) / 2


def test_a_ruled_line_and_blanks_are_no_evidence(tmp_path):
    line = b"| " + b"-" * 200 + b" |\n" + b" " * 300
    (tmp_path / "table.txt").write_bytes(line)

    assert len(Prints.of([line])) == 0


def test_part_of_an_embedding_is_found(tmp_path):
    vector = random.Random(3).randbytes(384 * 4)
    prints = Prints.of([], [vector])
    (tmp_path / "dense.bin").write_bytes(bytes(77) + vector[200 : 200 + 32 + VECTOR_STRIDE])

    assert search_folder(tmp_path, prints).found == 1


def test_fingerprints_are_the_same_after_writing_and_reading_them(prints, secret):
    read = Prints.from_dict(json.loads(json.dumps(prints.to_dict())))

    assert len(read) == len(prints) > 100
    assert Finder(read).find(secret) == Finder(prints).find(secret) != []


def test_fingerprints_hold_no_text_and_differ_by_their_salt(secret):
    first, second = Prints.of([secret]), Prints.of([secret])

    assert not set(first.sums.tolist()) & set(second.sums.tolist())
    assert Finder(second).find(json.dumps(first.to_dict()).encode()) == []


def test_links_are_followed_and_nothing_is_read_twice(tmp_path, secret, prints):
    home, disk = tmp_path / "home", tmp_path / "other disk"
    for folder in (home, disk):
        folder.mkdir()
    (disk / "kept.bin").write_bytes(secret)
    (home / "indexes").symlink_to(disk)
    (home / "again").symlink_to(disk / "kept.bin")
    (disk / "round").symlink_to(home)
    (home / "nothing").symlink_to(tmp_path / "absent")
    os.mkfifo(home / "pipe")

    found = search_folder(home, prints)

    assert (found.files, found.bytes) == (1, len(secret))
    assert found.found > 50
    assert found.unread == []


def test_a_file_that_cannot_be_read_is_named_and_the_search_is_not_clean(tmp_path, prints):
    (tmp_path / "broken.sqlite").write_bytes(b"SQLite format 3\0" + bytes(200))

    found = search_folder(tmp_path, prints)

    assert not found.clean
    assert found.unread[0].startswith("broken.sqlite: ")
