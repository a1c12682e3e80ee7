"""What the ledger holds: documents, their copies and revisions, and what is swept away."""

from itertools import pairwise

import pytest

from rag.errors import QuestionError
from rag.index.held import KnownFile
from rag.reports import FileReport, FileStatus
from rag.types import (
    Block,
    BlockKind,
    Chunk,
    ChunkId,
    Document,
    DocumentId,
    Page,
    Span,
    chunk_id,
    revision_of,
)
from tests.index.material import EMBEDDER, Lines, document, embed, put

FINGERPRINT = EMBEDDER["fingerprint"]


def by_source(ledger):
    return {row.source: row for row in ledger.sources()}


def records(ledger, path, texts, sha256="sum"):
    """Put a file of several records named `path#1`, `path#2` and so on."""
    found = [document(f"{path[1:]}#{i}", text) for i, text in texts.items()]
    contents = [(d, Lines().split(d)) for d in found]
    return ledger.put_file(path, sha256, contents, FileReport(path[1:], FileStatus.ACCEPTED))


# What goes in comes out


def test_a_document_comes_back_exactly_as_it_was_put(ledger):
    text = "Überschrift\n\x00 odd \ud800 characters\r\n東京 end"
    given = Document(
        DocumentId("x"),
        revision_of("Title", text, {"date": "2024-05-01", "autor": "Ä"}),
        text,
        "a.txt",
        "Title",
        {"date": "2024-05-01", "autor": "Ä"},
        (Page(1, Span(0, 5)), Page(2, None)),
        (Block(BlockKind.HEADING, Span(0, 11)), Block(BlockKind.LIST, Span(12, 20), ("A", "B"))),
    )
    ledger.put_file("/a.txt", "s", [(given, [])], FileReport("a.txt", FileStatus.ACCEPTED))

    (row,) = ledger.sources()
    found = ledger.document(row.document_id)

    assert (found.text, found.title, found.metadata) == (given.text, given.title, given.metadata)
    assert (found.pages, found.blocks, found.revision) == (
        given.pages,
        given.blocks,
        given.revision,
    )
    assert (found.source, found.id, row.date) == ("a.txt", row.document_id, "2024-05-01")


def test_chunks_come_back_as_exact_slices_in_the_order_asked(ledger):
    put(ledger, "/a.txt", "one\ntwo\nthree")
    (row,) = ledger.sources()
    text = ledger.document(row.document_id).text
    ids = [chunk_id(row.revision, span) for span in (Span(8, 13), Span(0, 4))]

    chunks = ledger.chunks(ids)

    assert [chunk.text for chunk in chunks] == ["three", "one\n"]
    assert all(c.span.of(text) == c.text and c.heading == ("Notes",) for c in chunks)
    assert {c.document_id for c in chunks} == {row.document_id}


def test_a_chunk_that_is_no_slice_is_refused_and_nothing_is_kept(ledger):
    given = document("a.txt", "real text")
    span = Span(0, 4)
    wrong = Chunk(ChunkId(1), given.id, given.revision, span, "fake")

    with pytest.raises(ValueError, match="no slice"):
        ledger.put_file("/a.txt", "s", [(given, [wrong])], FileReport("a.txt", FileStatus.ACCEPTED))

    assert ledger.counts().documents == 0
    assert ledger.reports() == []


def test_a_file_name_that_is_no_text_can_be_put_and_removed(ledger):
    put(ledger, "/caf\udce9.txt", "text")

    assert ledger.sources()[0].source == "caf\\udce9.txt"
    assert ledger.remove("caf\udce9.txt") == 1


def test_counts_and_report_say_what_was_stored(ledger):
    report = put(ledger, "/a.txt", "one\ntwo")

    assert (report.documents, report.chunks, report.characters) == (1, 2, 7)
    assert ledger.reports() == [report]
    counts = ledger.counts()
    assert (counts.documents, counts.sources, counts.chunks, counts.characters) == (1, 1, 2, 7)


def test_every_file_that_was_looked_at_is_known_with_what_marks_its_bytes(ledger):
    ledger.put_file(
        "/a.txt", "sum", [(document("a.txt", "x"), [])], FileReport("a.txt", FileStatus.ACCEPTED)
    )
    ledger.put_file("/b.bin", "sum", [], FileReport("b.bin", FileStatus.REJECTED, reason="No."))

    assert ledger.known_files() == {
        "/a.txt": KnownFile("a.txt", "sum", 1),
        "/b.bin": KnownFile("b.bin", "", 0),
    }


