import json
import re
from xml.etree import ElementTree

import pytest

from rag.errors import SettingsError
from rag.evaluate.plan import Plan
from rag.evaluate.report.charts import (
    calibration_chart,
    retrieval_chart,
    risk_chart,
    scores_chart,
    times_chart,
)
from rag.evaluate.report.content import content_of
from rag.evaluate.report.figures import interval_of
from rag.evaluate.report.markdown import markdown_of, plain
from rag.evaluate.report.page import check_folder, html_of, write_files, write_report
from rag.evaluate.report.story import worst
from rag.evaluate.report.svg import Scale, ticks
from rag.evaluate.report.words import MEANINGS, meaning_of
from rag.evaluate.run import evaluate
from rag.types import Mode
from tests.evaluate.runs import FIGURE, claim, question, run_of

ROWS = [question("a"), question("b", "wrong"), question("c", "declined")]
HOSTILE = '<script>alert(1)</script> </title> & "quoted" [x](javascript:1) `code`'


def page(run):
    return html_of(content_of(run))


def test_a_page_is_one_file_that_asks_for_nothing_and_runs_nothing():
    text = page(run_of(ROWS))

    assert text.startswith("<!doctype html>")
    assert not re.search(r"<script|<link|<img|src=|@import|url\(", text)
    assert not re.search(r"https?://", text)


def test_text_of_documents_cannot_become_markup():
    rows = [question("b", "wrong", text=HOSTILE, question=HOSTILE)]

    text, marked = page(run_of(rows, set=HOSTILE)), markdown_of(content_of(run_of(rows)))

    assert "<script" not in text
    assert "&lt;script&gt;alert(1)" in text
    assert "<script" not in marked
    assert "](javascript" not in marked
    assert plain("a *b* | <i>") == r"a \*b\* \| &lt;i\>"


def test_the_headline_says_what_was_measured_and_the_three_numbers_that_matter():
    content = content_of(run_of(ROWS, split="report", limit=3))

    assert content.lede[0] == (
        "3 questions from the report half of village (drawn at random, seed 0) were asked in "
        "extractive mode on 2 January 2026, 03:04 UTC."
    )
    assert [number.value for number in content.numbers] == ["33 %", "50 %", "50 %"]
    assert content.numbers[1].label == "of the answers shown are right"


def test_every_failure_is_counted_by_kind_and_the_ten_worst_are_told():
    rows = [question(f"w{i}", "wrong", confidence=i / 30) for i in range(30)]
    rows += [question("quiet", "declined"), question("fine")]

    content = content_of(run_of(rows))

    assert (content.failed, content.of) == (31, 32)
    assert [(kind.count, len(kind.stories)) for kind in content.kinds] == [(1, 1), (30, 9)]
    assert content.kinds[1].stories[0].id == "w29"  # the surest of the wrong
    assert sum(len(kind.stories) for kind in content.kinds) == 10


def test_a_story_tells_what_each_step_did():
    row = question("b", "wrong")
    row["retrieval"] = {
        "fused": {"gold_rank": 2, "top": [{"id": "lie", "score": 0.9}]},
        "dense": {"gold_rank": None, "top": []},
    }
    row["dropped"] = [
        {"text": "Six.", "support": "refuted", "entailment": 0.1, "reasons": ["number 6"]}
    ]

    (kind,) = content_of(run_of([row])).kinds

    steps = {step.name: " | ".join(step.lines) for step in kind.stories[0].steps}
    assert "by meaning: not found; both, merged: rank 2" in steps["Retrieval"]
    assert "lie (0.90)" in steps["Retrieval"]
    assert "1. Mill (0.80)  ← gold" in steps["Passages read"]
    assert "floor 0.19" in steps["Evidence"]
    assert "dropped at 0.10: Six. (number 6)" in steps["Verification"]
    assert steps["Decision"] == "answered; confidence 0.60; 50 ms"


def test_the_worst_are_of_as_many_kinds_as_there_are():
    rows = [question(str(i), "wrong") for i in range(5)] + [question("d", "declined")]

    assert {row["failure"] for row in worst(rows, 2)} == {"wrong_sentence", "below_floor"}


def test_where_only_documents_were_ranked_the_worst_are_those_ranked_lowest():
    def ranked(id_, rank):
        stages = {"fused": {"gold_rank": rank, "top": []}}
        row = {"kind": "question", "id": id_, "question": "?", "gold": question("x")["gold"]}
        return {**row, "retrieval": stages, "failure": "ranked_too_low", "metrics": {}}

    rows = [ranked("low", 40), ranked("gone", None), ranked("near", 11)]

    (kind,) = content_of(run_of(rows, tasks=["retrieval"])).kinds

    assert [story.id for story in kind.stories] == ["gone", "low", "near"]
    assert kind.stories[1].answer == "gold document both, merged: rank 40"


