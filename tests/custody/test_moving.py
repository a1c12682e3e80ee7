"""An index that was exported answers elsewhere as it did."""

import json
import shutil
import tarfile
import threading

import pytest
from click.testing import CliRunner

from rag.custody import restore
from rag.custody.bundle import export_index
from rag.custody.commands import export_command, import_command
from rag.custody.restore import import_index
from rag.errors import IndexBusy, IndexFault, IndexNotFound
from rag.evaluate.feedback import read
from rag.index.build import live_build
from rag.index.layout import IndexFolder
from rag.index.ledger import Ledger
from rag.index.lock import writer_lock
from rag.index.reading import open_reader
from tests.custody.archives import DOCUMENTS, answers
from tests.custody.material import index_of, opened, put


def test_an_imported_index_answers_exactly_as_the_exported_one(folder, archive, elsewhere):
    done = import_index(archive, elsewhere, None)

    there = IndexFolder(elsewhere / "demo")
    assert answers(there) == answers(folder)
    assert done.was == live_build(folder)
    assert done.build == live_build(there) != done.was
    assert (done.index, done.documents) == ("demo", 3)
    assert read(there) == read(folder) != []
    assert sorted(path.name for path in elsewhere.iterdir()) == [".import.lock", "demo"]
    index_of(there, {"new.txt": "It can be added to."})


def test_the_live_build_is_exported_though_the_ledger_is_ahead(folder, tmp_path, elsewhere):
    index_of(folder, DOCUMENTS)
    before = answers(folder)
    with Ledger.open(folder) as ledger:  # read, not embedded, not published
        put(ledger, "ferry.txt", "The ferry to Ulsay no longer sails.")
        put(ledger, "new.txt", "A return ticket costs ninety crowns.")

    export_index(folder, tmp_path / "demo.tar")
    import_index(tmp_path / "demo.tar", elsewhere, "copy")

    assert answers(IndexFolder(elsewhere / "copy")) == before
    with open_reader(IndexFolder(elsewhere / "copy")) as ledger:
        assert ledger.find_document("ferry.txt").text.endswith("no longer sails.")


def test_the_same_index_gives_the_same_archive(folder, archive, tmp_path):
    export_index(folder, tmp_path / "again.tar")

    with tarfile.open(archive) as one, tarfile.open(tmp_path / "again.tar") as other:
        assert [m.name for m in one] == [
            "list.json",
            "live.json",
            "ledger.sqlite",
            "feedback.jsonl",
        ]
        assert [(m.name, m.size) for m in one] == [(m.name, m.size) for m in other]


def test_a_back_up_made_while_others_write_is_of_one_moment(folder, tmp_path, elsewhere):
    index_of(folder, DOCUMENTS)
    stop = threading.Event()
    failed = []

    def write():
        number = 0
        while not stop.is_set():
            number += 1
            try:
                index_of(folder, {f"{number}.txt": f"Entry {number} is about berth {number}."})
            except Exception as error:  # noqa: BLE001
                failed.append(error)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(8):
            done = export_index(folder, tmp_path / f"{number}.tar")
            made = import_index(tmp_path / f"{number}.tar", elsewhere, f"copy{number}")
            assert made.was == done.build
            assert made.documents == done.documents
            told, _ = answers(IndexFolder(elsewhere / f"copy{number}"))
            assert "twelve crowns" in told[0]["text"]
    finally:
        stop.set()
        writer.join()
    assert failed == []
    assert len({path.stat().st_size for path in tmp_path.glob("*.tar")}) > 1


def test_an_index_of_that_name_is_kept_unless_told_otherwise(folder, archive):
    index_of(folder, {"later.txt": "Something that was added since."})

    with pytest.raises(IndexFault, match="--replace"):
        import_index(archive, folder.root.parent, "demo")
    with open_reader(folder) as ledger:
        assert len(ledger.sources()) == 4

    import_index(archive, folder.root.parent, "demo", replace=True)

    with open_reader(folder) as ledger:
        assert len(ledger.sources()) == 3
    assert sorted(path.name for path in folder.root.parent.iterdir()) == [".import.lock", "demo"]


def test_an_index_that_is_being_written_to_is_not_replaced(folder, archive):
    held, release = threading.Event(), threading.Event()

    def hold():
        with writer_lock(folder):
            held.set()
            release.wait(10)

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(10)
    try:
        with pytest.raises(IndexBusy):
            import_index(archive, folder.root.parent, "demo", replace=True)
    finally:
        release.set()
        holder.join()
    assert answers(folder)[0][0]["outcome"] == "answered"


