"""A build in a folder: it stays what it was, is served only whole, and says what is wrong."""

import hashlib
import json
import shutil
import threading
import time
from contextlib import closing

import pytest

from rag.errors import IndexDamaged, IndexMismatch, IndexNotFound, QuestionError
from rag.index.build import live_build
from rag.index.ledger import Ledger
from rag.index.manifest import Manifest
from rag.index.pruning import prune
from rag.index.snapshot import open_snapshot
from rag.types import Filter
from tests.index.material import (
    EMBEDDER,
    Lines,
    build,
    build_and_publish,
    index_of,
    opened,
    put,
    sources_of,
    vectors,
)


@pytest.fixture
def open_folder(folder):
    """Return a function that opens the live build and closes it after the test."""
    held = []

    def open_it():
        held.append(opened(folder))
        return held[-1]

    yield open_it
    for snapshot in held:
        snapshot.close()


def _texts(snapshot, word):
    ids = [hit.chunk_id for hit in snapshot.lexical(word, 9)]
    return [chunk.text for chunk in snapshot.chunks(ids)]


def test_dates_may_be_as_short_as_a_year_and_a_vague_one_never_matches_a_finer_bound(
    folder, open_folder
):
    with Ledger.open(folder, create=True) as ledger:
        for date in ("2023", "2024-03", "2024-03-31", "2025-01-01"):
            put(ledger, f"/{date}.txt", f"text of {date}", date=date)
        build_and_publish(folder, ledger)
    snapshot = open_folder()

    def admitted(**bounds):
        return sources_of(snapshot, snapshot.allowed(Filter(**bounds)).tolist())

    assert admitted(since="2024") == ["2024-03-31.txt", "2024-03.txt", "2025-01-01.txt"]
    assert admitted(until="2024") == ["2023.txt", "2024-03-31.txt", "2024-03.txt"]
    assert admitted(until="2024-03-31") == ["2023.txt", "2024-03-31.txt"]
    with pytest.raises(QuestionError, match="not a date: 'May 2024'"):
        snapshot.allowed(Filter(since="May 2024"))


def test_a_later_revision_does_not_show_in_an_older_snapshot(folder, open_folder):
    index_of(folder, {"/a.txt": "apples\nplums", "/b.txt": "bread"})
    snapshot = open_folder()
    with Ledger.open(folder) as ledger:
        put(ledger, "/a.txt", "pears")
        ledger.remove("b.txt")
        build_and_publish(folder, ledger)
        prune(folder, keep=2)

    (chunk,) = snapshot.chunks([snapshot.lexical("apples", 1)[0].chunk_id])

    assert snapshot.document(chunk.document_id).text == "apples\nplums"
    assert _texts(snapshot, "pears") == []
    assert _texts(snapshot, "bread") == ["bread"]
    assert _texts(open_folder(), "apples pears bread") == ["pears"]


def test_a_build_that_somebody_reads_is_not_pruned_until_it_is_closed(folder, open_folder):
    first = index_of(folder, {"/a.txt": "apples"})
    snapshot = open_folder()
    with Ledger.open(folder) as ledger:
        put(ledger, "/a.txt", "pears")
        build_and_publish(folder, ledger)

    assert prune(folder, keep=1) == []
    assert _texts(snapshot, "apples") == ["apples"]

    snapshot.close()
    assert prune(folder, keep=1) == [first.build]


def test_a_snapshot_whose_build_was_taken_from_it_says_so(folder, open_folder):
    index_of(folder, {"/a.txt": "apples"})
    snapshot = open_folder()
    with Ledger.open(folder) as ledger:
        put(ledger, "/a.txt", "pears")
        build_and_publish(folder, ledger)
        prune(folder, keep=1, held=False)

    with pytest.raises(IndexDamaged, match="open the index again"):
        _texts(snapshot, "apples")


def test_a_chunk_belongs_to_whoever_held_its_content_when_the_build_was_made(folder, open_folder):
    with Ledger.open(folder, create=True) as ledger:
        put(ledger, "/a.txt", "shared text")
        put(ledger, "/b.txt", "shared text")
        build_and_publish(folder, ledger)
        before = open_folder()
        put(ledger, "/a.txt", "changed")
        build_and_publish(folder, ledger)
    after = open_folder()

    owners = []
    for snapshot in (before, after):
        (hit,) = snapshot.lexical("shared", 5)
        (chunk,) = snapshot.chunks([hit.chunk_id])
        owners.append((hit.chunk_id, snapshot.document(chunk.document_id)))

    assert owners[0][0] == owners[1][0]
    assert (owners[0][1].source, owners[0][1].also) == ("a.txt", ("b.txt",))
    assert (owners[1][1].source, owners[1][1].also) == ("b.txt", ())
    assert owners[0][1].id != owners[1][1].id
    named = before.allowed(Filter(documents=("b.txt",)))
    assert named.tolist() == [owners[0][0]]


