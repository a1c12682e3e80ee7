import errno
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from rag.errors import DiskFull, IndexBusy, IndexFault, IndexMismatch, IndexNotFound
from rag.index.build import live_build, make_build, publish
from rag.index.disk import Disk
from rag.index.layout import IndexFolder
from rag.index.ledger import Ledger
from rag.index.manifest import Manifest, count_unread, unread_sentence
from rag.index.pruning import prune
from rag.reports import FileReport, FileStatus
from tests.index.material import EMBEDDER, Lines, build, build_and_publish, embed, opened, put


class FailingDisk(Disk):
    """Fails at the Nth operation: before it, or after it took effect."""

    def __init__(self, nth, fail, *, late=False):
        self.left = nth
        self.fail = fail
        self.late = late

    def _count(self, run):
        self.left -= 1
        if self.left == 0 and not self.late:
            self.fail()
        result = run()
        if self.left == 0 and self.late:
            self.fail()
        return result

    def make_folder(self, path):
        return self._count(lambda: super(FailingDisk, self).make_folder(path))

    def create(self, path):
        return self._count(lambda: super(FailingDisk, self).create(path))

    def sync(self, handle):
        return self._count(lambda: super(FailingDisk, self).sync(handle))

    def rename(self, source, target):
        return self._count(lambda: super(FailingDisk, self).rename(source, target))

    def remove_folder(self, path):
        return self._count(lambda: super(FailingDisk, self).remove_folder(path))


def fail_with(number):
    def fail():
        raise OSError(number, os.strerror(number))

    return fail


def renew(folder, disk):
    """Do all an ingest does after the ledger is written."""
    with Ledger.open(folder) as ledger, ledger.writing():
        manifest = build(folder, ledger, disk)
        publish(folder, manifest.build, disk=disk)
        prune(folder, keep=1, disk=disk)


def answers(folder):
    """Return the live build and what it finds for a word of each revision."""
    snapshot = opened(folder)
    try:
        found = [h.chunk_id for h in snapshot.lexical("apples pears", 5)]
        return snapshot.build, [chunk.text for chunk in snapshot.chunks(found)]
    finally:
        snapshot.close()


def old_then_new(folder):
    """Publish a build with apples and put pears into the ledger; return the old build's id."""
    with Ledger.open(folder, create=True) as ledger:
        put(ledger, "/a.txt", "apples")
        old = build_and_publish(folder, ledger).build
        put(ledger, "/a.txt", "pears")
        embed(ledger)
    return old


def copied(folder, nth):
    return IndexFolder(shutil.copytree(folder.root, folder.root.with_name(f"n{nth}")))


def check_whole(folder, old):
    """Assert that exactly the old or exactly the new content answers."""
    assert all(Manifest.read(folder.build(id_)).build == id_ for id_ in folder.build_ids())
    live, texts = answers(folder)
    assert texts == (["apples"] if live == old else ["pears"])


@pytest.mark.parametrize(
    ("number", "error", "late"),
    [
        pytest.param(errno.ENOSPC, DiskFull, False, id="full, before"),
        pytest.param(errno.EIO, IndexFault, True, id="io, after", marks=pytest.mark.slow),
        pytest.param(errno.ENOSPC, DiskFull, True, id="full, after", marks=pytest.mark.slow),
    ],
)
def test_a_failure_at_any_operation_leaves_a_whole_build_live(tmp_path, number, error, late):
    start = IndexFolder.named(tmp_path, "start")
    old = old_then_new(start)
    failures = 0
    for nth in range(1, 200):
        folder = copied(start, nth)
        try:
            renew(folder, FailingDisk(nth, fail_with(number), late=late))
        except error:
            failures += 1
        else:
            break
        check_whole(folder, old)

        renew(folder, Disk())  # and the next run repairs everything

        assert answers(folder)[1] == ["pears"]
        assert len(list(folder.builds.iterdir())) == 1
    assert failures > 25
    assert nth == failures + 1


_KILLED = """
import os, sys
from pathlib import Path
from rag.index.layout import IndexFolder
from tests.index.test_build import FailingDisk, renew
folder, nth, late = IndexFolder(Path(sys.argv[1])), int(sys.argv[2]), sys.argv[3] == "True"
renew(folder, FailingDisk(nth, lambda: os._exit(9), late=late))
"""


