import pytest

from rag.errors import LoadError
from rag.models.train.sources import UNKNOWN, read_examples
from tests.models.train.made import reader_rows, write_lines, write_training_set


def test_an_answer_is_where_the_example_says(tmp_path):
    examples = list(read_examples(write_training_set(tmp_path)))

    marked = [e for e in examples if e.answer]

    assert len(marked) == 4
    assert {e.passage[slice(*e.answer)] for e in marked} == {"paris", "london"}


def test_a_question_made_by_negation_is_left_out(tmp_path):
    row = reader_rows()[1]
    rows = [row | {"rule": "negation"}, row | {"rule": "antonym-swap", "question": "who ran?"}]
    write_lines(tmp_path / "reader-synthetic-unanswerable.jsonl.gz", rows)

    questions = [e.question for e in read_examples(tmp_path)]

    assert questions == ["who ran?"]


def test_the_answer_most_annotators_gave_is_learned(tmp_path):
    votes = [
        {"text": "the cat", "start": 0},
        {"text": "cat", "start": 4},
        {"text": "cat", "start": 4},
    ]
    row = {"question": "who sat?", "context": "the cat sat", "answers": votes, "answerable": True}
    write_lines(tmp_path / "reader-qamr.jsonl.gz", [row])

    (example,) = read_examples(tmp_path)

    assert example.answer == (4, 7)


def test_a_near_miss_is_not_called_irrelevant(tmp_path):
    examples = list(read_examples(write_training_set(tmp_path)))

    human = [e.relevant for e in examples if not e.answerable and e.weight == 2.0]
    mined = [e.relevant for e in examples if not e.answerable and e.weight != 2.0]

    assert set(human) == {UNKNOWN}
    assert mined == [0]


def test_an_answer_that_is_not_there_is_an_error_naming_the_line(tmp_path):
    rows = reader_rows()
    rows[2]["answers"] = [{"text": "paris", "start": 1}]

    with pytest.raises(LoadError, match=r"reader-unansq-twins\.jsonl\.gz, line 3"):
        list(read_examples(write_training_set(tmp_path, rows)))


def test_a_file_that_is_not_gzip_is_an_error_naming_it(tmp_path):
    (tmp_path / "reader-qamr.jsonl.gz").write_text("{}")

    with pytest.raises(LoadError, match=r"reader-qamr\.jsonl\.gz"):
        list(read_examples(tmp_path))


def test_a_folder_without_sets_is_an_error(tmp_path):
    with pytest.raises(LoadError, match="holds no reader-NAME"):
        list(read_examples(tmp_path))
