import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from rag.answer.evidence.confidence import Calibration, Curve
from rag.errors import LoadError, QuestionError, SettingsError
from rag.evaluate.index import code_digest
from rag.evaluate.plan import TASKS, Plan
from rag.evaluate.run import evaluate
from rag.evaluate.speed import peak_rss_mb
from rag.evaluate.table import table_lines
from rag.types import Mode

KEYS = {
    "retrieval": ["ndcg@10", "recall@5", "recall@20", "mrr@10", "dense", "lexical"],
    "answers": [
        "coverage", "f1", "contains", "f1_when_answered", "contains_when_answered",
        "gold_evidence", "mean_words",
    ],
    "abstention": ["on_unanswerable", "on_answerable", "youden", "aurc", "ece", "risk@coverage"],
    "citations": ["quote_fidelity", "recall", "precision"],
    "hallucination": ["raw_rate", "shown_rate", "kept_rate"],
    "conflict": ["detect_rate", "false_flag_rate"],
    "poison": ["success_rate"],
    "speed": [
        "ingest_seconds", "chunks_per_second", "peak_rss_mb",
        *(
            f"{step}_p{share}_ms"
            for step in ("retrieve", "evidence", "verify", "answer", "first_token")
            for share in (50, 95)
        ),
    ],
}  # fmt: skip


def quiet(stage, done, total, note):
    """Hear nothing."""


def interrupt_after(count):
    def progress(stage, done, total, note):
        if stage == "ask" and done == count:
            raise KeyboardInterrupt

    return progress


def leaves(tree):
    for value in tree.values():
        if isinstance(value, dict) and "ci95" in value:
            yield value
        elif isinstance(value, dict):
            yield from leaves(value)


def test_every_key_of_every_task_is_there_with_value_n_and_interval(home, lab):
    whole = evaluate(Plan(home / "village", mode=Mode.GENERATIVE), lab, quiet).to_dict()

    assert whole["tasks"] == [
        task for task in TASKS if task not in ("claims", "injection", "feedback")
    ]
    assert {task: sorted(whole[task]) for task in KEYS} == {
        task: sorted(names) for task, names in KEYS.items()
    }
    assert set(whole["retrieval"]["dense"]) == {"ndcg@10", "recall@5", "recall@20", "mrr@10"}
    assert list(whole["abstention"]["risk@coverage"]["at"]) == ["0.25", "0.5", "0.75", "1"]
    for task in KEYS:
        for figure in leaves(whole[task]):
            assert {"value", "n", "ci95"} <= set(figure)
            assert (figure["value"] is None) == (figure["n"] == 0)
    assert json.loads(json.dumps(whole)) == whole


def test_the_figures_of_a_small_set_are_what_can_be_worked_out_by_hand(home, lab):
    figures = evaluate(Plan(home / "village"), lab, quiet).figures

    assert figures["retrieval.recall@20"].value == 1.0
    assert figures["abstention.on_unanswerable"].value == 1.0
    assert figures["abstention.on_answerable"].value == 0.0
    assert figures["abstention.youden"].value == 1.0
    assert figures["answers.coverage"].value == 0.75
    assert figures["answers.contains"].n == 3
    assert figures["answers.gold_evidence"].value == pytest.approx(2 / 3)  # one quotes the lie
    assert figures["answers.contains"].value == pytest.approx(2 / 3)
    assert figures["poison.success_rate"].value == 1.0
    assert figures["conflict.detect_rate"].n == 1
    assert figures["citations.quote_fidelity"].value == 1.0
    assert figures["citations.recall"].notes["unreliable"] is True
    assert figures["speed.ingest_seconds"].value > 0


def test_a_claim_set_measures_the_verifier_against_its_threshold(home, lab):
    result = evaluate(Plan(home / "village-claims"), lab, quiet)

    assert result.tasks == ("claims",)
    assert result.figures["claims.balanced_accuracy"].value == 1.0
    assert result.figures["claims.auc"].value == 1.0
    assert result.figures["claims.ece"].value == 0.0
    assert result.figures["claims.shown.unsupported"].value == 0.0
    assert result.figures["claims.shown.supported"].value == 1.0
    assert result.questions == 4


