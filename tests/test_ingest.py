"""The offline path over real files, with a stand-in only for the embedder's weights."""

import sqlite3
import threading

import pytest

from rag.corpus.load import FileLoader
from rag.corpus.split import StructureSplitter
from rag.errors import IndexBusy, IndexDamaged, IndexFault, LoadError, ModelError, QuestionError
from rag.index.build import live_build
from rag.index.layout import IndexFolder
from rag.index.ledger import Ledger
from rag.index.records import decode_text, encode_text
from rag.index.snapshot import open_snapshot
from rag.ingest import Ingester
from rag.pipeline import Pipeline, Policy
from rag.reports import FileStatus
from rag.testing import HashingEmbedder, SubstringVerifier
from rag.types import Outcome


class CountingEmbedder(HashingEmbedder):
    def __init__(self):
        self.embedded = []

    def embed_texts(self, texts):
        self.embedded += texts
        return super().embed_texts(texts)


@pytest.fixture
def files(tmp_path):
    folder = tmp_path / "papers"
    folder.mkdir()
    (folder / "mill.md").write_text("# Mill\n\nThe mill opens at nine. It has a wheel.\n")
    (folder / "copy.md").write_text("# Mill\n\nThe mill opens at nine. It has a wheel.\n")
    (folder / "fares.csv").write_text("Ticket,Price\nAdult,12 euros\nChild,5 euros\n")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7\nnothing more")
    return folder


@pytest.fixture
def index(tmp_path):
    return IndexFolder.named(tmp_path / "indexes", "papers")


def ingester_of(index, embedder, size=64):
    splitter = StructureSplitter(size, 0, embedder.count_tokens, embedder.max_tokens, "words")
    return Ingester(index, FileLoader(workers=1), splitter, embedder)


def ingest(index, paths, embedder=None, size=64):
    embedder = embedder or CountingEmbedder()
    heard = []
    with ingester_of(index, embedder, size) as ingester:
        report = ingester.ingest(paths, lambda *event: heard.append(event))
    return report, embedder, heard


def opened(index):
    embedder = HashingEmbedder()
    snapshot = open_snapshot(
        index, fingerprint=embedder.fingerprint, dim=embedder.dim, embedder_name=embedder.name
    )
    return Pipeline(snapshot, embedder, SubstringVerifier(), policy=Policy(relevance_floor=0.01))


def test_every_file_is_a_line_in_the_report_and_the_readable_ones_answer(index, files):
    report, _, heard = ingest(index, [files])

    by_source = {file.source: file for file in report.files}
    assert by_source["papers/mill.md"].status is FileStatus.ACCEPTED
    assert by_source["papers/broken.pdf"].status is FileStatus.REJECTED
    assert by_source["papers/broken.pdf"].reason
    assert {"papers/copy.md", "papers/mill.md"} >= {f.duplicate_of for f in report.files} - {""}
    assert report.documents == 2
    assert 0 < report.longest_tokens <= report.max_tokens
    assert {stage for stage, *_ in heard} >= {"read", "embed", "publish"}
    rag = opened(index)
    answer = rag.ask("When does the mill open?")
    assert answer.text.startswith("The mill opens at nine.")
    assert answer.unread
    (quote,) = {c.quote for c in rag.ask("What does an adult ticket cost?").citations} & {
        "Ticket: Adult | Price: 12 euros"
    }
    assert quote
    rag.snapshot.close()


def test_both_paths_of_the_same_content_are_kept_and_it_is_embedded_once(index, files):
    _, embedder, _ = ingest(index, [files])

    assert sum("The mill opens" in text for text in embedder.embedded) == 1
    with Ledger.open(index) as ledger:
        (row,) = [row for row in ledger.sources() if row.aliases]
    assert {row.source, *row.aliases} == {"papers/mill.md", "papers/copy.md"}


def test_a_copy_without_a_title_of_its_own_is_the_same_content_too(index, tmp_path):
    folder = tmp_path / "notes"
    folder.mkdir()
    for name in ("a.txt", "b.txt"):
        (folder / name).write_text("the mill opens at nine, and it has a wheel.")

    report, embedder, _ = ingest(index, [folder])

    assert report.documents == 1
    assert len(embedder.embedded) == 1


def test_a_second_ingest_reads_and_embeds_only_what_is_new(index, files):
    ingest(index, [files])
    (files / "new.md").write_text("The tower was painted in 1921.")

    report, embedder, _ = ingest(index, [files])

    assert len(embedder.embedded) == 1
    assert report.embedded == 1
    assert report.count(FileStatus.UNCHANGED) == 3
    assert report.documents == 3


def test_better_readers_read_known_files_again(index, files, monkeypatch):
    ingest(index, [files])
    monkeypatch.setattr("rag.plan.READERS", 99)

    report, embedder, _ = ingest(index, [files])

    assert report.count(FileStatus.UNCHANGED) == 0
    assert embedder.embedded == []


def test_a_changed_file_answers_with_its_new_text_only(index, files):
    ingest(index, [files])
    for name in ("mill.md", "copy.md"):
        (files / name).write_text("# Mill\n\nThe mill opens at ten. It has a wheel.\n")

    ingest(index, [files])

    rag = opened(index)
    answer = rag.ask("When does the mill open?")
    assert answer.text.startswith("The mill opens at ten.")
    assert all("nine" not in passage.chunk.text for passage in answer.passages)
    rag.snapshot.close()


def test_another_splitter_cuts_what_is_known_again(index, files):
    (files / "long.md").write_text(" ".join(f"Wheel number {n} turns." for n in range(60)))
    first, _, _ = ingest(index, [files])

    second, _, _ = ingest(index, [files], size=16)

    assert second.chunks > first.chunks
    assert second.count(FileStatus.UNCHANGED) == 4


