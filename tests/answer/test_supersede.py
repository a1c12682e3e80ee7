from dataclasses import replace

import pytest

from rag.answer.disagreement.conflict import find_conflicts
from rag.answer.disagreement.supersede import current, date_of, newer_of
from rag.testing import document_of

RULES = "Cancel {} hours before departure to get the fare back. Ask at the pier office for help."


NOW = RULES.format(48)


def named(source, text=NOW, title=None, **metadata):
    document = document_of(source, text, metadata)
    return document if title is None else replace(document, title=title)


@pytest.mark.parametrize(
    ("newer", "older"),
    [
        (named("rules-2025.md"), named("rules-2023.html", RULES.format(24))),
        (named("a.md", date="2025-06-01"), named("b.md", RULES.format(24), date="2023-04-01")),
        (named("rules-v2.md"), named("rules-v1.md", RULES.format(24))),
        (named("rules.md", version="1.10"), named("rules_old.md", version="1.9")),
        (
            named("x.md", "This order replaces that of 1 May 2020. A trip costs 3.", "Fares now"),
            named("y.md", "In force from 1 May 2020.\n\nTwo for a trip.", "Fares"),
        ),
        (
            named("now.md", "With effect from May this order replaces the Fares.", "Travel"),
            named("y.md", "Two for a trip.", "Fares"),
        ),
    ],
)
def test_the_newer_of_two_revisions_is_known(newer, older):
    assert newer_of(newer, older) is newer
    assert newer_of(older, newer) is newer


@pytest.mark.parametrize(
    ("one", "other"),
    [
        # undated copies, a series of records, other texts of one name, chapters of one book
        (named("a.md"), named("b.md", RULES.format(24))),
        (named("minutes-2025-01-01.md"), named("minutes-2026-01-01.md")),
        (named("rules-2025.md"), named("rules-2023.md", "Dogs sleep in the yard all winter.")),
        (named("x/chapter-1.md", "Cats sleep."), named("x/chapter-2.md", "Dogs bark.")),
        (named("a.md", date="2025"), named("b.md", RULES.format(24), date="2025-04-01")),
        # a thing that is replaced, floors, one form filled in for two people
        (
            named("plan.md", "Replace the pump in May.", "Plan"),
            named("pump.md", "It runs.", "Pump"),
        ),
        (
            named("news.md", "The council replaced the old pump.", "News"),
            named("pump.md", "It runs.", "Pump"),
        ),
        (
            named("1.md", title="First floor", date="2025-06-01"),
            named("2.md", RULES.format(24), title="Second floor", date="2023-06-01"),
        ),
        (
            named("lund.md", title="Lease Lund", date="2025-06-01"),
            named("berg.md", RULES.format(24), title="Lease Berg", date="2023-06-01"),
        ),
    ],
)
def test_documents_that_are_no_revisions_or_undated_do_not_supersede(one, other):
    assert newer_of(one, other) is None
    assert newer_of(one, one) is None


def test_a_document_is_dated_by_metadata_then_title_then_file_name():
    title = "Rules from 1 June 2025"

    assert date_of(named("2020.md", title=title, date="2021-02-03")) == "2021-02-03"
    assert date_of(named("2020.md", title=title)) == "2025-06-01"
    assert date_of(named("rules-2020.md", title="Rules of May")) == "2020"
    assert date_of(named("rules.md")) == ""
    assert date_of(named("x.md", title="Rules from May 2025 to June 2026")) == "2025-05"


def pair(heard):
    texts = [RULES.format(f"[{hours}]") for hours in (24, 48)]
    return heard(*texts, metadata=({"date": "2023-04-01"}, {"date": "2025-06-01"}))


def test_the_newer_revision_answers_alone(heard):
    evidence = pair(heard)

    assert current("How long before?", evidence) == [evidence[1]]


def test_the_older_revision_answers_where_the_newer_is_silent_or_it_is_asked_for(heard):
    old, new = pair(heard)
    (weak,) = heard(RULES.format("[48]"), relevance=0.1, metadata=({"date": "2025-06-01"},))

    assert current("How long before, in the rules of 2023?", [old, new]) == [old, new]
    assert current("How long before?", [old, weak]) == [old, weak]


def test_a_newer_sentence_takes_the_place_of_the_older_one_that_fits_the_question_better(heard):
    old, new = pair(heard)
    weak = replace(new, relevance=0.2)
    conflict = find_conflicts("How long before?", [old, weak], floor=0.1)

    (best,) = current("How long before?", [old, weak], conflict)
    asked = current("How long before, in 2023?", [old, weak], conflict)

    assert best == replace(new, relevance=old.relevance)
    assert asked[0] == old
