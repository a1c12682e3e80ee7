import pytest

from rag.answer.evidence.confidence import gate_features, signals_of
from rag.types import Evidence, Span


@pytest.fixture
def read(passage):
    def of(*relevances, answerable=0.5):
        signals = {"marked": 0.1, "answerable": answerable}
        mill = passage("It opens at nine.")
        return [Evidence(mill, Span(0, 5), chance, None, signals) for chance in relevances]

    return of


def test_without_a_reader_the_relevance_is_all_there_is(passage):
    found = signals_of([Evidence(passage("It opens."), Span(0, 5), 0.42)])

    assert found == {"relevance": 0.42, "answerability": 0.42}
    assert signals_of([]) == {"relevance": 0.0, "answerability": 0.0}


def test_any_of_the_three_best_sentences_may_hold_the_answer(read):
    assert gate_features(read(0.5, 0.5, 0.5))["odds"] == pytest.approx(1.9459, abs=1e-3)
    assert gate_features(read(0.5, 0.5, 0.5, 0.5)) == gate_features(read(0.5, 0.5, 0.5))
    assert gate_features(read(1.0, 0.0))["odds"] < 15  # sure, and still finite


def test_better_evidence_and_a_surer_reader_make_an_answer_likelier(read):
    weak, strong = (signals_of(read(chance))["answerability"] for chance in (0.2, 0.8))
    doubting, sure = (
        signals_of(read(0.5, answerable=value))["answerability"] for value in (-1.0, 1.0)
    )

    assert 0 < weak < strong < 1
    assert 0 < doubting < sure < 1
