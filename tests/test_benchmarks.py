"""The page of benchmarks is written, read back and compared without losing a figure."""

import pytest

from tests.bench.quality import (
    PAGE,
    RUNS,
    Row,
    command,
    figures,
    moves,
    preface_of,
    read_page,
    write_page,
)

F1 = Row(0.512, 0.45, 0.571, 240)
RECALL = Row(0.9, 0.85, 0.95, 200, "unreliable")
MEMORY = Row(812.0, 812.0, 812.0, 1)


def test_a_written_page_is_read_back_as_it_was() -> None:
    runs = {"sample": {"answers.f1": F1, "citations.recall": RECALL}, "wice-dev": {}}

    assert read_page(write_page(runs)) == runs


def test_what_people_wrote_above_the_runs_is_kept() -> None:
    preface = "# Benchmarks\n\n### Before and after\n\n| what | before | after |\n|---|---|---|\n"

    page = write_page({"sample": {"answers.f1": F1}}, preface)

    assert preface_of(page) == preface
    assert read_page(page) == {"sample": {"answers.f1": F1}}


def test_a_figure_measured_once_has_no_interval_on_the_page() -> None:
    page = read_page(write_page({"sample": {"speed.peak_mb": MEMORY}}))

    assert page["sample"]["speed.peak_mb"] == Row(812.0, None, None, 1)


@pytest.mark.parametrize(
    ("new", "said"),
    [
        (Row(0.52, 0.46, 0.58, 240), []),
        (Row(0.4, 0.35, 0.44, 240), ["0.512 -> 0.400"]),
        (Row(0.58, 0.5, 0.6, 240), []),  # outside of the old interval, which its own reaches
    ],
)
def test_a_move_is_what_both_intervals_exclude(new: Row, said: list[str]) -> None:
    found = list(moves({"answers.f1": F1}, {"answers.f1": new}))

    assert [line.split(maxsplit=1)[1] for line in found] == said


def test_figures_that_came_or_went_are_named_and_speed_is_not_compared() -> None:
    old = {"answers.f1": F1, "speed.peak_mb": MEMORY}
    new = {"citations.recall": RECALL, "speed.peak_mb": Row(2000.0, None, None, 1)}

    found = "\n".join(moves(old, new))

    assert "answers.f1" in found
    assert "gone" in found
    assert "new: 0.900" in found
    assert "speed" not in found


def test_figures_are_found_at_every_depth_and_those_without_value_left_out() -> None:
    some = {"value": 0.5, "n": 4, "ci95": [0.1, 0.9]}
    none = {"value": None, "n": 0, "ci95": [None, None]}
    tree = {"settings": {"x": some}, "retrieval": {"dense": {"ndcg@10": some}, "mrr@10": none}}

    assert dict(figures(tree)) == {"retrieval.dense.ndcg@10": Row(0.5, 0.1, 0.9, 4)}


def test_the_committed_page_names_the_runs_and_their_commands() -> None:
    text = PAGE.read_text(encoding="utf-8")

    for name in read_page(text):
        assert name in RUNS
        assert f"`{command(name)}`" in text
