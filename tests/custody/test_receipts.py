"""What a receipt keeps, that a changed one is refused, and what became of its quotes."""

import json

import pytest
from click.testing import CliRunner

from rag.custody.commands import recheck_command
from rag.custody.receipt import quotes_of, read_receipt, receipt_of, save_receipt
from rag.custody.recheck import Standing, recheck
from rag.errors import IndexNotFound, RecordAltered
from rag.testing import pipeline_of
from rag.types import Outcome
from tests.custody.material import index_of, opened

FERRY = (
    "The ferry to Ulsay leaves at nine. A return ticket to Ulsay costs twelve crowns.\n\n"
    "Dogs travel free on the lower deck.\n"
)
OTHER = "The library lends books for thirty days. Members pay nothing."
QUOTE = "A return ticket to Ulsay costs twelve crowns."


@pytest.fixture
def receipt(folder, tmp_path):
    """Return the receipt of an answer from an index of two documents."""
    index_of(folder, {"ferry.txt": FERRY, "library.txt": OTHER})
    rag = opened(folder)
    answer = rag.ask("What does a return ticket to Ulsay cost?")
    save_receipt(tmp_path / "receipt.json", answer, rag)
    rag.snapshot.close()
    return read_receipt(tmp_path / "receipt.json")


def standing(receipt, folder):
    (one,) = recheck(receipt, folder)
    return one


def edited(path, change):
    record = json.loads(path.read_text())
    change(record)
    path.write_text(json.dumps(record))


def test_a_receipt_names_all_that_the_answer_rests_on(receipt):
    assert receipt["outcome"] == "answered"
    assert receipt["question"] == "What does a return ticket to Ulsay cost?"
    assert receipt["build"]
    assert receipt["models"]["embedder"] == {"name": "hashing", "fingerprint": "hashing-256"}
    assert set(receipt["models"]) == {"embedder", "verifier"}
    assert receipt["policy"]["relevance_floor"] == 0.05
    assert receipt["policy"]["gate"] == 0.05
    (quoted,) = quotes_of(receipt)
    assert (quoted.source, quoted.quote) == ("ferry.txt", QUOTE)
    assert FERRY[quoted.start : quoted.end] == QUOTE


@pytest.mark.parametrize(
    "change",
    [
        lambda record: record.update(text="A return ticket costs two crowns."),
        lambda record: record["claims"][0]["citations"][0].update(quote="x" * len(QUOTE)),
        lambda record: record["policy"].update(gate=0.0),
        lambda record: record.pop("build"),
        lambda record: record.update(extra=1),
        lambda record: record.update(kind="something else"),
        lambda record: record.pop("sha256"),
    ],
)
def test_a_changed_receipt_is_refused(receipt, tmp_path, change):
    edited(tmp_path / "receipt.json", change)

    with pytest.raises(RecordAltered, match=r"receipt\.json"):
        read_receipt(tmp_path / "receipt.json")


@pytest.mark.parametrize("data", [b"", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b'{"a": 1}'])
def test_what_is_no_receipt_is_refused(tmp_path, data):
    (tmp_path / "receipt.json").write_bytes(data)

    with pytest.raises(RecordAltered, match="is no quotewell receipt"):
        read_receipt(tmp_path / "receipt.json")


@pytest.mark.parametrize(
    "wrong", [{"start": "35"}, {"end": 81}, {"start": -1}, {"quote": None}, {"source": 3}]
)
def test_a_quote_that_is_none_is_refused_even_if_the_sum_is_right(receipt, folder, wrong):
    receipt["claims"][0]["citations"][0].update(wrong)

    with pytest.raises(RecordAltered, match="quote"):
        recheck(receipt, folder)


def test_a_receipt_laid_out_anew_is_still_the_same(receipt, tmp_path):
    edited(tmp_path / "receipt.json", lambda record: None)

    assert read_receipt(tmp_path / "receipt.json") == receipt


def test_a_quote_stands_while_its_characters_are_where_they_were(receipt, folder):
    index_of(folder, {"ferry.txt": FERRY + "\nNo bicycles after dusk.\n"})

    one = standing(receipt, folder)

    assert one.standing is Standing.STANDS
    assert one.place.text == QUOTE


def test_a_quote_stands_in_a_document_of_the_same_name_that_was_read_from_elsewhere(
    receipt, folder
):
    other = type(folder).named(folder.root.parent, "other")
    index_of(other, {"ferry.txt": FERRY}, below="/moved")

    one = standing(receipt, other)

    assert one.standing is Standing.STANDS
    assert one.place.document_id != one.quoted.document_id


