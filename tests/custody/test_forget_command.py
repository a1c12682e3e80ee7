"""The commands that forget and verify, over real files, as a person types them."""

import json
import random

import pytest
from click.testing import CliRunner

from rag.corpus.load import FileLoader
from rag.custody.commands import forget_command, verify_command
from rag.errors import QuestionError, RecordAltered
from rag.index.ledger import Ledger
from rag.index.reading import open_reader
from rag.ingest import Ingester
from rag.reports import FileStatus
from tests.custody.material import EMBEDDER, SPLITTER, index_of, put

SECRET = "\n\n".join(
    f"Jonas Averill, born {1950 + n}, owes the harbour {n * 137} crowns for berth {n * 7}."
    for n in range(12)
)
PLAIN = "The harbour opens at six. The crane lifts nine tonnes. Berths are let by the month."


@pytest.fixture
def index(folder):
    index_of(folder, {"people/averill.txt": SECRET, "harbour.txt": PLAIN})
    return folder


def run(command, *arguments, answer=None):
    return CliRunner().invoke(
        command, [*map(str, arguments), "-i", "demo"], input=answer, catch_exceptions=False
    )


def test_a_dry_run_lists_and_changes_nothing(index):
    shown = run(forget_command, "--source", "people/*", "--dry-run")

    assert shown.exit_code == 0
    assert shown.output == "people/averill.txt\n1 document of index 'demo'\n"
    with open_reader(index) as ledger:
        assert len(ledger.sources()) == 2


def test_a_dry_run_as_json_is_json(index):
    shown = CliRunner().invoke(
        forget_command, ["people/averill.txt", "--dry-run", "--json", "-i", "demo"]
    )

    assert [row["source"] for row in json.loads(shown.stdout)] == ["people/averill.txt"]


def test_without_a_yes_nothing_is_forgotten(index):
    shown = run(forget_command, "people/averill.txt", answer="n\n")

    assert shown.exit_code == 1
    with open_reader(index) as ledger:
        assert len(ledger.sources()) == 2


def test_a_forget_tells_what_it_did_and_what_the_search_read(index):
    shown = run(forget_command, "people/averill.txt", answer="y\n")

    assert shown.exit_code == 0
    assert "nothing is left" in shown.output
    assert "documents: 1" in shown.output
    assert "forgotten/20" in shown.output


def test_a_forget_as_json_is_json(index):
    shown = CliRunner().invoke(
        forget_command, ["people/averill.txt", "--yes", "--json", "-i", "demo"]
    )

    told = json.loads(shown.stdout)
    assert told["documents"] == 1
    assert told["search"]["found"] == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("absent.txt",), "absent.txt"),
        ((), "--older-than"),
        (("--resume",), "nothing is left to finish"),
        (("--lift", "absent.txt"), "was not forgotten"),
    ],
)
def test_what_makes_no_sense_is_said(index, arguments, words):
    with pytest.raises(QuestionError, match=words):
        run(forget_command, *arguments)


def test_verify_searches_again_and_finds_nothing(index):
    run(forget_command, "people/averill.txt", "--yes")

    shown = run(verify_command)

    assert shown.exit_code == 0
    assert "nothing is left" in shown.output
    assert "0 fingerprints" not in shown.output


@pytest.mark.parametrize(
    "place",
    ["builds/{build}/documents.json", "ledger.sqlite-wal", "deep/er/new.bin", "../../models/x.bin"],
)
def test_a_planted_fragment_of_48_bytes_is_found_wherever_it_lies(index, home, place):
    run(forget_command, "people/averill.txt", "--yes")
    path = index.root / place.format(build=index.live.read_text().strip())
    path.parent.mkdir(parents=True, exist_ok=True)
    luck = random.Random(place)
    start = luck.randrange(len(SECRET) - 48)
    with path.open("ab") as out:
        out.write(luck.randbytes(luck.randrange(3000)) + SECRET[start : start + 48].encode())

    shown = run(verify_command)

    assert shown.exit_code == 1
    assert str(path.resolve().relative_to(home.resolve())) in shown.output