def test_what_could_not_be_read_is_said_by_the_snapshot(folder, open_folder):
    index_of(folder, {"/a.txt": "apples"})

    assert open_folder().unread is None


def test_many_threads_may_ask_one_snapshot(folder, open_folder):
    index_of(folder, {f"/{i}.txt": f"number{i} apples" for i in range(40)})
    snapshot = open_folder()
    wrong = []

    def ask(i):
        for _ in range(20):
            found = _texts(snapshot, f"number{i}")
            nearest = snapshot.dense(vectors([f"Notes\nnumber{i} apples"])[0], 3)
            if found[:1] != [f"number{i} apples"] or len(nearest) != 3:
                wrong.append((i, found))

    threads = [threading.Thread(target=ask, args=(i,)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []


def _names():
    return [
        "documents.json",
        "chunks.npy",
        "owners.npy",
        "dense.faiss",
        *(f"lexical/{name}.npy" for name in ("ids", "starts", "rows", "scores")),
        "lexical/terms.json",
    ]


@pytest.mark.parametrize("name", _names())
@pytest.mark.parametrize("harm", ["flipped bit", "cut short", "longer", "missing"])
def test_an_altered_file_is_never_opened(folder, name, harm):
    made = index_of(folder, {"/a.txt": "apples\npears"})
    path = folder.build(made.build) / name
    data = bytearray(path.read_bytes())
    if harm == "missing":
        path.unlink()
    else:
        middle = len(data) // 2
        changed = {
            "flipped bit": data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :],
            "cut short": data[:-1],
            "longer": data + b"\0",
        }[harm]
        path.write_bytes(changed)

    said = "is .* bytes long" if harm in {"cut short", "longer"} else ""
    with pytest.raises(IndexDamaged, match=rf"{name}.*{said}.*rag ingest"):
        opened(folder)


def test_a_file_altered_after_it_was_checked_once_is_noticed(folder, open_folder):
    made = index_of(folder, {"/a.txt": "apples\npears"})
    open_folder()
    path = folder.build(made.build) / "dense.faiss"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    time.sleep(0.01)
    path.write_bytes(data)

    with pytest.raises(IndexDamaged, match="SHA-256"):
        open_folder()


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"{}", b"null", b'{"format": 1}', b"\xff", b'{"format": "x"}']
)
def test_a_manifest_that_makes_no_sense_is_damage(folder, content):
    made = index_of(folder, {"/a.txt": "apples"})
    (folder.build(made.build) / "manifest.json").write_bytes(content)

    with pytest.raises(IndexDamaged, match=r"manifest\.json"):
        opened(folder)


def _edit(folder, made, **changes):
    """Change a manifest as somebody would who knows how it vouches for itself."""
    path = folder.build(made.build) / "manifest.json"
    values = json.loads(path.read_text()) | changes
    del values["sha256"]
    values["sha256"] = hashlib.sha256(json.dumps(values).encode()).hexdigest()
    path.write_text(json.dumps(values, indent=1))


def test_a_build_of_a_newer_version_is_refused(folder):
    made = index_of(folder, {"/a.txt": "apples"})
    _edit(folder, made, format=3, files="in another shape")

    with pytest.raises(IndexMismatch, match=r"newer Quotewell.*upgrade"):
        opened(folder)


def test_a_version_that_was_altered_is_damage_not_a_newer_build(folder):
    made = index_of(folder, {"/a.txt": "apples"})
    path = folder.build(made.build) / "manifest.json"
    path.write_bytes(path.read_bytes().replace(b'"format": 2', b'"format": 6'))

    with pytest.raises(IndexDamaged, match="cannot read"):
        opened(folder)


def test_a_manifest_may_not_name_files_elsewhere_nor_leave_one_out(folder):
    made = index_of(folder, {"/a.txt": "apples"})
    files = json.loads((folder.build(made.build) / "manifest.json").read_text())["files"]

    _edit(folder, made, files=files | {"../../ledger.sqlite": files["dense.faiss"]})
    with pytest.raises(IndexDamaged, match="no file of a build"):
        opened(folder)

    _edit(folder, made, files={k: v for k, v in files.items() if k != "dense.faiss"})
    with pytest.raises(IndexDamaged, match=r"lists no dense\.faiss"):
        opened(folder)


@pytest.mark.parametrize("other", [{"fingerprint": "other-1"}, {"dim": 32}])
def test_another_embedder_is_refused_naming_both(folder, other):
    index_of(folder, {"/a.txt": "apples"})

    with pytest.raises(IndexMismatch, match=r"'hashed words'.*'another'.*rag ingest"):
        open_snapshot(folder, **(EMBEDDER | other | {"embedder_name": "another"}))


