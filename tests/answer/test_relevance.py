import numpy as np

from rag.answer.evidence.relevance import Candidate, named

MASTER = "Who is the master of Sandpiper?"
ROWS = ["Role: Master, Sanderling | Held by: Elsie Marr", "Role: Master, Sandpiper | Held by: Tye"]


def steps(*sentences, above="Roles"):
    return named(MASTER, [Candidate(text, text, text, above) for text in sentences])


def test_a_row_about_another_one_loses_to_the_row_about_the_one_asked_for():
    assert steps(*ROWS)[0] < steps(*ROWS)[1] == 0


def test_a_row_below_a_title_that_names_the_one_asked_for_does_not_lose():
    assert (steps(*ROWS, above="Crew of Sandpiper") == 0).all()


def test_a_name_that_no_sentence_holds_tells_nothing_and_neither_do_sentences():
    assert steps(ROWS[0])[0] == 0
    assert np.all(steps("Marr is master of Sanderling.", "Sandpiper sails.") == 0)


def test_every_identifier_that_was_typed_has_to_be_there():
    both, one = (Candidate(text, text, text) for text in ("E-417 and E-427 fail.", "E-417 fails."))

    found = named("What do E-417 and E-427 mean?", [both, one])

    assert found[0] > 0 > found[1]