@pytest.mark.parametrize(
    ("before", "after"),
    [("Read this first.\n\n", QUOTE), ("", "A return ticket  to Ulsay\ncosts twelve crowns.")],
)
def test_a_quote_whose_words_lie_elsewhere_in_its_document_has_moved(
    receipt, folder, before, after
):
    now = before + FERRY.replace(QUOTE, after)
    index_of(folder, {"ferry.txt": now})

    one = standing(receipt, folder)

    assert one.standing is Standing.MOVED
    assert one.place.source == "ferry.txt"
    assert now[one.place.start : one.place.end] == after == one.place.text


def test_of_several_places_the_one_nearest_to_where_it_was_is_told(receipt, folder):
    now = f"{QUOTE}\n\n{'Nothing of note. ' * 40}\n\nNews. {FERRY}\n\n{QUOTE}"
    index_of(folder, {"ferry.txt": now})

    one = standing(receipt, folder)

    assert one.place.start == now.index(QUOTE)  # 0 is nearer to 35 than 700 is


def test_a_quote_in_a_document_of_another_name_has_moved(receipt, folder):
    index_of(folder, {"ferry.txt": OTHER + " New.", "timetable.txt": "Spring.\n\n" + FERRY})

    one = standing(receipt, folder)

    assert one.standing is Standing.MOVED
    assert one.place.source == "timetable.txt"
    assert one.place.text == QUOTE


def test_a_quote_that_changed_is_gone_and_the_sentence_most_like_it_is_shown(receipt, folder):
    index_of(folder, {"ferry.txt": FERRY.replace("twelve", "fourteen")})

    one = standing(receipt, folder)

    assert one.standing is Standing.GONE
    assert one.place is None
    assert one.nearest.text == "A return ticket to Ulsay costs fourteen crowns."


def test_a_quote_nothing_resembles_is_gone_without_a_neighbour(receipt, folder):
    index_of(folder, {"ferry.txt": "The harbour is closed in winter."})

    one = standing(receipt, folder)

    assert one.standing is Standing.GONE
    assert one.nearest is None


def test_an_index_that_is_not_there_is_an_error(receipt, folder):
    missing = type(folder).named(folder.root.parent, "absent")

    with pytest.raises(IndexNotFound):
        recheck(receipt, missing)


def run(tmp_path, *arguments):
    return CliRunner().invoke(
        recheck_command,
        [str(tmp_path / "receipt.json"), "-i", "demo", *arguments],
        catch_exceptions=False,
    )


def test_the_command_prints_each_quote_and_fails_when_one_is_gone(receipt, folder, tmp_path):
    stands = run(tmp_path)
    index_of(folder, {"ferry.txt": "News.\n\n" + FERRY})
    moved = run(tmp_path)
    index_of(folder, {"ferry.txt": FERRY.replace("twelve", "fourteen")})
    gone = run(tmp_path)

    assert [stands.exit_code, moved.exit_code, gone.exit_code] == [0, 0, 1]
    assert stands.output.startswith("stands ferry.txt 35-80\n")
    assert moved.output.startswith("moved  ferry.txt 35-80 -> ferry.txt 42-87\n")
    assert "costs fourteen crowns" in gone.output
    (told,) = json.loads(run(tmp_path, "--json").output)
    assert told["standing"] == "gone"


def test_the_receipt_of_an_abstention_has_no_quote_to_check(folder, tmp_path):
    index_of(folder, {"ferry.txt": FERRY})
    rag = pipeline_of({"ferry.txt": FERRY})
    answer = rag.ask("Who painted the ceiling of the town hall?")
    save_receipt(tmp_path / "receipt.json", answer, rag)

    shown = run(tmp_path)

    assert answer.outcome is Outcome.ABSTAINED
    assert shown.exit_code == 0
    assert "no quote" in shown.output


def test_both_sides_of_a_disagreement_are_checked():
    rag = pipeline_of(
        {
            "old.md": "The mill opens at 9 am on weekdays.",
            "new.md": "The mill opens at 10 am on weekdays.",
        }
    )
    answer = rag.ask("When does the mill open on weekdays?")

    quoted = quotes_of(receipt_of(answer, rag))

    assert answer.conflicts
    assert {one.source for one in quoted} == {"old.md", "new.md"}
