"""How much a rebuild would embed, and how long that would take."""

import pytest

from indexes.making.outlook import outlook
from rag.corpus.walk import Found
from rag.index.held import Counts
from rag.index.journal import Run, RunOutcome
from rag.plan import Plan

HELD = Counts(documents=4, sources=4, chunks=12, characters=4000)


def found(path, number):
    file = path / f"{number}.md"
    file.write_text("x")
    return Found(file, file.name)


def plan(new=(), changed=()):
    return Plan((*new, *changed), new, changed, *((),) * 7, {}, {})


def ran(**counts):
    return Run(1, "person", "", "", "", RunOutcome.PUBLISHED, "", counts, "")


@pytest.mark.parametrize(
    ("history", "seconds"),
    [
        ([], None),
        ([ran(embedded=100, embed_milliseconds=2000)], 0.2),
        ([ran(embedded=20, embed_milliseconds=2000)], 0.9),
        ([ran(embedded=19, embed_milliseconds=2000)], None),
        ([ran(embedded=50, embed_milliseconds=0)], None),
        ([ran(), ran(embedded=20, embed_milliseconds=2000), ran(embedded=900)], 0.9),
    ],
    ids=["no run", "a rate", "enough to tell", "too few", "no time", "the latest that tells"],
)
def test_the_time_is_told_from_the_latest_run_that_embedded_enough(tmp_path, history, seconds):
    files = [found(tmp_path, number) for number in range(3)]

    told = outlook(plan(tuple(files[:2]), (files[2],)), ["a note"], HELD, history)

    assert (told.texts, told.seconds) == (9, seconds)
    assert told.notes == ("a note",)


def test_nothing_to_embed_takes_no_time_whatever_is_known():
    assert [
        (told.texts, told.seconds)
        for held in (HELD, Counts(0, 0, 0, 0))
        for told in [outlook(plan(), [], held, [])]
    ] == [(0, 0.0), (0, 0.0)]


def test_of_an_empty_index_nothing_can_be_told(tmp_path):
    rate = [ran(embedded=100, embed_milliseconds=2000)]

    told = outlook(plan((found(tmp_path, 1),)), [], Counts(0, 0, 0, 0), rate)

    assert (told.texts, told.seconds) == (None, None)