def test_only_a_change_of_what_is_held_or_reported_raises_the_generation(ledger):
    seen = [ledger.generation()]
    bad = FileReport("b.bin", FileStatus.REJECTED, reason="No.")
    for act in (
        lambda: put(ledger, "/a.txt", "x"),
        lambda: ledger.put_file("/b.bin", "sum", [], bad),
        lambda: ledger.put_file("/b.bin", "sum", [], bad),
        lambda: embed(ledger),
        lambda: ledger.sweep([], []),
        lambda: ledger.remove("a.txt"),
    ):
        act()
        seen.append(ledger.generation())

    raised = [later > earlier for earlier, later in pairwise(seen)]
    assert raised == [True, True, False, False, False, True]


# Identity


def test_a_changed_file_keeps_its_document_id_and_gets_a_new_revision(ledger):
    put(ledger, "/a.txt", "old")
    before = ledger.sources()[0]

    put(ledger, "/a.txt", "new")

    (after,) = ledger.sources()
    assert after.document_id == before.document_id
    assert after.revision != before.revision
    assert ledger.document(after.document_id).text == "new"
    assert ledger.document(after.document_id, before.revision).text == "old"


def test_a_copy_is_not_stored_again_and_is_reported(ledger):
    put(ledger, "/a.txt", "same")

    report = put(ledger, "/b.txt", "same")

    (row,) = ledger.sources()
    assert report.duplicate_of == "a.txt"
    assert row.aliases == ("b.txt",)
    assert ledger.document(row.document_id).also == ("b.txt",)
    assert ledger.counts().chunks == 1
    assert ledger.find_document("b.txt").id == row.document_id


def test_when_the_copy_changes_it_gets_a_document_of_its_own(ledger):
    put(ledger, "/a.txt", "same")
    put(ledger, "/b.txt", "same")
    first = by_source(ledger)["a.txt"]

    put(ledger, "/b.txt", "different")

    rows = by_source(ledger)
    assert rows["a.txt"].document_id == first.document_id
    assert rows["a.txt"].aliases == ()
    assert rows["b.txt"].document_id != first.document_id
    assert ledger.find_document("a.txt").text == "same"
    assert ledger.find_document("b.txt").text == "different"


def test_when_the_original_changes_the_copies_keep_the_old_content(ledger):
    for name in ("a", "b", "c"):
        put(ledger, f"/{name}.txt", "same")
    first = by_source(ledger)["a.txt"]

    put(ledger, "/a.txt", "different")

    rows = by_source(ledger)
    assert rows["a.txt"].document_id == first.document_id
    assert rows["a.txt"].aliases == ()
    assert rows["b.txt"].aliases == ("c.txt",)
    assert ledger.find_document("c.txt").text == "same"
    assert ledger.find_document("a.txt").text == "different"


def test_removing_the_original_leaves_the_copy(ledger):
    put(ledger, "/a.txt", "same")
    put(ledger, "/b.txt", "same")

    assert ledger.remove("a.txt") == 1

    (row,) = ledger.sources()
    assert (row.source, row.aliases) == ("b.txt", ())
    assert ledger.find_document("b.txt").text == "same"


def test_a_file_that_becomes_a_copy_gives_up_its_document_and_can_part_again(ledger):
    put(ledger, "/a.txt", "one")
    put(ledger, "/b.txt", "two")
    put(ledger, "/c.txt", "two")
    own = by_source(ledger)["b.txt"].document_id

    put(ledger, "/b.txt", "one")

    rows = by_source(ledger)
    assert set(rows) == {"a.txt", "c.txt"}
    assert rows["a.txt"].aliases == ("b.txt",)
    assert ledger.find_document("c.txt").text == "two"

    put(ledger, "/b.txt", "three")

    assert by_source(ledger)["b.txt"].document_id == own


def test_a_file_that_no_longer_yields_a_record_drops_it(ledger):
    records(ledger, "/data.jsonl", {"r1": "one", "r2": "two", "r3": "three"})

    report = records(ledger, "/data.jsonl", {"r1": "one", "r3": "three"})

    assert sorted(by_source(ledger)) == ["data.jsonl#r1", "data.jsonl#r3"]
    assert report.documents == 2


def test_records_that_swap_their_contents_end_up_swapped(ledger):
    records(ledger, "/data.jsonl", {"r1": "one", "r2": "two"})

    records(ledger, "/data.jsonl", {"r1": "two", "r2": "one"})

    assert ledger.find_document("data.jsonl#r1").text == "two"
    assert ledger.find_document("data.jsonl#r2").text == "one"
    assert ledger.counts().documents == 2


