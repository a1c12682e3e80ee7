import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import (
    balanced_accuracy_score,
    cohen_kappa_score,
    ndcg_score,
    roc_auc_score,
)

from rag.evaluate.bootstrap import figure, mean, percentile
from rag.evaluate.metrics import (
    auc,
    aurc,
    balanced_accuracy,
    calibration_error,
    contains,
    kappa,
    ranking_scores,
    reliability,
    risk_at,
    risk_curve,
    token_f1,
)


def array(*values):
    return np.asarray(values, dtype=float)


def test_a_relevant_document_at_rank_two_of_two_scores_as_the_formulas_say():
    scores = ranking_scores({"q": {"b": 1, "z": 1}}, {"q": {"a": 2.0, "b": 1.0}})

    ideal = 1 + 1 / np.log2(3)
    assert scores["ndcg@10"]["q"] == pytest.approx(1 / np.log2(3) / ideal, abs=1e-4)
    assert scores["recall@5"]["q"] == 0.5
    assert scores["mrr@10"]["q"] == 0.5


def test_ndcg_equals_that_of_another_library_with_grades_and_many_hits():
    rng = np.random.default_rng(8)
    grades = {f"d{i}": int(rng.integers(0, 3)) for i in range(30)}
    run = {f"d{i}": float(score) for i, score in enumerate(rng.random(30))}
    ranked = sorted(run, key=run.get, reverse=True)

    scores = ranking_scores({"q": grades}, {"q": run})

    other = ndcg_score([[grades[d] for d in run]], [list(run.values())], k=10)
    relevant = [d for d in grades if grades[d]]
    found = [sum(d in relevant for d in ranked[:k]) / len(relevant) for k in (5, 20)]
    first = next(rank for rank, d in enumerate(ranked, 1) if grades[d])
    assert scores["ndcg@10"]["q"] == pytest.approx(other, abs=1e-4)
    assert [scores[f"recall@{k}"]["q"] for k in (5, 20)] == pytest.approx(found)
    assert scores["mrr@10"]["q"] == pytest.approx(1 / first)


def test_a_question_without_any_hit_scores_zero_instead_of_vanishing():
    scores = ranking_scores({"q": {"a": 1}, "r": {"b": 1}}, {"q": {"a": 1.0}, "r": {}})

    assert scores["ndcg@10"] == {"q": 1.0, "r": 0.0}


def test_f1_takes_the_best_gold_and_ignores_case_articles_and_punctuation():
    assert token_f1("The RNA pathway.", ["interference", "rna pathway"]) == 1.0
    assert token_f1("rna pathway", ["rna interference pathway"]) == pytest.approx(0.8)
    assert token_f1("nothing", ["rna"]) == 0.0


@given(st.lists(st.sampled_from("ab"), min_size=1), st.lists(st.sampled_from("abc"), min_size=1))
def test_f1_equals_counting_matches_one_by_one(said, gold):
    said, gold = [[word * 2 for word in words] for words in (said, gold)]  # "a" is an article
    rest, matched = list(gold), 0
    for word in said:
        if word in rest:
            rest.remove(word)
            matched += 1

    expected = 2 * matched / (len(said) + len(gold))
    assert token_f1(" ".join(said), [" ".join(gold)]) == pytest.approx(expected)


def test_a_gold_is_contained_word_for_word_only():
    assert contains("It opened in 1989, in May.", ["1989"])
    assert not contains("It opened in 19891.", ["1989"])
    assert not contains("anything", [""])


def test_risk_counts_the_most_confident_first():
    confidence, wrong = array(0.9, 0.8, 0.7, 0.6), array(0, 1, 0, 1)

    assert risk_at(confidence, wrong, 0.25) == 0
    assert risk_at(confidence, wrong, 0.5) == 0.5
    assert risk_at(confidence, wrong, 1.0) == 0.5


def test_aurc_is_the_mean_of_the_risks_at_every_coverage():
    confidence, wrong = array(0.1, 0.9, 0.5), array(1, 0, 1)

    assert aurc(confidence, wrong) == pytest.approx((0 + 1 / 2 + 2 / 3) / 3)