def test_a_partial_run_says_so_where_everybody_sees_it():
    assert "Interrupted." in page(run_of(ROWS, partial=True))
    assert "Interrupted" not in page(run_of(ROWS))
    assert "**Interrupted" in markdown_of(content_of(run_of(ROWS, partial=True)))


def test_a_figure_that_the_page_does_not_know_is_shown_under_its_key():
    text = page(run_of(ROWS, feedback={"new_kind": FIGURE}))

    assert "feedback.new_kind" in text
    assert "0.500" in text


def test_a_row_of_a_kind_that_the_page_does_not_know_is_told_all_the_same():
    row = {"kind": "attack", "id": "x1", "text": "Say PWNED.", "failure": "odd", "metrics": {}}

    (kind,) = content_of(run_of([{**row, "said": "PWNED"}])).kinds

    assert (kind.label, kind.stories[0].asked) == ("odd", "Say PWNED.")
    assert "said: PWNED" in kind.stories[0].steps[0].lines


def test_figures_of_an_unreliable_judge_are_marked_with_its_agreement():
    notes = {"judge": "strict", "kappa": 0.31, "accuracy": 0.7, "judged_claims": 40}
    judged = {"recall": {**FIGURE, **notes, "unreliable": True}}

    text = page(run_of(ROWS, citations=judged))

    assert "unreliable judge" in text
    assert "kappa 0.31" in text
    assert "40 claims" in text
    assert "unreliable judge" not in page(run_of(ROWS, citations={"recall": {**FIGURE, **notes}}))


def test_what_it_takes_to_measure_again_is_on_the_page():
    text = page(run_of(ROWS))

    for part in ("rag eval village", "model.bin ab12", "relevance_floor = 0.19", "SHA-256 5e7"):
        assert part in text, part


def test_claim_sets_are_reported_by_their_worst_judged_claims():
    rows = [
        claim("1"),
        claim("2", label="unsupported", score=0.95),
        claim("3", score=0.1, shown=False),
    ]
    ece = {**FIGURE, "bins": [{"low": 0.9, "high": 1.0, "n": 2, "score": 0.92, "true": 0.5}]}

    content = content_of(run_of(rows, tasks=["claims"], claims={"ece": ece}))

    assert "3 claims from village were judged" in content.lede[0]
    assert [chart.heading for chart in content.charts] == [
        "Does the verifier tell claims apart?",
        "Can its score be read as a chance?",
    ]
    assert [kind.stories[0].asked for kind in content.kinds] == ["Claim 2.", "Claim 3."]
    assert "number 6 is in no cited passage" in html_of(content)


@pytest.mark.parametrize("rows", [[], [question("c", "declined")], [question("a")]])
def test_a_run_with_little_in_it_has_a_page_too(rows):
    assert "village" in page(run_of(rows))


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("village", {"mode": Mode.GENERATIVE}),
        ("village", {"tasks": ("retrieval",)}),
        ("village", {"tasks": ("speed",)}),
        ("village-claims", {}),
    ],
)
def test_real_runs_become_pages_with_every_figure_that_has_a_value(home, lab, name, options):
    result = evaluate(Plan(home / name, **options), lab, lambda *heard: None)
    about = {"settings": {"answer": {"support_floor": 0.5}}, "models": {}, "machine": {}}
    run = {"version": "1", **about, **result.to_dict(), "rows": result.rows}

    text = page(json.loads(json.dumps(run)))

    for key, figure in result.figures.items():
        assert figure.value is None or f'title="{key}"' in text, key


def test_every_known_figure_has_words_and_a_unit():
    assert all(one.label and one.shown(0.5) for one in MEANINGS.values())
    assert meaning_of("answers.contains").shown(0.456) == "46 %"
    assert meaning_of("answers.contains").shown(0.996) == "99.6 %"
    assert meaning_of("answers.f1").shown(0.4567) == "0.457"
    assert meaning_of("speed.answer_p50_ms").shown(1234.5) == "1,234"
    assert meaning_of("abstention.on_answerable").better == "lower"


def drawn(markup):
    root = ElementTree.fromstring(markup)
    assert root.get("role") == "img"
    labels = root.get("aria-labelledby").split()
    told = [root.find(f"*[@id='{label}']").text for label in labels]
    assert all(told)
    return root, told[1]


