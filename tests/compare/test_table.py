"""The table leaves nothing out, least of all a failure."""

import pytest

from tests.compare.table import NOTES, judge_line, markdown, summary


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

    text = summary(
        {"a": {"ours": column(0.5), "theirs": "no wheel"}, "b": {"ours": column(1.0)}, "c": {}}
    )

    assert "| a / b / c | ours | theirs |" in text
    assert "| answerable questions answered | 0.50 / 1.00 / - | failed / - / - |" in text


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
