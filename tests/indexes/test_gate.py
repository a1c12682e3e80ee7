"""A new build goes live only if it answers what the one before did."""

import json

import pytest

from indexes.live.switch import publish_by_hand
from rag.errors import IndexNotFound
from rag.evaluate.feedback import add
from rag.index.build import live_build
from rag.index.journal import RunOutcome, publications, runs

SMOKE = '[[gate.smoke]]\nquestion = "When does the mill open?"\nexpect = "nine"\n'


def judge(shelf, question, verdict="right", **more):
    return add(shelf.folder, shelf.ask(question), verdict, **more)


def test_a_smoke_question_that_breaks_keeps_the_old_build_and_names_itself(shelf):
    first = shelf.rebuild(SMOKE)
    shelf.write("mill.md", "# Mill\n\nThe mill opens at ten.\n")

    second = shelf.rebuild(SMOKE)

    assert second.outcome is RunOutcome.REFUSED
    assert live_build(shelf.folder) == first.build
    (broken,) = second.gate.broken
    assert (broken.kind, broken.question) == ("smoke", "When does the mill open?")
    assert (broken.before, broken.now) == ("The mill opens at nine.", "The mill opens at ten.")
    assert "'nine'" in broken.why
    assert "--force" in second.note
    assert runs(shelf.folder)[0].outcome is RunOutcome.REFUSED


def test_the_first_build_must_answer_every_smoke_question(shelf):
    wrong = SMOKE.replace("nine", "eleven")

    report = shelf.rebuild(wrong)

    assert report.outcome is RunOutcome.REFUSED
    assert "None is live yet" in report.note
    assert live_build(shelf.folder) is None
    assert shelf.rebuild(SMOKE).outcome is RunOutcome.PUBLISHED
    assert len(shelf.folder.build_ids()) == 1  # the refused one did, once the recipe was right


def test_what_should_not_be_answered_can_be_a_smoke_question(shelf):
    silent = '[[gate.smoke]]\nquestion = "Who owns the bakery in town?"\nabstains = true\n'
    assert shelf.rebuild(silent).outcome is RunOutcome.PUBLISHED
    shelf.write("bakery.md", "# Bakery\n\nThe bakery in town is owned by the guild.\n")

    report = shelf.rebuild(silent)

    assert report.outcome is RunOutcome.REFUSED
    assert report.gate.broken[0].why == "it is answered, and should not be"


def test_a_person_overrules_the_gate_and_history_says_so(shelf):
    shelf.rebuild(SMOKE)
    shelf.write("mill.md", "# Mill\n\nThe mill opens at ten.\n")
    refused = shelf.rebuild(SMOKE).build

    with pytest.raises(IndexNotFound, match=r"refused by the gate.*--force"):
        publish_by_hand(shelf.folder, refused)
    publish_by_hand(shelf.folder, refused, force=True)

    assert live_build(shelf.folder) == refused
    assert publications(shelf.folder)[0].forced
    assert "against the gate" in runs(shelf.folder)[0].note
    assert shelf.rebuild(SMOKE).outcome is RunOutcome.UNCHANGED


def test_a_rebuild_can_be_forced_at_once(shelf):
    shelf.rebuild(SMOKE)
    shelf.write("mill.md", "# Mill\n\nThe mill opens at ten.\n")

    report = shelf.rebuild(SMOKE, force=True)

    assert report.outcome is RunOutcome.PUBLISHED
    assert not report.gate.passed
    assert publications(shelf.folder)[0].forced


def test_a_refused_build_is_weighed_again_but_not_made_again(shelf):
    shelf.rebuild(SMOKE)
    shelf.write("mill.md", "# Mill\n\nThe mill opens at ten.\n")
    refused = shelf.rebuild(SMOKE)

    again = shelf.rebuild(SMOKE)
    lenient = shelf.rebuild()

    assert (again.outcome, again.build) == (RunOutcome.REFUSED, refused.build)
    assert shelf.embedder.embedded == []
    assert (lenient.outcome, lenient.build) == (RunOutcome.PUBLISHED, refused.build)