def test_an_index_that_does_not_exist_or_was_never_published_is_named(folder):
    with pytest.raises(IndexNotFound, match="'demo'"):
        opened(folder)

    with Ledger.open(folder, create=True) as ledger:
        put(ledger, "/a.txt", "apples")
    with pytest.raises(IndexNotFound, match="no build yet"):
        opened(folder)


@pytest.mark.parametrize("content", [b"../../etc", b"\xff\xfe", b""])
def test_where_live_names_no_build_what_was_published_last_answers(folder, open_folder, content):
    made = index_of(folder, {"/a.txt": "apples"})
    folder.live.write_bytes(content)

    assert open_folder().build == made.build
    with pytest.raises(IndexDamaged, match="names no build"):
        live_build(folder)


def test_a_live_file_that_is_gone_is_no_loss(folder, open_folder):
    made = index_of(folder, {"/a.txt": "apples"})
    folder.live.unlink()

    assert open_folder().build == made.build


@pytest.mark.parametrize("name", ["dense.faiss", "documents.json", "manifest.json"])
def test_the_build_published_before_stands_in_for_a_damaged_one_and_says_so(
    folder, open_folder, name
):
    first = index_of(folder, {"/a.txt": "apples"})
    with Ledger.open(folder) as ledger:
        put(ledger, "/a.txt", "pears")
        never_live = build(folder, ledger)
        second = build_and_publish(folder, ledger)
    path = folder.build(second.build) / name
    path.write_bytes(path.read_bytes()[:-1])

    snapshot = open_folder()

    assert snapshot.build == first.build != never_live.build
    assert snapshot.stands_in == second.build
    assert f"Build {second.build} is damaged" in snapshot.unread
    assert _texts(snapshot, "apples") == ["apples"]


@pytest.mark.parametrize("file", ["manifest.json", "documents.json", "lexical"])
def test_a_file_of_another_build_is_noticed(folder, file):
    index_of(folder, {"/a.txt": "apples"})
    with Ledger.open(folder) as ledger:
        put(ledger, "/a.txt", "pears")
        second = build_and_publish(folder, ledger)
    first, other = (folder.build(id_) / file for id_ in folder.build_ids())
    shutil.copytree(first, other, dirs_exist_ok=True) if first.is_dir() else shutil.copy(
        first, other
    )

    with pytest.raises(IndexDamaged):
        open_snapshot(folder, **EMBEDDER, build=second.build)


def test_every_single_changed_bit_of_a_manifest_is_noticed(folder):
    made = index_of(folder, {"/a.txt": "apples"})
    path = folder.build(made.build) / "manifest.json"
    whole = path.read_bytes()
    for place in range(len(whole)):
        path.write_bytes(
            whole[:place] + bytes([whole[place] ^ 1 << place % 8]) + whole[place + 1 :]
        )
        with pytest.raises(IndexDamaged):
            Manifest.read(folder.build(made.build))


def test_a_build_that_was_never_live_can_be_opened_by_its_id(folder, open_folder):
    live = index_of(folder, {"/a.txt": "apples"})
    with Ledger.open(folder) as ledger:
        put(ledger, "/a.txt", "pears")
        candidate = build(folder, ledger)

    with closing(open_snapshot(folder, **EMBEDDER, build=candidate.build)) as snapshot:
        assert _texts(snapshot, "pears") == ["pears"]
    assert open_folder().build == live.build
    with pytest.raises(IndexNotFound, match=live.build):
        open_snapshot(folder, **EMBEDDER, build="20200101-000000-abcd")


def test_a_live_build_that_is_gone_is_damage(folder):
    made = index_of(folder, {"/a.txt": "apples"})
    shutil.rmtree(folder.build(made.build))

    with pytest.raises(IndexDamaged, match=r"manifest\.json.*rag ingest"):
        opened(folder)


def test_a_pickle_in_the_folder_is_never_touched(folder, open_folder, tmp_path):
    made = index_of(folder, {"/a.txt": "apples"})
    canary = tmp_path / "canary"
    payload = f"cos\nsystem\n(S'touch {canary}'\ntR.".encode()
    for name in ("index.pkl", "lexical/index.pkl"):
        (folder.build(made.build) / name).write_bytes(payload)

    assert _texts(open_folder(), "apples") == ["apples"]
    assert not canary.exists()


def test_an_ingest_after_a_resplit_serves_the_new_chunks_and_keeps_the_old_snapshot(
    folder, open_folder
):
    index_of(folder, {"/a.txt": "apples\npears"})
    before = open_folder()
    with Ledger.open(folder) as ledger:
        ledger.resplit(Lines(2))
        ledger.resplit(Lines(1))
        put(ledger, "/a.txt", "apples\npears", splitter=Lines(1))
        build_and_publish(folder, ledger)

    assert _texts(before, "pears") == ["pears"]
    assert _texts(open_folder(), "pears") == ["pears"]
