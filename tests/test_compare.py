"""What is compared is judged by one rule, and every system speaks the same lines."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from rag.evaluate.datasets import Question
from rag.evaluate.record import Quote, Said
from tests.compare import system
from tests.compare.scoring import Reply, Run, refuses, said_by, scores
from tests.compare.table import markdown


class Literal:
    """A judge that wants the very words."""

    name = "literal"

    def supports(self, evidence, statements):
        return [s.rstrip(".") in e for e, s in zip(evidence, statements, strict=True)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "I don't know.",
        "I\u2019m sorry, but that is nowhere in the text.",
        "The context does not provide the year. It lists the owners.",
        "The provided context does not explicitly mention a price.",
        "There is no information about this.",
        "It is not specified in the passage.",
        "Empty Response",
        "I do not have enough information to answer.",
    ],
)
def test_a_refusal_is_recognised_however_it_is_worded(text):
    assert refuses(text)


@pytest.mark.parametrize(
    "text",
    [
        "The mill opened in 1904.",
        "No ship sails on Sundays.",
        "The mill opened in 1904. I don't know who built it.",
        "He knows the answer.",
    ],
)
def test_an_answer_is_none(text):
    assert not refuses(text)


def question(id_, *golds):
    return Question(id_, f"{id_}?", bool(golds), golds, labelled=True)


def test_scores_count_refusals_and_check_citations():
    held = said_by("It has four sails.", [["Mill", "It has four sails. It is old."], ["Pier", "x"]])
    quoted = [Said("Rye bread", (Quote("Rye bread on Fridays", "Bakery", True),))]
    run = Run(
        2.0,
        7,
        100.0,
        [
            Reply(question("a", "four"), ["mill", "pier"], 5, "It has four sails.", held, 50),
            Reply(question("b", "rye"), ["pier", "mill"], 7, "I don't know.", [], 60),
            Reply(question("c"), [], 9, "Rye bread", quoted, 70),
            Reply(question("d"), [], 9, "", [], 70, error="boom"),
        ],
    )

    found = scores(run, {"a": {"mill": 1}, "b": {"mill": 1}}, Literal())

    assert found["answered"] == 0.5
    assert found["unanswerable_answered"] == 0.5
    assert found["contains"] == 0.5
    assert found["f1"] == pytest.approx((0.4) / 2)
    assert found["citation_recall"] == 1
    assert found["citation_precision"] == 0.75  # the pier was not needed
    assert found["exact_quotes"] == pytest.approx(1 / 3)
    assert found["ndcg@10"] == pytest.approx((1 + 0.6309) / 2, abs=1e-3)
    assert found["answer_p50_ms"] == 65
    assert found["errors"] == 1


def test_a_system_that_failed_stays_in_the_table_with_its_reason():
    row = {"answered": 0.5, "f1": None, "ingest_s": 1.25}

    text = markdown({"set": {"ours": row, "theirs": "no wheel"}})

    assert "| answerable questions answered | 0.50 | failed |" in text
    assert "theirs failed: no wheel" in text
    assert "token F1" not in text


def test_a_system_answers_line_by_line_and_an_error_is_a_reply(tmp_path):
    script = tmp_path / "echo.py"
    script.write_text(
        "from system import serve\n"
        "class Echo:\n"
        "    def ingest(self, documents): return len(documents)\n"
        "    def search(self, question, scope, k): print('noise'); return [question] * k\n"
        "    def ask(self, question, scope): raise ValueError('lost')\n"
        "serve(Echo)\n",
        encoding="utf-8",
    )
    corpus = tmp_path / "corpus.jsonl"
    corpus.write_text('{"_id": "1"}\n{"_id": "2"}\n', encoding="utf-8")
    common = {"question": "q", "scope": []}
    lines = [
        {"do": "ingest", "documents": str(corpus)},
        {"do": "search", "k": 2, **common},
        {"do": "ask", **common},
    ]

    done = subprocess.run(
        [sys.executable, str(script)],
        input="".join(json.dumps(line) + "\n" for line in lines),
        env={"PYTHONPATH": str(Path(system.__file__).parent)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip

    first, second, third = (json.loads(line) for line in done.stdout.splitlines())
    assert first["chunks"] == 2
    assert second["ids"] == ["q", "q"]
    assert third["error"] == "ValueError: lost"
    assert "noise" in done.stderr