def test_feedback_counts_and_the_margin_decides(shelf):
    shelf.rebuild()
    judge(shelf, "When does the mill open?")
    judge(shelf, "When does the pier close?")
    shelf.write("mill.md", "# Mill\n\nNobody knows anything about it.\n")

    strict = shelf.rebuild("[gate]\nmargin = 0.4\n")
    lax = shelf.rebuild("[gate]\nmargin = 0.5\n")

    assert strict.outcome is RunOutcome.REFUSED
    assert (strict.gate.asked, strict.gate.right_before, strict.gate.right_now) == (2, 2, 1)
    assert "worse by 50.0%, and the margin is 40.0%" in strict.gate.why
    assert lax.outcome is RunOutcome.PUBLISHED
    assert [one.kind for one in lax.gate.broken] == ["feedback"]


def test_as_many_questions_may_be_gained_as_are_lost(shelf):
    shelf.rebuild()
    judge(shelf, "When does the mill open?")
    judge(shelf, "When does the pier close?", "wrong", expected="noon")
    shelf.write("mill.md", "# Mill\n\nNobody knows anything about it.\n")
    shelf.write("pier.md", "# Pier\n\nThe pier closes at noon.\n")

    report = shelf.rebuild("[gate]\nmargin = 0.0\n")

    assert report.outcome is RunOutcome.PUBLISHED
    assert (report.gate.asked, report.gate.right_before, report.gate.right_now) == (2, 1, 1)
    assert [one.question for one in report.gate.broken] == ["When does the mill open?"]


def test_feedback_can_be_left_out(shelf):
    shelf.rebuild()
    judge(shelf, "When does the mill open?")
    shelf.write("mill.md", "# Mill\n\nNobody knows anything about it.\n")

    report = shelf.rebuild("[gate]\nfeedback = false\n")

    assert report.outcome is RunOutcome.PUBLISHED
    assert report.gate is None


def test_a_question_whose_documents_have_gone_is_no_reason_to_refuse(shelf):
    shelf.rebuild(SMOKE)
    judge(shelf, "When does the mill open?")
    (shelf.papers / "mill.md").unlink()

    report = shelf.rebuild(SMOKE)

    assert report.outcome is RunOutcome.PUBLISHED
    assert [one.kind for one in report.gate.retired] == ["smoke", "feedback"]
    assert report.gate.broken == ()


def test_the_calibration_questions_are_asked_again(shelf):
    shelf.rebuild()
    line = {
        "_id": "q1",
        "text": "What does the lamp burn?",
        "metadata": {"answers": ["whale oil"]},
    }
    shelf.folder.made_questions.write_text(json.dumps(line) + "\n")
    shelf.write("lamp.md", "# Lamp\n\nThe lamp burns petrol today.\n")

    report = shelf.rebuild()

    assert report.outcome is RunOutcome.REFUSED
    assert [(one.kind, one.why) for one in report.gate.broken] == [
        ("calibration", "the answer is wrong")
    ]
    assert shelf.rebuild("[gate]\ncalibration = false\n").outcome is RunOutcome.PUBLISHED


def test_what_was_wrong_before_is_not_held_against_a_new_build(shelf):
    shelf.rebuild()
    judge(shelf, "When does the mill open?", "wrong", expected="eleven")
    shelf.write("pier.md", "# Pier\n\nThe pier closes at noon.\n")

    report = shelf.rebuild()

    assert report.outcome is RunOutcome.PUBLISHED
    assert (report.gate.right_before, report.gate.right_now) == (0, 0)


def test_a_smoke_question_that_is_still_wrong_is_named(shelf):
    shelf.rebuild()
    shelf.write("pier.md", "# Pier\n\nThe pier closes at noon.\n")

    report = shelf.rebuild(SMOKE.replace("nine", "eleven"))

    assert report.outcome is RunOutcome.PUBLISHED
    assert [one.question for one in report.gate.still] == ["When does the mill open?"]


def test_a_name_of_the_live_build_that_was_lost_does_not_change_what_the_gate_compares(shelf):
    first = shelf.rebuild(SMOKE)
    shelf.folder.live.write_text("nonsense")
    shelf.write("mill.md", "# Mill\n\nThe mill opens at ten.\n")

    report = shelf.rebuild(SMOKE)

    assert report.outcome is RunOutcome.REFUSED
    assert report.gate.broken[0].before == "The mill opens at nine."
    assert shelf.ask("When does the mill open?").build == first.build
