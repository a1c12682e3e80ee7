import json

import pytest

from rag.errors import LoadError
from rag.evaluate.datasets import QuestionSet, half, read_claims, sampled
from rag.evaluate.places import carried_over, located
from tests.evaluate.sets import write_claims, write_set


def test_a_set_is_read_with_all_its_gold(tmp_path):
    write_set(tmp_path)

    found = QuestionSet.read(tmp_path)

    by_id = {q.id: q for q in found.questions}
    assert by_id["open"].answers == ("nine", "at nine")
    assert by_id["open"].spans == ((10, 22),)
    assert by_id["moon"].answerable is False
    assert by_id["sails"].wrong_answers == ("six",)
    assert found.qrels["open"] == {"mill": 1}


def test_a_document_says_nothing_that_is_there_for_scoring(tmp_path):
    write_set(tmp_path)

    rows = list(QuestionSet.read(tmp_path).readable())

    assert {key for row in rows for key in row} == {"_id", "title", "text"}
    assert "poison" not in json.dumps(rows)


def test_a_document_without_text_is_its_title_and_an_empty_one_is_left_out(tmp_path):
    write_set(tmp_path)
    with (tmp_path / "corpus.jsonl").open("a") as out:
        out.write('{"_id": "t", "title": "Only a title", "text": ""}\n')
        out.write('{"_id": "e", "title": "", "text": " "}\n')

    rows = {row["_id"]: row["text"] for row in QuestionSet.read(tmp_path).readable()}

    assert rows["t"] == "Only a title"
    assert "e" not in rows


def append(path, text):
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        ("corpus.jsonl", "{broken\n", ["corpus.jsonl, line 6", "not JSON"]),
        ("corpus.jsonl", '{"_id": "mill", "text": "x"}\n', ["line 6", "'mill'", "line 1"]),
        ("corpus.jsonl", '{"text": "x"}\n', ["line 6", "'_id'"]),
        ("queries.jsonl", "[1]\n", ["queries.jsonl, line 5", "not an object"]),
        ("queries.jsonl", '{"_id": "q", "text": " "}\n', ["line 5", "'text'"]),
        (
            "queries.jsonl",
            '{"_id": "q", "text": "x", "metadata": {"scope": ["gone"]}}\n',
            ["line 5", "'gone'", "corpus"],
        ),
        (
            "queries.jsonl",
            '{"_id": "q", "text": "x", "metadata": {"spans": [[5, 5]]}}\n',
            ["line 5", "'spans'", "[start, end]"],
        ),
        (
            "queries.jsonl",
            '{"_id": "q", "text": "x", "metadata": {"answerable": "no"}}\n',
            ["line 5", "'answerable'", "true or false"],
        ),
        ("qrels/test.tsv", "open\tgone\t1\n", ["test.tsv, line 5", "'gone'"]),
        ("qrels/test.tsv", "lost\tmill\t1\n", ["test.tsv, line 5", "'lost'"]),
        ("qrels/test.tsv", "open mill 1\n", ["test.tsv, line 5", "whole number"]),
    ],
)
def test_a_bad_line_is_named_by_file_and_number(tmp_path, file, text, words):
    write_set(tmp_path)
    append(tmp_path / file, text)

    with pytest.raises(LoadError) as caught:
        QuestionSet.read(tmp_path)

    assert all(word in str(caught.value) for word in words), caught.value


@pytest.mark.parametrize("file", ["corpus.jsonl", "queries.jsonl"])
def test_a_missing_and_an_empty_file_are_named(tmp_path, file):
    write_set(tmp_path)
    (tmp_path / file).write_text("")
    with pytest.raises(LoadError, match=f"{file} is empty"):
        QuestionSet.read(tmp_path)

    (tmp_path / file).unlink()
    with pytest.raises(LoadError, match=file):
        QuestionSet.read(tmp_path)


def test_qrels_without_their_header_do_not_lose_a_line(tmp_path):
    write_set(tmp_path)
    (tmp_path / "qrels" / "test.tsv").write_text("open\tmill\t1\n")

    with pytest.raises(LoadError, match="line 1 must be query-id"):
        QuestionSet.read(tmp_path)


def test_a_folder_of_files_stands_in_for_a_corpus(tmp_path):
    write_set(tmp_path)
    (tmp_path / "corpus.jsonl").unlink()
    for name in ("mill", "lie", "bakery", "twin", "crane"):
        path = tmp_path / "corpus" / "sub" / f"{name}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# {name}\n\nSome text.")
    (tmp_path / "queries.jsonl").write_text('{"_id": "q", "text": "What?"}\n')
    (tmp_path / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq\tsub/mill.md\t1\n")

    found = QuestionSet.read(tmp_path)

    assert found.source_of("sub/mill.md") == "corpus/sub/mill.md"
    assert found.ids_of(["corpus/sub/mill.md", "corpus/sub/mill.md#3", "x/sub/mill.md"]) == [
        "sub/mill.md"
    ]


def test_claims_are_read_and_a_wrong_label_is_named(tmp_path):
    write_claims(tmp_path)
    assert [c.supported for c in read_claims(tmp_path)] == [True, False, True, False]

    append(
        tmp_path / "claims.jsonl",
        '{"_id": "x", "claim": "c", "evidence": ["e"], "label": "partly"}\n',
    )
    with pytest.raises(LoadError, match=r"line 5: 'label' is supported or unsupported.*partly"):
        read_claims(tmp_path / "claims.jsonl")


def test_halves_are_disjoint_complete_and_never_change(tmp_path):
    write_claims(tmp_path)
    items = read_claims(tmp_path)

    halves = [sampled(items, split=s, limit=None, seed=0) for s in ("calibrate", "report")]

    assert sorted(i.id for part in halves for i in part) == sorted(i.id for i in items)
    assert (half("0"), half("1"), half("2")) == ("report", "report", "calibrate")


def test_a_sample_has_the_size_asked_for_and_follows_the_seed(tmp_path):
    write_claims(tmp_path)
    items = read_claims(tmp_path)

    draws = {tuple(sampled(items, split=None, limit=2, seed=s)) for s in range(20)}

    assert {len(draw) for draw in draws} == {2}
    assert len(draws) > 1
    assert sampled(items, split=None, limit=2, seed=5) == sampled(
        items, split=None, limit=2, seed=5
    )


def test_a_span_is_found_again_where_only_blanks_changed():
    original = "One  two.\r\n\r\n\tThree four."
    stored = "One two.\nThree four."

    (span,) = carried_over([(original.index("Three"), original.index(" four"))], original, stored)

    assert span.of(stored) == "Three"


def test_a_span_is_found_nearest_to_its_place_where_characters_changed():
    original = "* item\nnine\n" + "x" * 40 + " nine"
    stored = "item\nnine\n" + "x" * 40 + " nine"
    late = original.rindex("nine")

    (span,) = carried_over([(late, late + 4)], original, stored)

    assert span.start == stored.rindex("nine")


def test_a_span_that_is_not_there_any_more_is_left_out():
    assert carried_over([(0, 3)], "abc def", "zzz zzz") == []
    assert carried_over([(3, 4)], "abc def", "abc def") == []  # a blank


def test_a_sentence_is_located_whatever_its_blanks():
    stored = "The mill\nopens at nine ."

    span = located("mill opens at nine.", stored)

    assert span.of(stored) == "mill\nopens at nine ."
    assert located("closes", stored) is None
