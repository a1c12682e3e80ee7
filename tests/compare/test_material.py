"""All systems read the same plain texts."""

import json

from rag.evaluate.datasets import QuestionSet
from tests.compare.material import plain, sample


def test_a_corpus_of_lines_is_handed_on_without_its_metadata(tmp_path):
    row = {"_id": "a", "title": "T", "text": "x", "metadata": {"type": "poison"}}
    (tmp_path / "corpus.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    query = json.dumps({"_id": "q", "text": "?"})
    (tmp_path / "queries.jsonl").write_text(query + "\n", encoding="utf-8")

    texts = plain(QuestionSet.read(tmp_path))

    assert texts == {"a": ("T", "x")}


def test_a_corpus_of_files_becomes_one_text_a_file(tmp_path):
    (tmp_path / "corpus" / "deep").mkdir(parents=True)
    (tmp_path / "corpus" / "deep" / "a.md").write_text("# Mill\n\nFour sails.\n", encoding="utf-8")
    rows = '{"text": "one"}\n{"text": "two"}\n'
    (tmp_path / "corpus" / "b.jsonl").write_text(rows, encoding="utf-8")
    query = json.dumps({"_id": "q", "text": "?"})
    (tmp_path / "queries.jsonl").write_text(query + "\n", encoding="utf-8")

    texts = plain(QuestionSet.read(tmp_path))

    assert set(texts) == {"deep/a.md", "b.jsonl"}
    assert "Four sails." in texts["deep/a.md"][1]
    assert "one" in texts["b.jsonl"][1]
    assert "two" in texts["b.jsonl"][1]


def test_the_sample_corpus_is_a_set_that_can_be_compared():
    questions = sample()

    assert questions.qrels
    assert {q.answerable for q in questions.questions} == {True, False}
