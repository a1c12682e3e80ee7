import json
import os

import click
import numpy as np
import pytest
from click.testing import CliRunner
from scipy import stats
from scipy.stats import binomtest

from rag.errors import SettingsError
from rag.evaluate.bootstrap import figure, mean, paired
from rag.evaluate.compare import compare
from rag.evaluate.report.compared import html_of_comparison, sentences, terminal_lines
from rag.evaluate.saved import read_run
from rag.measure.evaluate import again, command
from tests.evaluate.runs import claim, question, run_of


def test_a_paired_difference_has_the_interval_of_another_library():
    rng = np.random.default_rng(5)
    a = rng.random(80)
    b = a + rng.normal(0.03, 0.2, 80)
    gaps = b - a

    found = paired(a.tolist(), b.tolist())

    other = stats.bootstrap(
        (gaps,), np.mean, n_resamples=10_000, method="percentile", rng=np.random.default_rng(1)
    )
    assert found.value == pytest.approx(gaps.mean())
    assert found.low == pytest.approx(other.confidence_interval.low, abs=0.003)
    assert found.high == pytest.approx(other.confidence_interval.high, abs=0.003)
    assert found.p == pytest.approx(stats.ttest_rel(a, b).pvalue, abs=0.03)


def test_an_interval_of_a_mean_is_that_of_another_library():
    values = np.random.default_rng(2).exponential(size=60)

    found = mean(values.tolist())

    other = stats.bootstrap(
        (values,), np.mean, n_resamples=10_000, method="percentile", rng=np.random.default_rng(1)
    )
    assert found.low == pytest.approx(other.confidence_interval.low, abs=0.03)
    assert found.high == pytest.approx(other.confidence_interval.high, abs=0.03)
    assert figure(lambda rows: float(values[rows].mean()), 60) == found


def test_pairs_that_gain_alike_are_sure_though_the_items_differ_widely():
    a = list(range(20))
    b = [value + 0.5 for value in a]

    found = paired(a, b)

    assert (found.low, found.high) == (0.5, 0.5)
    assert found.p < 0.001
    assert found.significant


def test_equal_systems_are_never_told_apart():
    found = paired([0, 1, 1], [0, 1, 1])

    assert (found.value, found.p, found.significant) == (0, 1, False)


def test_the_p_value_of_two_items_is_what_counting_gives():
    # exchanging one item in either way, or both, always parts the two as far
    found = paired([0, 1], [1, 0])

    assert found.p == 1.0
    assert paired([0, 0], [1, 0]).p == 1.0
    assert paired([0, 0, 0], [1, 1, 1]).p == 2 / 8  # all the one way or all the other


@pytest.mark.parametrize("n", [1, 2, 4, 5])
def test_a_handful_of_items_is_never_significant(n):
    assert not paired([0.0] * n, [1.0] * n).significant


def test_six_items_that_all_gain_are_significant_and_many_agree_with_the_binomial_test():
    assert paired([0.0] * 6, [1.0] * 6).significant
    found = paired([0.0] * 40, [1.0] * 27 + [-1.0] * 13)
    assert found.p == pytest.approx(binomtest(27, 40).pvalue, abs=0.01)


def test_chance_alone_is_called_significant_about_as_often_as_it_should():
    rng = np.random.default_rng(11)
    runs = [paired(rng.random(40).tolist(), rng.random(40).tolist()) for _ in range(60)]

    assert sum(one.significant for one in runs) <= 8


OLD = [
    question("same"),
    question("lost"),
    question("gained", "wrong"),
    question("silent"),
    question("spoke", "declined"),
    question("moved"),
]
NEW = [
    question("same"),
    question("lost", "wrong", text="It has six."),
    question("gained"),
    question("silent", "declined"),
    question("spoke", "wrong"),
    question("moved", place="other.md"),
]


def test_questions_that_changed_are_named_with_both_answers():
    found = compare(run_of(OLD), run_of(NEW))

    assert [(change.kind, change.id) for change in found.changes] == [
        ("lost", "lost"),
        ("gained", "gained"),
        ("fell_silent", "silent"),
        ("spoke_up", "spoke"),
        ("cites_other", "moved"),
    ]
    lost = found.changes[0]
    assert lost.asked
    assert (lost.a.answer, lost.b.answer) == ("It has four.", "It has six.")
    assert found.metrics["right"].a == pytest.approx(4 / 6)
    assert found.metrics["right"].b == pytest.approx(3 / 6)
    assert found.metrics["wrong"].n == 4  # answered in both runs


def test_claims_that_came_to_be_shown_are_named():
    old = [claim("1"), claim("2", shown=False)]
    new = [claim("1", shown=False), claim("2")]

    found = compare(run_of(old), run_of(new))

    assert [(c.kind, c.id) for c in found.changes] == [("shown_now", "2"), ("held_back_now", "1")]


def test_a_significant_difference_is_said_in_words_and_which_way_it_goes():
    old = [question(f"q{i}", "wrong" if i < 25 else "right") for i in range(30)]
    new = [question(f"q{i}") for i in range(30)]

    better = " ".join(sentences(compare(run_of(old), run_of(new))))
    worse = " ".join(sentences(compare(run_of(new), run_of(old))))
    same = " ".join(sentences(compare(run_of(old), run_of(old))))

    assert "B is significantly better: Questions handled rightly" in better
    assert "Wrong among the answers shown (83 % to 0 %)" in better  # lower is better
    assert "Came out otherwise: 25 wrong before, right now." in better
    assert "significantly worse" not in better
    assert "B is significantly worse" in worse
    assert "None of 3 metrics differs by more than chance" in same