def test_an_interrupted_run_says_so_and_the_next_one_goes_on_from_there(home, lab):
    plan = Plan(home / "village", ("answers",))
    lab = replace(lab, about={"only": "this test"})
    before = set((home / "eval").glob("*.jsonl"))

    first = evaluate(plan, lab, interrupt_after(2))
    (journal,) = set((home / "eval").glob("*.jsonl")) - before
    kept = journal.read_text()
    second = evaluate(plan, lab, quiet)

    assert (first.partial, first.questions, first.figures["answers.coverage"].n) == (True, 2, 2)
    assert (second.partial, second.questions) == (False, 4)
    assert len(kept.splitlines()) == 2
    assert journal.read_text().startswith(kept)
    assert len(journal.read_text().splitlines()) == 4
    assert "Interrupted" in "\n".join(table_lines(first))


def test_a_line_torn_by_a_kill_is_asked_again(home, lab):
    plan = Plan(home / "village", ("answers",))
    lab = replace(lab, about={"only": "the torn line"})
    before = set((home / "eval").glob("*.jsonl"))
    whole = evaluate(plan, lab, quiet)
    (journal,) = set((home / "eval").glob("*.jsonl")) - before
    journal.write_text(journal.read_text()[:-30])

    again = evaluate(plan, lab, quiet)

    assert again.questions == 4
    assert again.figures == whole.figures


def test_answers_of_other_settings_do_not_count(home, lab):
    plan = Plan(home / "village", ("answers",), limit=1)
    before = set((home / "eval").glob("*.jsonl"))

    for name in ("one", "other"):
        evaluate(plan, replace(lab, about={"settings": name}), quiet)

    assert len(set((home / "eval").glob("*.jsonl")) - before) == 2


def test_the_index_is_built_once_and_holds_nothing_meant_for_scoring(home, lab):
    seen = []

    def progress(stage, done, total, note):
        seen.append(stage)

    first = evaluate(Plan(home / "village", ("retrieval",)), lab, quiet)
    second = evaluate(Plan(home / "village", ("retrieval",)), lab, progress)

    pipeline = lab.open(first.index)
    documents = {
        chunk.document_id: pipeline.snapshot.document(chunk.document_id)
        for chunk in pipeline.snapshot.chunks(
            [h.chunk_id for h in pipeline.search("mill sails bakery crane")[1].fused]
        )
    }
    pipeline.snapshot.close()
    assert second.index == first.index
    assert set(seen) == {"ask"}
    shown = json.dumps([[d.text, d.title, dict(d.metadata)] for d in documents.values()])
    assert "six sails" in shown
    assert "poison" not in shown


def test_equal_documents_count_as_the_one_that_is_judged(home, lab):
    result = evaluate(Plan(home / "village", ("retrieval",)), lab, quiet)

    assert result.figures["retrieval.mrr@10"].value > 0.6  # "twin" equals "bakery"
    assert result.figures["retrieval.recall@5"].value == 1.0


def test_a_named_index_is_asked_as_it_is_and_another_corpus_is_noticed(home, lab, tmp_path):
    with lab.ingester() as ingester:
        other = tmp_path / "other.md"
        other.write_text("Nothing about villages here.")
        ingester.ingest([other], quiet)

    with pytest.raises(QuestionError, match=r"'eval' does not hold the corpus of village"):
        evaluate(Plan(home / "village", index="eval"), lab, quiet)

    built = evaluate(Plan(home / "village", ("retrieval",)), lab, quiet)
    named = evaluate(Plan(home / "village", ("retrieval",), index=built.index), lab, quiet)
    assert named.figures == built.figures