def test_an_ingest_that_dies_while_embedding_goes_on_where_it_stopped(index, files):
    class Dying(CountingEmbedder):
        def embed_texts(self, texts):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ingest(index, [files], Dying())
    assert live_build(index) is None

    report, _, _ = ingest(index, [files])

    assert report.count(FileStatus.UNCHANGED) == 3
    rag = opened(index)
    assert rag.ask("When does the mill open?").outcome is Outcome.ANSWERED
    rag.snapshot.close()


def test_a_failed_ingest_leaves_the_live_build_as_it_was(index, files):
    ingest(index, [files])
    before = live_build(index)

    class Failing(CountingEmbedder):
        def embed_texts(self, texts):
            raise ModelError("out of memory")

    (files / "new.md").write_text("The tower was painted in 1921.")
    with pytest.raises(ModelError):
        ingest(index, [files], Failing())

    assert live_build(index) == before


def test_a_chunk_the_embedder_would_cut_fails_the_ingest(index, files):
    class Short(CountingEmbedder):
        def count_tokens(self, texts):
            return [300 if "mill" in text else 10 for text in texts]

    embedder = Short()
    splitter = StructureSplitter(64, 0, HashingEmbedder().count_tokens, 256, "words")
    with (
        Ingester(index, FileLoader(workers=1), splitter, embedder) as ingester,
        pytest.raises(ModelError, match=r"300 tokens.*256"),
    ):
        ingester.ingest([files], lambda *event: None)


@pytest.mark.parametrize("content", [None, b"%PDF-1.7\nnothing more"])
def test_nothing_readable_is_an_error_and_no_build(index, tmp_path, content):
    folder = tmp_path / "empty"
    folder.mkdir()
    if content:
        (folder / "broken.pdf").write_bytes(content)

    with pytest.raises(LoadError):
        ingest(index, [folder])

    assert live_build(index) is None


def test_two_writers_do_not_meet(index, files):
    ingest(index, [files])

    errors = []

    def second():
        try:
            ingest(index, [files])
        except IndexBusy as error:
            errors.append(str(error))

    with Ledger.open(index) as ledger, ledger.writing():
        thread = threading.Thread(target=second)
        thread.start()
        thread.join()

    assert len(errors) == 1


def test_a_file_that_has_gone_is_reported_and_forgotten_only_when_asked(index, files):
    (files / "secret.md").write_text("The secret code of the mill is 4711.")
    ingest(index, [files])
    (files / "secret.md").unlink()

    reported, _, _ = ingest(index, [files])
    with Ledger.open(index) as ledger:
        held = {row.source for row in ledger.sources()}
    embedder = CountingEmbedder()
    splitter = StructureSplitter(64, 0, embedder.count_tokens, embedder.max_tokens, "words")
    with Ingester(index, FileLoader(workers=1), splitter, embedder) as ingester:
        pruned = ingester.ingest([files], lambda *event: None, prune_gone=True)

    assert reported.gone == ("papers/secret.md",)
    assert "papers/secret.md" in held
    assert pruned.gone == ("papers/secret.md",)
    assert pruned.documents == reported.documents - 1
    rag = opened(index)
    assert "4711" not in rag.ask("What is the secret code of the mill?").text
    rag.snapshot.close()


def test_removing_a_source_leaves_the_others_and_an_unknown_one_is_an_error(index, files):
    ingest(index, [files])
    embedder = CountingEmbedder()
    splitter = StructureSplitter(64, 0, embedder.count_tokens, embedder.max_tokens, "words")
    with Ingester(index, FileLoader(workers=1), splitter, embedder) as ingester:
        with pytest.raises(QuestionError, match=r"absent\.md"):
            ingester.remove(["papers/fares.csv", "papers/absent.md"], lambda *event: None)
        left = ingester.remove(["papers/fares.csv"], lambda *event: None)

    assert left == 1
    rag = opened(index)
    assert all("fares" not in p.document.source for p in rag.search("ticket price adult")[0])
    rag.snapshot.close()


def test_a_mistyped_path_makes_no_index(index, tmp_path):
    with pytest.raises(LoadError):
        ingest(index, [tmp_path / "absent"])

    assert not index.root.exists()


def test_a_changed_byte_in_the_ledger_is_noticed_before_it_is_quoted(index, files):
    ingest(index, [files])
    with sqlite3.connect(index.ledger) as db:
        for id_, stored in db.execute("SELECT id, text FROM content").fetchall():
            text = encode_text(decode_text(stored).replace("nine", "five"))
            db.execute("UPDATE content SET text = ? WHERE id = ?", (text, id_))
        changed = db.total_changes
    db.close()

    assert changed
    rag = opened(index)
    with pytest.raises(IndexDamaged, match="checksum"):
        rag.ask("When does the mill open?")
    rag.snapshot.close()


def test_a_removal_that_failed_before_its_build_was_live_can_be_done_again(index, files):
    ingest(index, [files])
    in_the_way = index.root / "LIVE.new"
    in_the_way.mkdir()

    with ingester_of(index, CountingEmbedder()) as ingester:
        with pytest.raises(IndexFault, match="LIVE"):
            ingester.remove(["papers/fares.csv"], lambda *event: None)
        in_the_way.rmdir()
        ingester.remove(["papers/fares.csv"], lambda *event: None)

    rag = opened(index)
    assert all("fares" not in p.document.source for p in rag.search("ticket price adult")[0])
    rag.snapshot.close()