def test_aurc_and_its_curve_equal_sorting_and_counting():
    rng = np.random.default_rng(4)
    confidence, wrong = rng.permutation(50) / 50, (rng.random(50) < 0.4).astype(float)
    order = sorted(range(50), key=lambda row: -confidence[row])

    risks = [sum(wrong[row] for row in order[:kept]) / kept for kept in range(1, 51)]
    assert aurc(confidence, wrong) == pytest.approx(sum(risks) / 50)
    assert [risk for _, risk in risk_curve(confidence, wrong)] == pytest.approx(risks)
    assert risk_curve(confidence, wrong)[24][0] == 0.5
    assert risk_curve(array(), array()) == []


def test_equal_confidences_are_not_lucky_by_their_order():
    assert aurc(array(0.5, 0.5), array(0, 1)) == aurc(array(0.5, 0.5), array(1, 0)) == 0.5


def test_scores_of_probabilities_equal_those_of_another_library():
    rng = np.random.default_rng(3)
    truth = (rng.random(200) < 0.3).astype(float)
    scores = np.round(np.clip(truth * 0.3 + rng.random(200) * 0.7, 0, 1), 1)  # many ties
    said = (scores >= 0.5).astype(float)

    assert auc(truth, scores) == pytest.approx(roc_auc_score(truth, scores))
    assert balanced_accuracy(truth, said) == pytest.approx(balanced_accuracy_score(truth, said))
    assert kappa(truth, said) == pytest.approx(cohen_kappa_score(truth, said))


def test_one_label_alone_has_no_balanced_accuracy_auc_or_kappa():
    ones = np.ones(3)

    assert np.isnan(balanced_accuracy(ones, ones))
    assert np.isnan(auc(ones, ones))
    assert np.isnan(kappa(ones, ones))


def test_calibration_error_weighs_each_bin_by_its_items():
    truth, scores = array(1, 0, 1, 1), array(0.8, 0.85, 0.95, 1.0)

    # bins [0.8, 0.9): mean 0.825 against 0.5; [0.9, 1]: mean 0.975 against 1
    assert calibration_error(truth, scores) == pytest.approx(0.325 / 2 + 0.025 / 2)


def test_calibration_error_and_its_bins_equal_going_through_them_one_by_one():
    rng = np.random.default_rng(6)
    scores = np.append(rng.random(200), [0.0, 1.0])
    truth = (rng.random(202) < scores**2).astype(float)

    expected, inside = 0.0, []
    for low in range(10):
        rows = [i for i, s in enumerate(scores) if low <= s * 10 < low + 1 or (low == 9 and s == 1)]
        mean_score, share = scores[rows].mean(), truth[rows].mean()
        expected += len(rows) / 202 * abs(mean_score - share)
        inside.append((low / 10, len(rows), mean_score, share))

    found = [(b["low"], b["n"], b["score"], b["true"]) for b in reliability(truth, scores)]
    assert calibration_error(truth, scores) == pytest.approx(expected)
    assert np.array(found) == pytest.approx(np.array(inside))
    assert [b["n"] for b in reliability(array(1), array(0.35))] == [1]  # empty bins are left out


def test_an_interval_covers_the_true_mean_about_as_often_as_it_says():
    rng = np.random.default_rng(1)
    samples = [(rng.random(60) < 0.4).tolist() for _ in range(100)]
    found = [mean(sample) for sample in samples]

    covered = sum(one.low <= 0.4 <= one.high for one in found)
    assert 88 <= covered <= 100
    assert all(0.1 < one.high - one.low < 0.35 for one in found)


def test_the_same_values_give_the_same_interval():
    assert mean([0, 1, 1, 0, 1]) == mean([0, 1, 1, 0, 1])


def test_nothing_measured_is_null_of_no_items():
    expected = {"value": None, "n": 0, "ci95": [None, None]}

    assert mean([]).to_dict() == expected
    assert percentile([], 95).to_dict() == expected
    assert figure(lambda rows: float("nan"), 7).to_dict() == expected
