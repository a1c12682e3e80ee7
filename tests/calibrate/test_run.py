"""From outcomes to an entry: what is stored, and how it is told."""

from rag.answer.evidence.confidence import Curve
from rag.calibrate.bounds import Bound
from rag.calibrate.outcomes import Outcome
from rag.calibrate.run import Questions, Terms, calibrate
from rag.calibrate.summary import lines
from rag.testing import pipeline_of
from rag.types import Mode

RAG = pipeline_of({"mill.md": "The mill opens at nine."})


def found(outcomes, alpha=0.3):
    terms = Terms(alpha=alpha, delta=0.1, bound=Bound.BATCH)
    given = Questions("given", "0" * 64, "q.jsonl")
    return calibrate(outcomes, RAG, Mode.EXTRACTIVE, terms, given)


def outcomes(n=200, wrong_below=0.5):
    return [
        Outcome(str(k), "answerable", k / n, answered=True, wrong=k / n < wrong_below)
        for k in range(n)
    ]


def test_an_entry_says_where_its_questions_came_from_and_sets_the_gate():
    entry = found(outcomes()).entry

    assert entry.calibration.source == "given"
    assert entry.calibration.curve is not Curve.RAW
    assert 0.3 < entry.calibration.threshold < 0.55
    assert entry.build == RAG.snapshot.build


def test_answers_that_are_all_right_tell_no_chance_and_claim_none():
    entry = found(outcomes(wrong_below=-1)).entry

    assert entry.calibration.curve is Curve.RAW
    assert entry.calibration.source == ""


def test_the_summary_gives_errors_as_numbers_and_the_promise_in_a_sentence():
    text = "\n".join(lines(found(outcomes())))

    assert "Calibration error (lower is better): 0." in text
    assert "unknown" not in text
    assert "at most 30% are wrong, with 90% certainty" in text


def test_when_no_gate_is_good_enough_on_average_it_says_so():
    text = "\n".join(lines(found(outcomes(20, wrong_below=2), alpha=0.04)))

    assert "no gate keeps wrong answers to 4% of all questions" in text
    assert "No promise of at most 4% wrong" in text