@pytest.mark.slow
@pytest.mark.parametrize("late", [False, True], ids=["before", "after"])
def test_a_kill_at_any_operation_leaves_a_whole_build_live(tmp_path, late):
    start = IndexFolder.named(tmp_path, "start")
    old = old_then_new(start)
    kills = 0
    for nth in range(1, 200):
        folder = copied(start, nth)
        root = Path(__file__).parents[2]
        command = [sys.executable, "-c", _KILLED, str(folder.root), str(nth), str(late)]
        code = subprocess.run(command, cwd=root, env=_environment(root), check=False).returncode
        check_whole(folder, old)
        if code == 0:
            break
        assert code == 9
        kills += 1
        renew(folder, Disk())
        assert answers(folder)[1] == ["pears"]
        assert len(list(folder.builds.iterdir())) == 1
    assert kills > 25


def _environment(root):
    return {**os.environ, "PYTHONPATH": str(root)}


def test_an_unpublished_build_is_not_seen(folder, ledger):
    put(ledger, "/a.txt", "apples")
    first = build_and_publish(folder, ledger)
    put(ledger, "/a.txt", "pears")

    second = build(folder, ledger)

    assert answers(folder) == (first.build, ["apples"])
    publish(folder, second.build)
    assert answers(folder) == (second.build, ["pears"])


def test_publishing_an_older_build_rolls_back(folder, ledger):
    put(ledger, "/a.txt", "apples")
    first = build_and_publish(folder, ledger)
    put(ledger, "/a.txt", "pears")
    build_and_publish(folder, ledger)

    publish(folder, first.build)

    assert answers(folder) == (first.build, ["apples"])


def test_live_is_replaced_as_a_whole_so_a_reader_never_sees_half_an_id(folder, ledger):
    put(ledger, "/a.txt", "apples")
    first = build_and_publish(folder, ledger)
    with folder.live.open() as reader:
        build_and_publish(folder, ledger)

        assert reader.read() == f"{first.build}\n"


@pytest.mark.parametrize("build_id", ["20200101-000000-abcd", "../../etc", ""])
def test_publishing_what_is_no_build_is_refused(folder, ledger, build_id):
    put(ledger, "/a.txt", "apples")
    live = build_and_publish(folder, ledger).build

    with pytest.raises(IndexNotFound, match=live):
        publish(folder, build_id)

    assert live_build(folder) == live


def test_build_ids_sort_in_the_order_they_were_made_even_within_a_second(folder, ledger):
    put(ledger, "/a.txt", "apples")
    embed(ledger)

    ids = [build(folder, ledger).build for _ in range(12)]

    assert ids == sorted(set(ids)) == folder.build_ids()


def test_a_new_build_sorts_last_even_if_the_clock_was_set_back(folder, ledger):
    put(ledger, "/a.txt", "apples")
    made = build(folder, ledger).build
    ahead = f"2999{made[4:]}"
    folder.build(made).rename(folder.build(ahead))

    assert build(folder, ledger).build > ahead


def test_prune_keeps_what_was_live_last_and_the_newest_and_clears_leftovers(folder, ledger):
    put(ledger, "/a.txt", "apples")
    ids = [build(folder, ledger).build for _ in range(6)]
    for live in (0, 2, 3):
        publish(folder, ids[live])
    (folder.builds / ".making-20200101-000000-dead").mkdir()

    removed = prune(folder, keep=2)

    assert removed == [ids[0], ids[1], ids[4]]
    assert sorted(path.name for path in folder.builds.iterdir()) == [ids[2], ids[3], ids[5]]
    assert answers(folder)[1] == ["apples"]


def test_prune_keeps_the_text_of_a_live_build_older_than_the_newest(folder, ledger):
    put(ledger, "/a.txt", "apples")
    first = build_and_publish(folder, ledger)
    put(ledger, "/a.txt", "pears")
    build_and_publish(folder, ledger)
    publish(folder, first.build)

    prune(folder, keep=1)

    assert answers(folder) == (first.build, ["apples"])