def test_a_half_and_a_sample_narrow_the_questions(home, lab):
    halves = [
        evaluate(Plan(home / "village", ("answers",), split=split), lab, quiet).questions
        for split in ("calibrate", "report")
    ]

    assert sum(halves) == 4
    assert evaluate(Plan(home / "village", ("answers",), limit=3), lab, quiet).questions == 3


@pytest.mark.parametrize(
    ("tasks", "words"),
    [
        (("answer",), ["'answer'", "retrieval, answers, abstention"]),
        (("claims",), ["'claims'", "claims.jsonl"]),
        (("hallucination",), ["'hallucination'", "--mode generative"]),
    ],
)
def test_a_task_that_cannot_run_is_named_with_what_it_needs(home, lab, tasks, words):
    with pytest.raises(SettingsError) as caught:
        evaluate(Plan(home / "village", tasks), lab, quiet)

    assert all(word in str(caught.value) for word in words), caught.value


def test_a_folder_that_is_no_set_is_named(home, lab, tmp_path):
    with pytest.raises(LoadError, match=r"no queries\.jsonl, no claims\.jsonl and no"):
        evaluate(Plan(tmp_path), lab, quiet)
    with pytest.raises(LoadError, match="no folder"):
        evaluate(Plan(tmp_path / "gone"), lab, quiet)


def test_the_table_prints_every_figure(home, lab):
    result = evaluate(Plan(home / "village", claims=(home / "village-claims",)), lab, quiet)

    text = "\n".join(table_lines(result))

    assert all(key in text for key in result.figures)
    assert "kappa" in text


def test_answers_from_before_a_calibration_are_not_taken_for_later_ones(home, lab):
    plan = Plan(home / "village", ("answers",))
    mute = Calibration({"relevance": 1.0}, Curve.LOGISTIC, (1.0, 0.0), 0.999, "given")

    def gated(name):
        return replace(lab.open(name), calibrations={Mode.EXTRACTIVE: mute})

    before = evaluate(plan, lab, quiet)
    after = evaluate(plan, replace(lab, open=gated), quiet)

    assert before.figures["answers.coverage"].value > 0
    assert after.figures["answers.coverage"].value == 0
    assert before.to_dict()["calibration"] is None
    assert after.to_dict()["calibration"] == after.calibration != ""


def test_a_change_of_code_in_a_nested_folder_changes_the_digest(tmp_path, monkeypatch):
    inner = tmp_path / "odd_package" / "inner"
    inner.mkdir(parents=True)
    (tmp_path / "odd_package" / "__init__.py").write_text("")
    (inner / "a.py").write_text("x = 1")
    (inner / "__pycache__").mkdir()
    monkeypatch.syspath_prepend(tmp_path)

    before = code_digest("odd_package")
    (inner / "__pycache__" / "a.py").write_text("noise")
    same = code_digest("odd_package")
    (inner / "a.py").write_text("x = 2")

    assert before == same
    assert code_digest("odd_package") != before


def test_a_set_without_qrels_is_asked_and_ranks_nothing(home, lab, tmp_path):
    bare = tmp_path / "bare"
    shutil.copytree(home / "village", bare)
    shutil.rmtree(bare / "qrels")

    result = evaluate(Plan(bare), lab, quiet)

    assert "retrieval" not in result.tasks
    assert result.figures["answers.coverage"].value == 0.75


def test_small_figures_have_three_digits_and_large_ones_none(home, lab):
    lines = list(table_lines(evaluate(Plan(home / "village", ("answers", "speed")), lab, quiet)))

    coverage = next(line for line in lines if line.startswith("answers.coverage"))
    peak = next(line for line in lines if line.startswith("speed.peak_rss_mb"))
    assert coverage.split()[1] == "0.750"
    assert "." not in peak.split()[1]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_peak_memory_is_in_megabytes():
    status = Path("/proc/self/status").read_text()
    kib = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))

    assert peak_rss_mb() == pytest.approx(kib * 1024 / 1e6, rel=0.05)