def test_two_files_of_one_display_name_stay_two_documents(ledger):
    report = FileReport("notes.txt", FileStatus.ACCEPTED)
    for folder_ in ("x", "y"):
        found = document("notes.txt", f"from {folder_}")
        ledger.put_file(f"/{folder_}/notes.txt", folder_, [(found, [])], report)

    assert sorted(by_source(ledger)) == ["/y/notes.txt", "notes.txt"]
    assert ledger.find_document("notes.txt").text == "from x"
    assert ledger.find_document("/y/notes.txt").text == "from y"


def test_removing_a_file_removes_all_its_records_and_its_report(ledger):
    records(ledger, "/data.jsonl", {"r1": "one", "r2": "two"})
    put(ledger, "/a.txt", "other")

    assert ledger.remove("data.jsonl") == 2

    assert sorted(by_source(ledger)) == ["a.txt"]
    assert [report.source for report in ledger.reports()] == ["a.txt"]
    assert ledger.remove("data.jsonl") == 0


def test_a_file_that_can_no_longer_be_read_keeps_its_last_version_and_says_so(ledger):
    put(ledger, "/a.txt", "good")
    broken = FileReport("a.txt", FileStatus.REJECTED, reason="The file is cut off.")

    report = ledger.put_file("/a.txt", "bad sum", [], broken)

    (row,) = ledger.sources()
    assert ledger.find_document("a.txt").text == "good"
    assert report.reason == (
        "The file is cut off. The last version that could be read stays in the index."
    )
    assert (row.status, row.reason) == (FileStatus.REJECTED, report.reason)
    assert ledger.known_files()["/a.txt"].stamp == ""


def test_a_file_that_changes_back_after_a_rejection_is_read_again(ledger):
    put(ledger, "/a.txt", "good")
    sha256 = "770e607624d689265ca6c44884d0807d9b054d23c473c106c72be9de08b7376c"
    assert ledger.known_files()["/a.txt"].stamp == sha256

    ledger.put_file("/a.txt", "x", [], FileReport("a.txt", FileStatus.REJECTED, reason="Bad."))

    assert ledger.known_files()["/a.txt"].stamp == ""


def test_a_file_never_read_is_listed_with_its_reason_and_no_document(ledger):
    ledger.put_file("/a.bin", "s", [], FileReport("a.bin", FileStatus.REJECTED, reason="Not text."))

    (row,) = ledger.sources()

    assert (row.source, row.document_id, row.reason) == ("a.bin", "", "Not text.")
    assert ledger.counts().documents == 0


def test_an_unknown_document_is_a_question_error_that_names_it(ledger):
    with pytest.raises(QuestionError, match=r"'nowhere.txt'.*rag sources"):
        ledger.find_document("nowhere.txt")


# Splitting again


def test_another_splitter_cuts_all_again_and_the_same_one_nothing(ledger):
    put(ledger, "/a.txt", "one\ntwo\nthree\nfour")
    assert ledger.resplit(Lines(1)) == 1

    assert ledger.resplit(Lines(1)) == 0
    assert ledger.counts().chunks == 4
    assert ledger.resplit(Lines(2)) == 1

    assert ledger.counts().chunks == 2
    assert ledger.splitter() == "lines-2"
    assert [text for batch in ledger.missing_vectors(FINGERPRINT) for _, text in batch] == [
        "Notes\none\ntwo\n",
        "Notes\nthree\nfour",
    ]


# Sweeping


def test_removed_text_is_gone_from_every_file_after_a_sweep(ledger, folder):
    secret = "The safe opens with 7391-Zebra-4466."
    put(ledger, "/secret.txt", f"{secret}\n" * 50)
    put(ledger, "/a.txt", "stays")
    embed(ledger)

    ledger.remove("secret.txt")
    assert ledger.sweep([], []) == 1

    held = b"".join(path.read_bytes() for path in folder.root.rglob("*") if path.is_file())
    assert b"7391-Zebra" not in held
    assert b"stays" in held


def test_a_sweep_keeps_what_a_build_still_uses(ledger):
    put(ledger, "/a.txt", "old\nlines")
    (before,) = ledger.sources()
    put(ledger, "/a.txt", "new")
    old = chunk_id(before.revision, Span(0, 4))

    assert ledger.sweep([before.revision], [old]) == 0
    assert ledger.document(before.document_id, before.revision).text == "old\nlines"
    assert set(ledger.rows([old])) == {old}
    assert ledger.sweep([], []) == 1

    assert ledger.rows([old]) == {}
    assert ledger.find_document("a.txt").text == "new"
