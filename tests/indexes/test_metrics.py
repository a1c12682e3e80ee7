import re
import stat

import pytest

from indexes.status.metrics import metrics_text, write_metrics
from indexes.status.shelf import Shelf, Status, read_shelf
from rag.errors import IndexFault
from rag.index.journal import RunOutcome
from tests.indexes.shelves import NIGHTLY, NOW, make_index, record, settings_at, write_recipe

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
SAMPLE = re.compile(rf'({NAME})(?:\{{((?:{NAME}="(?:[^"\\\n]|\\["\\n])*",?)*)\}})? (\S+)')
LABEL = re.compile(rf'({NAME})="((?:[^"\\\n]|\\["\\n])*)"')
UNESCAPE = {r"\\": "\\", r"\"": '"', r"\n": "\n"}


def parsed(text):
    """Return {(name, labels): value}, having checked the text format line by line."""
    assert text.endswith("\n")
    samples, family, told = {}, "", set()
    for line in text.splitlines():
        if line.startswith("# HELP "):
            family = line.split(" ", 3)[2]
            assert family not in told, "a family comes once"
            told.add(family)
        elif line.startswith("# TYPE "):
            assert line == f"# TYPE {family} gauge"
        else:
            name, labels, value = SAMPLE.fullmatch(line).groups()
            assert name == family
            pairs = {
                key: re.sub(r'\\["\\n]', lambda m: UNESCAPE[m[0]], inside)
                for key, inside in LABEL.findall(labels or "")
            }
            key = (name, *sorted(pairs.items()))
            assert key not in samples, "a sample comes once"
            samples[key] = float(value)
    return samples


def of(samples, name, **labels):
    return samples.get((f"quotewell_{name}", *sorted(labels.items())))


@pytest.fixture
def settings(tmp_path):
    return settings_at(tmp_path)


def test_every_figure_of_an_index_can_be_read_back(settings):
    write_recipe(settings, "ferries", NIGHTLY)
    make_index(settings, "ferries")
    record(settings, "ferries", RunOutcome.PUBLISHED, due="2026-11-24T01:30Z")
    record(settings, "ferries", RunOutcome.FAILED, counts={"milliseconds": 1250})

    samples = parsed(metrics_text(read_shelf(settings, NOW)))

    def its(name, **labels):
        return of(samples, name, index="ferries", **labels)

    assert (its("index_documents"), its("index_chunks"), its("index_builds")) == (2, 3, 1)
    assert (its("index_writing"), its("index_problem")) == (0, 0)
    assert its("next_run_timestamp_seconds") == NOW.timestamp() + 13.5 * 3600
    assert its("last_run_duration_seconds") == 1.25
    assert its("last_success_timestamp_seconds") <= its("last_run_timestamp_seconds") + 1
    assert abs(its("live_build_timestamp_seconds") - its("last_run_timestamp_seconds")) < 60
    assert its("last_run_outcome", outcome="failed") == 1
    assert its("last_run_outcome", outcome="published") == 0
    assert of(samples, "recipe_problems") == 0


def test_what_does_not_exist_is_left_out_rather_than_nought(settings):
    write_recipe(settings, "ferries")

    samples = parsed(metrics_text(read_shelf(settings, NOW)))

    assert of(samples, "index_builds", index="ferries") == 0
    for name in ("index_documents", "live_build_timestamp_seconds", "next_run_timestamp_seconds"):
        assert of(samples, name, index="ferries") is None


def test_labels_are_escaped():
    shelf = Shelf((Status('a"b\\c\nd'),), ("bad",))

    samples = parsed(metrics_text(shelf))

    assert of(samples, "index_builds", index='a"b\\c\nd') == 0
    assert of(samples, "recipe_problems") == 1


def test_an_interrupted_run_has_no_duration(settings):
    record(settings, "ferries", RunOutcome.RUNNING)

    samples = parsed(metrics_text(read_shelf(settings, NOW)))

    assert of(samples, "last_run_outcome", index="ferries", outcome="interrupted") == 1
    assert of(samples, "last_run_duration_seconds", index="ferries") is None


def test_the_file_is_replaced_whole_and_readable_by_a_collector(tmp_path):
    path = tmp_path / "collector" / "quotewell.prom"
    write_metrics(path, Shelf((Status("a"),), ()))

    write_metrics(path, Shelf((Status("b"),), ()))

    assert ("quotewell_index_builds", ("index", "b")) in parsed(path.read_text())
    assert ("quotewell_index_builds", ("index", "a")) not in parsed(path.read_text())
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert [p.name for p in path.parent.iterdir()] == ["quotewell.prom"]


def test_a_folder_that_cannot_be_written_to_is_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(IndexFault, match=r"writing the metrics to .*quotewell\.prom"):
        write_metrics(tmp_path / "file" / "quotewell.prom", Shelf((), ()))
