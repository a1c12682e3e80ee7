"""After a forget nothing of a document is left in any file, and everything else is."""

import hashlib
import json
import sqlite3
from contextlib import closing
from datetime import date

import pytest

from rag.custody import forget as forgetting
from rag.custody.forget import forget
from rag.custody.prints import Finder, Prints
from rag.custody.seal import read_record
from rag.custody.targets import Wanted, chosen
from rag.errors import QuestionError
from rag.evaluate.feedback import add
from rag.index.build import live_build
from rag.index.journal import RunOutcome, begin_run, end_run, runs
from rag.index.ledger import Ledger
from rag.index.mirror import Mirror
from rag.index.reading import open_reader
from rag.index.tombstones import forgotten_on
from tests.custody.material import (
    SPLITTER,
    TEXTS,
    built,
    index_of,
    left_of,
    opened,
    prose,
    put,
    rows_of,
)


def test_a_forgotten_document_is_in_no_file_and_the_others_are_as_they_were(index, home):
    before = live_build(index)
    rag = opened(index)
    kept = rag.ask(TEXTS["notes/ben.txt"].splitlines()[0])
    rag.snapshot.close()
    assert left_of(home, TEXTS["notes/ada.txt"]).found

    done = forget(index, home, rows_of(index, "notes/ada.txt"))

    assert left_of(home, TEXTS["notes/ada.txt"]).clean
    assert done.search.clean
    assert done.search.files > 10
    assert done.before == before != done.after == live_build(index)
    assert index.build_ids() == [done.after]
    rag = opened(index)
    again = rag.ask(TEXTS["notes/ben.txt"].splitlines()[0])
    assert [c.quote for c in again.citations] == [c.quote for c in kept.citations] != []
    assert {e.source for e in rag.snapshot._catalog.entries} == set(TEXTS) - {"notes/ada.txt"}
    assert len(rag.snapshot) == rag.snapshot.manifest.counts["chunks"] > 3
    rag.snapshot.close()


def test_every_earlier_revision_goes_with_the_builds_that_held_it(index, home):
    second = prose("ada again")
    index_of(index, {"notes/ada.txt": second})
    third = prose("ada once more")
    index_of(index, {"notes/ada.txt": third})
    assert left_of(home, TEXTS["notes/ada.txt"]).found

    done = forget(index, home, rows_of(index, "notes/ada.txt"))

    assert left_of(home, TEXTS["notes/ada.txt"], second, third).clean
    assert done.cleaned["builds"] == 3
    prints = Prints.from_dict(read_record(done.report, forgetting.KIND)["prints"])
    for text in (TEXTS["notes/ada.txt"], second, third):
        assert len(Finder(prints).find(text.encode())) > 20


def test_a_build_that_never_held_it_stays(folder, home):
    first = index_of(folder, {name: TEXTS[name] for name in list(TEXTS)[1:]})
    index_of(folder, TEXTS)

    done = forget(folder, home, rows_of(folder, "notes/ada.txt"))

    assert folder.build_ids() == [first, done.after]
    assert left_of(home, TEXTS["notes/ada.txt"]).clean


def test_text_that_documents_share_stays_and_is_no_alarm(folder, home):
    shared = prose("clauses that everybody signs", 20)
    own = prose("of ada alone", 3)
    texts = {"ada.txt": f"{own}\n\n{shared}", "ben.txt": f"{shared}\n\n{prose('ben')}"}
    index_of(folder, texts)

    done = forget(folder, home, rows_of(folder, "ada.txt"))

    assert done.search.clean
    assert read_record(done.report, forgetting.KIND)["windows_shared"] > 20
    assert left_of(home, own).clean
    assert left_of(home, shared).found
    with open_reader(folder) as ledger:
        assert ledger.find_document("ben.txt").text == texts["ben.txt"]


def test_all_names_of_one_content_go_together(index, home):
    with Ledger.open(index) as ledger:
        put(ledger, "copies/ada.txt", TEXTS["notes/ada.txt"])
        built(ledger)
    (row,) = rows_of(index, "copies/ada.txt")
    assert {row.source, *row.aliases} == {"notes/ada.txt", "copies/ada.txt"} - {row.document_id}

    forget(index, home, [row])

    with open_reader(index) as ledger:
        assert {location.source for location in ledger.locations()} == set(TEXTS) - {
            "notes/ada.txt"
        }
    assert left_of(home, TEXTS["notes/ada.txt"]).clean


def test_quotes_in_feedback_questions_caches_mirrors_and_run_notes_go(index, home):
    secret, kept = TEXTS["notes/ada.txt"], TEXTS["notes/ben.txt"]
    rag = opened(index)
    for text in (secret, kept):
        add(index, rag.ask(text.splitlines()[0]), "right")
    rag.snapshot.close()
    lines = [
        json.dumps({"text": f"Who? {source}", "metadata": {"source": source}})
        for source in ("notes/ada.txt", "notes/ben.txt")
    ]
    index.made_questions.write_text("\n".join(lines) + "\n")
    cache = home / "eval" / "abc-extractive.jsonl"
    cache.parent.mkdir()
    cache.write_text("".join(json.dumps(["q", {"t": text}]) + "\n" for text in (kept, secret)))
    with Ledger.open(index) as ledger:
        number = begin_run(ledger, "person")
        end_run(ledger, number, RunOutcome.FAILED, note="notes/ada.txt could not be read")

    done = forget(index, home, rows_of(index, "notes/ada.txt"))

    assert done.search.clean
    assert (done.cleaned["feedback"], done.cleaned["made questions"]) == (1, 1)
    assert (done.cleaned["evaluation caches"], done.cleaned["run notes"]) == (1, 1)
    assert index.feedback.read_text().count("\n") == 1
    assert kept.splitlines()[0] in index.feedback.read_text()
    assert index.made_questions.read_text() == lines[1] + "\n"
    assert cache.read_text().count("\n") == 1
    assert runs(index)[0].note == ""