def test_an_altered_report_is_refused(index):
    run(forget_command, "people/averill.txt", "--yes")
    (report,) = (index.root / "forgotten").iterdir()
    record = json.loads(report.read_text())
    record["prints"]["sums"] = record["prints"]["sums"][:-8] + "AAAAAAA="
    report.write_text(json.dumps(record))

    with pytest.raises(RecordAltered, match="SHA-256"):
        run(verify_command)
    with pytest.raises(RecordAltered, match="SHA-256"):
        run(verify_command, report)


def test_a_document_that_came_back_is_named(index):
    run(forget_command, "people/averill.txt", "--yes")
    index_of(index, {"copies/debts.txt": "Found again.\n\n" + SECRET})

    shown = run(verify_command)

    assert shown.exit_code == 1
    assert "copies/debts.txt holds" in shown.output


def test_any_text_can_be_searched_for(index, tmp_path):
    text = tmp_path / "text.txt"
    text.write_text(SECRET[100:200])
    other = tmp_path / "other.txt"
    other.write_text("A sentence of some length that stands nowhere in any of these files.")
    short = tmp_path / "short.txt"
    short.write_text("too short")

    assert run(verify_command, "--text", text).exit_code == 1
    assert run(verify_command, "--text", other).exit_code == 0
    with pytest.raises(QuestionError, match="too short"):
        run(verify_command, "--text", short)
    with pytest.raises(QuestionError, match="no report"):
        run(verify_command)


def ingest(folder, path):
    with Ingester(folder, FileLoader(workers=1), SPLITTER, EMBEDDER) as ingester:
        return ingester.ingest([path], lambda *_: None)


def test_a_file_that_still_lies_there_is_not_read_again_until_that_is_lifted(folder, tmp_path):
    files = tmp_path / "files"
    files.mkdir()
    (files / "averill.txt").write_text(SECRET)
    (files / "harbour.txt").write_text(PLAIN)
    ingest(folder, files)
    run(forget_command, "files/averill.txt", "--yes")
    (files / "copy.txt").write_text(SECRET)

    report = ingest(folder, files)

    by_source = {file.source: file for file in report.files}
    for name in ("files/averill.txt", "files/copy.txt"):
        assert by_source[name].status is FileStatus.REJECTED
        assert "forgotten" in by_source[name].reason
    assert report.documents == 1
    assert run(verify_command).exit_code == 0
    assert run(forget_command, "--lift", files / "averill.txt").exit_code == 0
    assert ingest(folder, files).documents == 2


def test_one_record_of_a_file_stays_forgotten_when_the_file_changes(folder, tmp_path):
    records = [
        {"_id": f"r{n}", "text": f"Entry {n}: {SECRET[n * 80 : n * 80 + 70]}"} for n in range(4)
    ]
    path = tmp_path / "book.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    ingest(folder, path)
    with open_reader(folder) as ledger:
        sources = [row.source for row in ledger.sources()]
    run(forget_command, sources[1], "--yes")
    path.write_text(
        "".join(
            json.dumps(record) + "\n"
            for record in [*records, records[0] | {"_id": "r9", "text": PLAIN}]
        )
    )

    report = ingest(folder, path)

    assert report.documents == 4
    assert report.files[0].status is FileStatus.PARTIAL
    assert "1 of its 5 documents" in report.files[0].reason
    assert run(verify_command).exit_code == 0
    run(forget_command, "--lift", f"{path}{sources[1].removeprefix('book.jsonl')}")
    assert ingest(folder, path).documents == 5


def test_a_forgotten_place_keeps_no_new_content_either(index):
    run(forget_command, "people/averill.txt", "--yes")

    with Ledger.open(index) as ledger:
        report = put(ledger, "people/averill.txt", "Something new.")

    assert report.status is FileStatus.REJECTED
    with open_reader(index) as ledger:
        assert [row.source for row in ledger.sources() if row.document_id] == ["harbour.txt"]