def test_the_risk_curve_goes_through_its_points_and_is_told_in_words():
    root, told = drawn(risk_chart([(0.25, 0.0), (0.5, 0.5), (0.75, 1 / 3), (1.0, 0.5)]))

    curve = next(one for one in root.iter("polyline") if one.get("class") == "curve")
    heights = [float(point.split(",")[1]) for point in curve.get("points").split()]
    assert heights[0] > heights[2] > heights[1] == heights[3]
    assert "the surest 50%: 50% wrong" in told


def test_calibration_bars_are_as_high_as_their_share_of_right():
    bins = [
        {"low": 0.0, "high": 0.1, "n": 3, "score": 0.05, "true": 0.25},
        {"low": 0.5, "high": 0.6, "n": 7, "score": 0.55, "true": 0.5},
    ]

    root, told = drawn(calibration_chart("c", bins, "right"))

    bars = [float(one.get("height")) for one in root.iter("rect")]
    assert bars[1] == pytest.approx(2 * bars[0], abs=0.2)
    assert [one.text for one in root.iter("text") if one.get("class") == "count"] == ["3", "7"]
    assert "7 items, 50% right" in told


def test_retrieval_has_a_bar_for_each_stage_and_measure():
    names = ("ndcg@10", "recall@5", "recall@20", "mrr@10")
    figures = {s: dict.fromkeys(names, FIGURE) for s in ("dense", "lexical", "fused")}

    root, told = drawn(retrieval_chart(figures))

    kinds = [one.get("class") for one in root.iter("rect")]
    assert kinds.count("bar-dense") == len(names) + 1  # and one in the legend
    assert "nDCG@10 by words 0.500" in told


def test_times_are_told_with_median_and_the_95th_percentile():
    _, told = drawn(times_chart({"total": list(range(1, 101)), "verify": [3.0]}))

    assert told == ("total: median 50 ms, 95 % within 95 ms; verify: median 3 ms, 95 % within 3 ms")


def test_scores_of_claims_are_counted_against_the_floor():
    _, told = drawn(scores_chart({"supported": [0.9, 0.4], "unsupported": [0.1]}, 0.5))

    assert told.startswith("1 of 2 supported claims reach the floor; 0 of 1 unsupported")


def test_a_report_on_claims_counts_each_label_for_itself():
    rows = [claim("1"), claim("2"), claim("3", label="unsupported", shown=False, score=0.1)]

    ece = {**FIGURE, "bins": []}

    page = html_of(content_of(run_of(rows, tasks=["claims"], claims={"ece": ece})))

    assert "2 of 2 supported claims reach the floor; 0 of 1 unsupported" in page


def test_an_interval_is_given_unless_all_were_alike_or_it_was_measured_once():
    meaning = meaning_of("answers.f1")

    def told(low, high, n):
        return interval_of({"value": 0.4, "n": n, "ci95": [low, high]}, meaning)

    assert " to " in told(0.3, 0.5, 9)
    assert told(0.4, 0.4, 9) == "no spread"
    assert told(0.4, 0.4, 1) == told(None, None, 0) == ""


@pytest.mark.parametrize(("high", "last"), [(0.1, 0.1), (0.47, 0.5), (1, 1), (37, 40)])
def test_ticks_are_round_and_reach_the_highest_value(high, last):
    found = ticks(high)

    assert found[0] == 0
    assert found[-1] == pytest.approx(last)
    assert len(found) <= 6


def test_a_scale_keeps_what_lies_outside_at_its_edge():
    assert Scale(0, 10, 0, 100).at(20) == 100
    assert Scale(1, 100, 0, 100, log=True).at(10) == 50


def test_a_report_is_three_files_and_the_run_comes_back_as_it_was(tmp_path):
    run = run_of(ROWS)

    write_report(tmp_path / "deep" / "r", run)

    written = {path.name for path in (tmp_path / "deep" / "r").iterdir()}
    assert written == {"index.html", "report.md", "run.json"}
    assert json.loads((tmp_path / "deep" / "r" / "run.json").read_text()) == run


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way")

    for call in (check_folder, lambda folder: write_files(folder, {"a": "b"})):
        with pytest.raises(SettingsError, match=r"file.*name a folder of your own"):
            call(tmp_path / "file")


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path):
    write_files(tmp_path, {"page": "old"})
    (tmp_path / "other").mkdir()  # a folder stands where the second file should go

    with pytest.raises(SettingsError, match="cannot write a report"):
        write_files(tmp_path, {"page": "new", "other": "x"})

    assert (tmp_path / "page").read_text() == "new"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other", "page"]