def test_a_server_moves_to_the_index_that_was_put_in_place(folder, archive):
    rag = opened(folder)

    import_index(archive, folder.root.parent, "demo", replace=True)

    assert live_build(folder) != rag.snapshot.build
    rag.snapshot.close()


@pytest.mark.parametrize("left", ["half", "aside"])
def test_what_a_killed_import_left_is_cleared_away(folder, archive, left):
    indexes = folder.root.parent
    if left == "half":
        (indexes / ".importing-index").mkdir()
        (indexes / ".importing-index" / "ledger.sqlite").write_bytes(b"half")
    else:  # killed between the two renames
        folder.root.rename(indexes / ".replaced-demo")

    import_index(archive, indexes, "copy")

    assert sorted(p.name for p in indexes.iterdir()) == [".import.lock", "copy", "demo"]
    assert answers(folder) == answers(IndexFolder(indexes / "copy"))


@pytest.mark.parametrize("look", [open_reader, lambda f: Ledger.open(f, create=True), opened])
def test_an_index_put_aside_by_a_killed_import_is_there_for_whoever_looks_next(
    folder, archive, look
):
    before = answers(folder)
    folder.root.rename(folder.root.parent / ".replaced-demo")

    look_at = look(folder)
    getattr(look_at, "snapshot", look_at).close()

    assert answers(folder) == before
    assert not list(folder.root.parent.glob(".replaced-*"))


def test_an_index_put_aside_is_not_deleted_while_that_of_its_name_is_not_whole(folder, archive):
    aside = folder.root.parent / ".replaced-demo"
    folder.root.rename(aside)
    (folder.root / "mirror").mkdir(parents=True)

    import_index(archive, folder.root.parent, "copy")
    with pytest.raises(IndexFault, match="put an index 'demo' aside"):
        import_index(archive, folder.root.parent, "demo", replace=True)

    shutil.rmtree(folder.root)
    assert answers(folder) == answers(IndexFolder(folder.root.parent / "copy"))


def test_a_copy_put_aside_is_deleted_beside_a_whole_index_of_its_name(folder, archive):
    shutil.copytree(folder.root, folder.root.parent / ".replaced-demo")

    import_index(archive, folder.root.parent, "copy")

    assert sorted(p.name for p in folder.root.parent.iterdir()) == [".import.lock", "copy", "demo"]


def test_an_import_that_fails_leaves_nothing_of_that_name(archive, elsewhere, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(restore, "publish", full)

    with pytest.raises(IndexFault, match="No space left"):
        import_index(archive, elsewhere, None)

    assert [path.name for path in elsewhere.iterdir()] == [".import.lock"]


def test_a_recipe_travels_but_is_not_installed(folder, tmp_path, elsewhere):
    index_of(folder, DOCUMENTS)
    recipe = folder.root.parent.parent / "recipes" / "demo.toml"
    recipe.parent.mkdir()
    recipe.write_text("guard = 0.5\n")

    export_index(folder, tmp_path / "demo.tar", recipe)
    done = import_index(tmp_path / "demo.tar", elsewhere, None)

    assert done.recipe == elsewhere / "demo" / "recipe.toml"
    assert done.recipe.read_text() == "guard = 0.5\n"
    assert not (elsewhere.parent / "recipes").exists()


def test_nothing_can_be_exported_of_an_index_that_is_not_there(folder, tmp_path):
    with pytest.raises(IndexNotFound):
        export_index(folder, tmp_path / "demo.tar")

    assert list(tmp_path.glob("*.tar")) == []


def test_the_commands_say_what_they_did(folder, archive, tmp_path, elsewhere):
    run = CliRunner()
    out = tmp_path / "by-command.tar"

    made = run.invoke(export_command, ["-i", "demo", "-o", str(out)], catch_exceptions=False)
    taken = run.invoke(import_command, [str(out), "-i", "copy"], catch_exceptions=False)
    told = run.invoke(import_command, [str(out), "-i", "third", "--json"], catch_exceptions=False)

    assert "3 documents of build" in made.output
    assert f"answers as {live_build(folder)} did" in taken.output
    assert json.loads(told.output)["chunks"] == 3
    assert answers(IndexFolder(folder.root.parent / "copy")) == answers(folder)