def test_a_mirrored_copy_goes_and_a_persons_own_file_stays(folder, home, tmp_path):
    def fetch():
        with Mirror(folder.mirror("site")) as mirror:
            text = TEXTS["notes/ada.txt"].encode()
            mirror.put("http://a.test/ada", "http://a.test/ada", ".txt", [text], {"etag": "1"})

    fetch()
    mirrored = Mirror(folder.mirror("site")).path("http://a.test/ada")
    own = tmp_path / "ada.txt"
    own.write_text(TEXTS["notes/dora.txt"])
    index_of(folder, TEXTS)
    with Ledger.open(folder) as ledger, ledger.transaction() as db:
        for source, path in (("notes/ada.txt", mirrored), ("notes/dora.txt", own)):
            query = "UPDATE location SET file = ? WHERE source = ?"
            db.execute(query, (str(path), source))

    done = forget(folder, home, rows_of(folder, "notes/ada.txt", "notes/dora.txt"))

    assert done.cleaned["mirrored files"] == 1
    assert done.search.clean
    assert not mirrored.exists()
    assert "a.test" not in (folder.mirror("site") / "state.json").read_text()
    fetch()
    assert not mirrored.exists()
    assert own.exists()


def test_the_file_and_its_bytes_are_remembered_as_forgotten(index, home):
    (row,) = rows_of(index, "notes/ada.txt")

    forget(index, home, [row])

    with open_reader(index) as ledger:
        assert forgotten_on(ledger, row.file, "")
        assert forgotten_on(ledger, "/elsewhere/copy.txt", _sha256(TEXTS["notes/ada.txt"]))
        assert forgotten_on(ledger, "/data/notes/ben.txt", "") is None


def _sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


def test_the_report_tells_what_was_done_and_holds_neither_name_nor_text(index, home):
    done = forget(index, home, rows_of(index, "notes/ada.txt"))

    data = done.report.read_text()
    report = read_record(done.report, forgetting.KIND)
    assert done.report.parent == index.root / "forgotten"
    assert report["build_before"] == done.before
    assert report["build_after"] == done.after
    assert report["cleaned"]["documents"] == 1
    assert report["search"]["files"] == done.search.files
    assert "ada" not in data
    assert not index.forgetting.exists()


def test_a_trace_in_an_unused_part_of_the_ledgers_file_is_compacted_away(index, home):
    spare = prose("ada", 30).encode()
    with closing(sqlite3.connect(index.ledger)) as db:  # without secure_delete
        db.execute("CREATE TABLE spare (value BLOB)")
        db.execute("INSERT INTO spare VALUES (?)", (TEXTS["notes/ada.txt"].encode() + spare,))
        db.commit()
        db.execute("PRAGMA secure_delete = OFF")
        db.execute("DELETE FROM spare")
        db.execute("DROP TABLE spare")
        db.commit()
    assert left_of(home, TEXTS["notes/ada.txt"]).found

    done = forget(index, home, rows_of(index, "notes/ada.txt"))

    assert done.search.clean
    with open_reader(index) as ledger:
        assert len(ledger.sources()) == len(TEXTS) - 1


def test_what_another_index_holds_is_told(index, home):
    other = type(index).named(index.root.parent, "other")
    index_of(other, {"elsewhere.txt": TEXTS["notes/ada.txt"]})

    done = forget(index, home, rows_of(index, "notes/ada.txt"))

    assert not done.search.clean
    assert {hit.file.split("/")[1] for hit in done.search.hits} == {"other"}


def test_nothing_may_be_left_of_an_index_only_by_deleting_its_folder(index, home):
    with pytest.raises(QuestionError, match="nothing would be left"):
        forget(index, home, rows_of(index, sources=("*",)))

    assert not index.forgetting.exists()


def test_documents_are_chosen_by_name_metadata_pattern_and_age(folder):
    with Ledger.open(folder, create=True) as ledger:
        ledger.resplit(SPLITTER)
        put(ledger, "a/old.txt", prose(1), {"date": "2019-04", "kind": "letter"})
        put(ledger, "a/new.txt", prose(2), {"date": "2026-11-20", "kind": "letter"})
        put(ledger, "b/bare.txt", prose(3))
        put(ledger, "b/month.txt", prose(4), {"date": "2026-11"})

        def found(**conditions):
            rows = chosen(ledger, Wanted(**conditions), date(2026, 11, 24))
            return [row.source for row in rows]

        assert found(names=("a/new.txt", "/data/b/bare.txt")) == ["a/new.txt", "b/bare.txt"]
        assert found(where={"kind": "letter"}) == ["a/new.txt", "a/old.txt"]
        assert found(sources=("a/*",)) == ["a/new.txt", "a/old.txt"]
        assert found(older_than=365) == ["a/old.txt"]
        assert found(older_than=3) == ["a/new.txt", "a/old.txt"]
        assert found(older_than=0, sources=("b/*",)) == []  # November is not over
        assert found(older_than=365, where={"kind": "none"}) == []
        assert found(older_than=10**9) == []
        with pytest.raises(QuestionError, match="absent"):
            found(names=("absent",))
        with pytest.raises(QuestionError, match="--older-than"):
            found()
