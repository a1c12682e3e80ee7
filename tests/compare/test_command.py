"""A run keeps what it has, whatever happens to one system."""

import json

from click.testing import CliRunner

from rag.evaluate.datasets import QuestionSet
from rag.evaluate.record import Said
from tests.compare.__main__ import Results, compare, main
from tests.compare.environments import LibraryMissing
from tests.compare.replies import Literal
from tests.compare.scoring import Reply, Run
from tests.compare.table import NOTES


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
