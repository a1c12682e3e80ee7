"""What is compared is judged by one rule, and every system speaks the same lines."""

import json
import os
import re
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from click.testing import CliRunner

from rag.evaluate.datasets import Question, QuestionSet
from rag.evaluate.record import Quote, Said
from tests.compare import system
from tests.compare.__main__ import Results, compare, main
from tests.compare.environments import LibraryMissing, python_of
from tests.compare.material import plain, sample, write_corpus
from tests.compare.refusals import REFUSALS, refuses
from tests.compare.scoring import Reply, Run, figures, reply_of
from tests.compare.table import NOTES, ROWS, judge_line, markdown, summary
from tests.compare.talk import SystemFailed, talking

TEXTS = {"mill": ("Mill", "Its age is unknown. It has four sails."), "pier": ("Pier", "x")}


class Literal:
    """A judge that wants the very words."""

    name = "literal"

    def supports(self, evidence, statements):
        return [s.rstrip(".") in e for e, s in zip(evidence, statements, strict=True)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n",
        "I don't know.",
        "I\u2019m sorry, but that is nowhere in the text.",
        "The context does not provide the year. It lists the owners.",
        "The provided context does not explicitly mention a price.",
        "The documents do not say.",
        "There is no information about this.",
        "The year is not mentioned.",
        "It is not specified in the passage.",
        "The price isn't given in the provided text.",
        "Information on the crew is not available.",
        "The answer to the question is not given.",
        "Empty Response",
        "Unknown.",
        "Answer: not stated",
        "I do not have enough information to answer.",
        "Based on the context, we cannot determine who built it.",
        "It is not possible to say when it opened.",
        "The question cannot be answered from these documents.",
        "There is insufficient information in the text.",
        "The mill opened in 1904. The text does not say who built it.",
    ],
)
def test_a_refusal_is_recognised_however_it_is_worded(text):
    assert refuses(text)


@pytest.mark.parametrize(
    "text",
    [
        "The mill opened in 1904.",
        "No ship sails on Sundays.",
        "He knows the answer.",
        "The answer is no, and the internet is not available on all ships.",
        "The fare does not include meals.",
        "Meals are not provided on board.",
        "Passengers cannot bring bicycles.",
        "Bicycles are not available on Fridays.",
        "The captain was not given the letter.",
        "Dogs do not have to be on a lead.",
        "The origin of the name is unknown to most visitors.",
        "You cannot take a car on this ship.",
    ],
)
def test_an_answer_is_none(text):
    assert not refuses(text)


def test_every_pattern_of_a_refusal_is_needed_by_an_example():
    examples = test_a_refusal_is_recognised_however_it_is_worded.pytestmark[0].args[1]

    unused = [p for p in REFUSALS if not any(_matches(p, text) for text in examples)]

    assert unused == []


def _matches(pattern, text):
    return re.search(pattern, text, re.IGNORECASE) is not None


def question(id_, *golds):
    return Question(id_, f"{id_}?", bool(golds), golds, labelled=True)


def test_a_passage_that_is_returned_stands_behind_every_sentence():
    line = {
        "text": "It has four sails. It is red [1].",
        "sources": [["mill", 20, "It has four sails."], ["mill", 3, "It has"], ["pier", None, "x"]],
        "sentences": None,
        "ms": 5,
    }

    reply = reply_of(question("a", "four"), line, TEXTS)

    assert [said.text for said in reply.said] == ["It has four sails.", "It is red [1]."]
    assert [q.exact for q in reply.said[1].quotes] == [True, False, False]
    assert reply.said[0].quotes[0].title == "Mill"
    assert reply.marked == 1


def test_a_sentence_that_brings_its_own_quotes_keeps_them():
    line = {
        "text": "Rye bread",
        "sources": [],
        "sentences": [["Rye bread", [["Bakery", "Rye bread on Fridays", True]]]],
        "ms": 5,
    }

    reply = reply_of(question("a", "rye"), line, {})

    assert reply.said == (Said("Rye bread", (Quote("Rye bread on Fridays", "Bakery", True),)),)
    assert reply.marked == 1