@pytest.mark.parametrize(
    "spoil", [lambda data: b"torn", lambda data: data.replace(b"a.txt", b"b.txt")]
)
def test_a_kept_build_whose_list_is_damaged_is_deleted_and_told(folder, ledger, caplog, spoil):
    put(ledger, "/a.txt", "apples")
    ids = [build_and_publish(folder, ledger).build for _ in range(3)]
    path = folder.build(ids[1]) / "documents.json"
    whole = path.read_bytes()
    path.write_bytes(spoil(whole))

    assert path.read_bytes() != whole
    assert prune(folder, keep=2) == [ids[1]]

    assert folder.build_ids() == [ids[0], ids[2]]
    assert ids[1] in caplog.text


def test_prune_deletes_text_no_kept_build_uses(folder, ledger):
    put(ledger, "/a.txt", "apples")
    build_and_publish(folder, ledger)
    (before,) = ledger.sources()
    put(ledger, "/a.txt", "pears")
    build_and_publish(folder, ledger)

    prune(folder, keep=2)
    assert ledger.document(before.document_id, before.revision).text == "apples"
    prune(folder, keep=1)

    with pytest.raises(IndexFault, match="does not hold"):
        ledger.document(before.document_id, before.revision)


def test_nothing_to_build_is_a_named_error(folder, ledger):
    with pytest.raises(IndexNotFound, match=r"holds no text yet.*rag ingest"):
        build(folder, ledger)

    assert folder.build_ids() == []


def test_chunks_without_a_vector_are_refused_with_their_number(folder, ledger):
    put(ledger, "/a.txt", "one\ntwo")

    with pytest.raises(IndexMismatch, match=r"2 texts.*'hashed words'"):
        make_build(folder, ledger, **EMBEDDER, splitter="lines-1")


def test_chunks_of_another_splitter_are_refused_naming_both(folder, ledger):
    put(ledger, "/a.txt", "one\ntwo")
    ledger.resplit(Lines(2))

    with pytest.raises(IndexMismatch, match=r"'lines-2', not 'lines-1'"):
        build(folder, ledger)


def test_no_build_starts_while_another_process_writes(folder, ledger):
    put(ledger, "/a.txt", "one")
    embed(ledger)
    script = (
        "import sys; from pathlib import Path; from rag.index.layout import IndexFolder\n"
        "from rag.index.lock import writer_lock\n"
        "with writer_lock(IndexFolder(Path(sys.argv[1]))):\n"
        "    print('held', flush=True); sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", script, str(folder.root)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        other.stdout.readline()
        with pytest.raises(IndexBusy):
            build(folder, ledger)
        with pytest.raises(IndexBusy):
            prune(folder)
        other.stdin.close()


def test_the_manifest_says_what_was_built_and_sums_every_file(folder, ledger):
    put(ledger, "/a.txt", "one\ntwo")
    bad = FileReport("b.bin", FileStatus.REJECTED, reason="Not text.")
    ledger.put_file("/b.bin", "s", [], bad)
    seen = []

    embed(ledger)
    made = make_build(
        folder,
        ledger,
        **EMBEDDER,
        splitter="lines-1",
        progress=lambda done, total: seen.append((done, total)),
    )

    path = folder.build(made.build)
    assert Manifest.read(path) == made
    assert (made.counts["documents"], made.counts["chunks"], made.counts["files"]) == (1, 2, 2)
    assert made.unread == "1 of 2 files could not be read."
    assert seen == [(2, 2)]
    on_disk = {str(p.relative_to(path)) for p in path.rglob("*") if p.is_file()}
    assert on_disk == {*made.files, "manifest.json"}
    assert json.loads((path / "manifest.json").read_bytes())["embedder"]["dim"] == 16


@pytest.mark.parametrize(
    ("reports", "sentence"),
    [
        ([], None),
        ([FileReport("a", FileStatus.ACCEPTED)], None),
        ([FileReport("a", FileStatus.REJECTED)], "1 of 1 file could not be read."),
        (
            [FileReport("a", FileStatus.PARTIAL, pages_without_text=(2, 3))],
            "2 pages have no text.",
        ),
        ([FileReport("a", FileStatus.PARTIAL)], "1 file was read in part."),
        (
            [FileReport(str(i), FileStatus.REJECTED) for i in range(3)]
            + [FileReport("p", FileStatus.PARTIAL, pages_without_text=(7,))],
            "3 of 4 files could not be read; 1 page has no text.",
        ),
    ],
)
def test_unread_says_in_one_sentence_what_is_missing(reports, sentence):
    assert unread_sentence(count_unread(len(reports), reports)) == sentence