def test_times_are_told_apart_from_what_is_better_or_worse():
    def timed(ms):
        return run_of([{**question(str(i)), "metrics": {"speed.answer_ms": ms}} for i in range(9)])

    found = compare(timed(100.0), timed(150.0))
    text = " ".join(sentences(found))

    assert "worse" not in text
    assert "Time of a whole answer (100 ms to 150 ms)" in text
    assert "depends on what else the machine did" in text


def test_runs_of_different_sets_are_not_compared():
    with pytest.raises(SettingsError, match=r"village \(5e7\) and town \(70e\)"):
        compare(run_of(OLD), run_of(NEW, set="town", set_sha256="70e"))


def test_runs_that_share_no_question_are_not_compared():
    with pytest.raises(SettingsError, match="share no question"):
        compare(run_of([question("a")]), run_of([question("b")]))


def test_other_questions_and_settings_are_said_plainly():
    other = run_of(
        [*NEW, question("extra")],
        split="report",
        settings={"answer": {"relevance_floor": 0.3, "support_floor": 0.5}},
        models={"embedder": {"name": "maxi", "sha256": None}},
    )

    found = compare(run_of(OLD), other)
    text = "\n".join(terminal_lines(found))

    assert (found.common, found.only_a, found.only_b) == (6, 0, 1)
    assert ("settings.answer.relevance_floor", "0.19", "0.3") in found.differs
    assert ("models.embedder.name", "mini", "maxi") in found.differs
    assert ("split", "None", "report") in found.differs
    assert "1 question only in B, left out" in text
    assert "The question sets differ" in text
    assert "settings.answer.relevance_floor: 0.19 -> 0.3" in text


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "no run at"),
        ("{", "cannot be read as a run"),
        ("[]", "has no 'rows'"),
        ('{"set": "x"}', "has no 'set_sha256'"),
        (json.dumps(run_of([{"id": 3}])), "has rows that are none"),
        (json.dumps(run_of([{**question("a"), "metrics": {"f1": "high"}}])), "has rows that"),
    ],
)
def test_a_file_that_is_no_run_is_named_with_what_to_do(tmp_path, content, words):
    path = tmp_path / "run.json"
    if content is not None:
        path.write_text(content)

    with pytest.raises(SettingsError, match="rag eval SET --out") as caught:
        read_run(path)

    assert words in str(caught.value)


@pytest.fixture
def files(tmp_path):
    """A file of --out and a folder of --report."""
    (tmp_path / "a.json").write_text(json.dumps(run_of(OLD)))
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "run.json").write_text(json.dumps(run_of(NEW)))
    return str(tmp_path / "a.json"), str(tmp_path / "b")


def test_the_command_compares_a_file_with_a_folder(files, tmp_path):
    page = tmp_path / "page"

    shown = CliRunner().invoke(command, ["compare", *files])
    asked = CliRunner().invoke(command, ["compare", *files, "--json", "--report", str(page)])

    assert shown.exit_code == asked.exit_code == 0
    assert "1 right before, wrong now" in shown.output
    found = json.loads(asked.output)
    assert len(found["changes"]) == 5
    assert json.loads((page / "compare.json").read_text()) == found
    assert "It has six." in (page / "index.html").read_text()
    assert "right before, wrong now" in (page / "report.md").read_text()


def test_help_of_eval_mentions_the_comparison_and_the_comparison_has_its_own():
    outer = CliRunner().invoke(command, ["--help"])
    inner = CliRunner().invoke(command, ["compare", "--help"])

    assert "compare A B" in outer.output
    assert "Compare run B with run A" in inner.output


def test_a_set_called_compare_is_reached_by_its_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    context = command.make_context("eval", ["./compare"])

    assert context.params["folder"].name == "compare"
    assert context.command is command


def test_the_group_runs_the_comparison_too(files):
    group = click.Group("rag", commands={"eval": command})

    shown = CliRunner().invoke(group, ["eval", "compare", *files]).output

    assert "6 items of village that both runs have" in shown


def test_text_of_documents_cannot_move_the_cursor_or_become_markup(files, tmp_path):
    rows = [question("lost", "wrong", text="\x1b[2J<script>x</script>")]
    (tmp_path / "b" / "run.json").write_text(json.dumps(run_of(rows)))

    shown = CliRunner().invoke(command, ["compare", *files]).output
    page = html_of_comparison(compare(run_of(OLD), run_of(rows)))

    assert "\x1b" not in shown
    assert "?[2J" in shown
    assert "<script" not in page


def test_the_page_gives_each_difference_with_its_sign():
    found = compare(run_of(OLD), run_of(NEW))
    right = found.metrics["right"]

    page = html_of_comparison(found)

    assert right.value < 0
    assert f"-{abs(100 * right.value):.0f}" in page


def test_the_command_to_measure_again_has_what_was_chosen_and_not_where_it_went(monkeypatch):
    for key in [key for key in os.environ if key.startswith("RAG_")]:
        monkeypatch.delenv(key)
    words = ["my set", "--limit", "5", "--mode", "generative", "--claims", ".", "--json"]
    context = command.make_context("rag eval", [*words, "--out", "x.json", "--seed", "0"])

    assert again(context) == "rag eval 'my set' --mode generative --limit 5 --claims ."
    monkeypatch.setenv("RAG_SEARCH_PASSAGES", "9")
    assert again(context).startswith("RAG_SEARCH_PASSAGES=9 rag eval 'my set'")