def four_replies():
    passages = (
        Quote("It has four sails. It is old.", "Mill", True),
        Quote("x", "Pier", False),
    )
    quoted = (Said("Rye bread", (Quote("Rye bread on Fridays", "Bakery", True),)),)
    return [
        Reply(
            question("a", "four"),
            "It has four sails.",
            (Said("It has four sails.", passages),),
            ms=50,
        ),
        Reply(question("b", "rye"), "I don't know.", (Said("I don't know.", passages),), ms=60),
        Reply(question("c"), "Rye bread", quoted, 1, 70),
        Reply(question("d"), error="boom", ms=9000),
    ]


def test_figures_count_refusals_as_abstentions_and_errors_as_no_answers():
    run = Run(replies=four_replies())

    found = {key: figure.value for key, figure in figures(run, {}, Literal()).items()}

    assert found["answered.answerable"] == 0.5
    assert found["answered.unanswerable"] == 0.5
    assert found["answers.contains"] == 0.5
    assert found["answers.f1"] == pytest.approx(0.4 / 2)
    assert found["errors"] == 1
    assert found["speed.answer_p50_ms"] == 60  # an error is not a fast answer


def test_figures_check_citations_of_what_was_answered_alone():
    run = Run(replies=four_replies())

    found = {key: figure.value for key, figure in figures(run, {}, Literal()).items()}

    assert found["citations.recall"] == 1
    assert found["citations.precision"] == 0.75  # the pier was not needed
    assert found["citations.quote_fidelity"] == pytest.approx(2 / 3)
    assert found["citations.sentences_cited"] == 0.5
    assert found["citations.words"] == 6  # of 8 behind one sentence and 4 behind the other


def test_figures_score_rankings_by_the_order_of_documents():
    run = Run(ranked={"a": ["mill", "pier"], "b": ["pier", "mill"], "c": ["pier"]})

    found = figures(run, {"a": {"mill": 1}, "b": {"mill": 1}}, Literal())

    assert found["retrieval.ndcg@10"].value == pytest.approx((1 + 0.6309) / 2, abs=1e-3)
    assert found["retrieval.recall@5"].value == 1
    assert found["retrieval.recall@5"].n == 2


def test_a_system_that_failed_stays_in_every_row_with_its_reason_below():
    ran = {
        "answered.answerable": {"value": 0.5, "ci95": [0.4, 0.6]},
        "answers.f1": {"value": None, "ci95": [None, None]},
        "speed.ingest_seconds": {"value": 1.25, "ci95": [1.25, 1.25]},
    }

    text = markdown("set", {"ours": ran, "theirs": "no wheel"})

    assert "| answerable questions answered | 0.50 ±0.10 | failed |" in text
    assert "| ingest, seconds | 1.2 | failed |" in text
    assert "theirs failed: no wheel" in text
    assert "token F1" not in text


def test_the_summary_holds_one_figure_a_set_in_each_cell():
    def column(share):
        return {"answered.answerable": {"value": share, "ci95": [0, 1]}}

    text = summary({"a": {"ours": column(0.5), "theirs": "no wheel"}, "b": {"ours": column(1.0)}})

    assert "| a / b | ours | theirs |" in text
    assert "| answerable questions answered | 0.50 / 1.00 | failed / failed |" in text


def test_an_earlier_result_is_shown_again_without_measuring(tmp_path):
    column = {"figures": {"answered.answerable": {"value": 0.5, "ci95": [0.4, 0.6]}}}
    result = {
        "date": "2026-01-01",
        "command": "make compare",
        "machine": {"cores": 2},
        "judge": {"judge": "j", "judged_claims": 0, "unreliable": True},
        "questions": {"mills": 3},
        "sets": {"mills": {"quotewell": column, "txtai": "no wheel"}},
    }
    (tmp_path / "result.json").write_text(json.dumps(result), encoding="utf-8")

    done = CliRunner().invoke(main, ["--show", str(tmp_path / "result.json")])

    assert done.exit_code == 0
    assert "### mills, 3 questions" in done.output
    assert "0.50 ±0.10 | failed" in done.output
    assert "txtai failed: no wheel" in done.output
    assert NOTES in done.output


def a_set(folder):
    (folder / "corpus.jsonl").write_text('{"_id": "mill", "title": "", "text": "x"}\n', "utf-8")
    rows = [json.dumps({"_id": f"q{n}", "text": "?"}) for n in range(4)]
    (folder / "queries.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return QuestionSet.read(folder)


def test_a_system_that_fails_does_not_keep_the_others_from_being_measured(tmp_path):
    def measured(system, questions, chosen):
        if system == "broken":
            raise LibraryMissing("broken cannot be installed: no wheel")
        return Run(replies=[Reply(q, "yes", (Said("yes", ()),)) for q in chosen])

    results = Results({"questions": {}, "sets": {}}, tmp_path / "out.json")
    drawn = {"split": None, "limit": 2, "seed": 0}

    interrupted = compare(
        [a_set(tmp_path)], ["broken", "sound"], drawn, measured, Literal(), results
    )

    kept = json.loads((tmp_path / "out.json").read_text("utf-8"))["sets"][tmp_path.name]
    assert not interrupted
    assert kept["broken"] == "broken cannot be installed: no wheel"
    assert [reply["text"] for reply in kept["sound"]["replies"]] == ["yes", "yes"]
    assert kept["sound"]["figures"]["answered.answerable"]["value"] == 1


def test_an_interrupt_keeps_what_was_measured_before_it(tmp_path):
    def measured(system, questions, chosen):
        if system == "second":
            raise KeyboardInterrupt
        return Run()

    results = Results({"questions": {}, "sets": {}}, None)
    drawn = {"split": None, "limit": 2, "seed": 0}

    interrupted = compare(
        [a_set(tmp_path)], ["first", "second", "third"], drawn, measured, Literal(), results
    )

    assert interrupted
    assert list(results.whole["sets"][tmp_path.name]) == ["first"]


def test_an_unknown_system_is_refused_by_name():
    done = CliRunner().invoke(main, ["--systems", "quotewell,haystack"])

    assert done.exit_code == 2
    assert "no system 'haystack'" in done.output


def test_every_row_of_the_table_is_a_figure_that_is_made():
    run = Run(replies=four_replies(), ranked={"a": ["mill"]}, search_ms=[5.0])

    made = figures(run, {"a": {"mill": 1}}, Literal())

    assert set(ROWS) <= set(made)


def test_the_notes_name_every_other_system():
    for name in ("langchain", "llamaindex", "txtai"):
        assert f"- {name}: " in NOTES


@pytest.mark.parametrize(
    ("trust", "said"),
    [
        ({"judge": "j", "judged_claims": 0, "unreliable": True}, "no claim set"),
        (
            {"judge": "j", "judged_claims": 9, "accuracy": 0.8, "kappa": 0.4, "unreliable": True},
            "0.80 of 9 claims (kappa 0.40; below",
        ),
        ({"judge": "j", "judged_claims": 9, "accuracy": 0.9, "kappa": 0.8}, "(kappa 0.80)."),
    ],
)
def test_the_judges_agreement_is_told_with_its_figures(trust, said):
    assert said in judge_line(trust)


SCRIPT = """
import os, sys, time
from system import serve
class Echo:
    def ingest(self, documents, folder): return len(documents)
    def search(self, question, k): print('noise'); os.system('echo more'); return [question] * k
    def ask(self, question, scope):
        if question == 'die': os._exit(3)
        if question == 'sleep': time.sleep(60)
        if question == 'fail': raise ValueError('lost')
        return 'yes', [['1', 0, question]]
serve(Echo, 'click', 'no-such-package')
"""


@pytest.fixture
def echo(tmp_path):
    script = tmp_path / "echo.py"
    script.write_text(SCRIPT, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(Path(system.__file__).parent)}
    command = [sys.executable, str(script)]
    with talking(command, environment=environment, cwd=tmp_path, log=tmp_path / "log") as talk:
        yield talk


def test_a_system_answers_line_by_line_whatever_its_library_prints(echo, tmp_path):
    corpus = tmp_path / "corpus.jsonl"
    write_corpus(TEXTS, corpus)

    started = echo.must(do="start")
    ingested = echo.must(do="ingest", corpus=str(corpus), folder="")
    found = echo.must(do="search", question="q", k=2)
    answer = echo.must(do="ask", question="q", scope=[])

    assert started["versions"]["no-such-package"] == "not installed"
    assert started["versions"]["click"][0].isdigit()
    assert ingested["chunks"] == 2
    assert found["ids"] == ["q", "q"]
    assert (answer["text"], answer["sentences"]) == ("yes", None)
    assert answer["peak_mb"] > 1
    assert set((tmp_path / "log").read_text("utf-8").split()) == {"noise", "more"}


def test_an_error_of_a_library_is_an_answer_and_the_next_question_is_still_asked(echo):
    echo.must(do="start")

    failed = echo.say(do="ask", question="fail", scope=[])

    assert failed["error"] == "ValueError: lost"
    assert echo.must(do="ask", question="q", scope=[])["text"] == "yes"
    with pytest.raises(SystemFailed, match="ask failed: ValueError: lost"):
        echo.must(do="ask", question="fail", scope=[])


def test_a_process_that_dies_is_reported_with_its_last_words(echo):
    echo.must(do="start")
    echo.must(do="search", question="q", k=1)

    with pytest.raises(SystemFailed, match="no answer to 'ask': exit 3, "):
        echo.say(do="ask", question="die", scope=[])


def test_a_process_that_is_late_is_ended(echo):
    echo.must(do="start")
    echo.patience_s = 0.3

    with pytest.raises(SystemFailed, match="exit -9"):
        echo.say(do="ask", question="sleep", scope=[])


def test_an_interrupt_leaves_no_process_and_no_child_of_one(tmp_path):
    script = "import subprocess, sys; c = subprocess.Popen(['sleep', '60']); print(c.pid); c.wait()"
    command = [sys.executable, "-u", "-c", script]
    child = 0

    with (
        suppress(KeyboardInterrupt),
        talking(command, environment=os.environ, cwd=tmp_path, log=tmp_path / "log") as talk,
    ):
        child = int(talk.process.stdout.readline())
        raise KeyboardInterrupt

    assert talk.process.returncode is not None
    assert _gone(child)


def _gone(pid):
    for _ in range(100):
        stat = Path(f"/proc/{pid}/stat")
        if not stat.exists() or stat.read_text().rsplit(")", 1)[1].split()[0] == "Z":
            return True
        time.sleep(0.02)
    return False


def test_an_environment_that_cannot_be_made_says_so(tmp_path):
    wanted = tmp_path / "absent.txt"
    wanted.write_text("absent==1.0\n", encoding="utf-8")
    (tmp_path / "taken").write_text("a file, no folder", encoding="utf-8")

    with pytest.raises(LibraryMissing, match="absent cannot be installed: "):
        python_of("absent", place=tmp_path / "taken", wanted=wanted)


@pytest.mark.slow
def test_a_library_that_no_index_has_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    wanted = tmp_path / "absent.txt"
    wanted.write_text("quotewell-no-such-package==1.0\n", encoding="utf-8")

    with pytest.raises(LibraryMissing, match="absent cannot be installed: ERROR: No matching"):
        python_of("absent", place=tmp_path, wanted=wanted)

    assert not (tmp_path / "absent" / "ready.txt").exists()


@pytest.mark.slow
def test_an_environment_is_made_once_and_again_when_its_pins_change(tmp_path):
    wanted = tmp_path / "none.txt"
    wanted.write_text("# nothing\n", encoding="utf-8")

    python = python_of("none", place=tmp_path, wanted=wanted)
    before = (tmp_path / "none" / "ready.txt").stat().st_mtime_ns
    python_of("none", place=tmp_path, wanted=wanted)

    assert (tmp_path / "none" / "ready.txt").stat().st_mtime_ns == before
    subprocess.run([str(python), "-c", "import pip"], check=True)
    wanted.write_text("# still nothing\n", encoding="utf-8")
    python_of("none", place=tmp_path, wanted=wanted)
    assert (tmp_path / "none" / "ready.txt").read_text("utf-8") == "# still nothing\n"


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
    (tmp_path / "corpus" / "b.json").write_text('[{"x": "one"}, {"x": "two"}]', encoding="utf-8")
    query = json.dumps({"_id": "q", "text": "?"})
    (tmp_path / "queries.jsonl").write_text(query + "\n", encoding="utf-8")

    texts = plain(QuestionSet.read(tmp_path))

    assert set(texts) == {"deep/a.md", "b.json"}
    assert "Four sails." in texts["deep/a.md"][1]
    assert "one" in texts["b.json"][1]
    assert "two" in texts["b.json"][1]


def test_the_sample_corpus_is_a_set_that_can_be_compared():
    questions = sample()

    assert questions.qrels
    assert {q.answerable for q in questions.questions} == {True, False}
