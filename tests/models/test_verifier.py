from pathlib import Path

import numpy as np
import pytest

from rag.errors import ModelError, WeightsMissing
from rag.models import verifier as module
from rag.models.embedder import OpenVinoEmbedder
from rag.models.overlap import FEATURES, Premise, is_sentence_of, overlap
from rag.models.pairs import PairModel
from rag.models.verifier import CrossEncoderVerifier, SimilarityVerifier
from tests.models.tiny import make_tiny_classifier, make_tiny_encoder
from tests.models.weights import real_weights

PREMISE = (
    "Eiffel Tower\nThe tower was finished in March 1889 and stands in Paris. "
    "It is 330 metres tall. Gustave Eiffel's company built it."
)


def features_of(hypothesis: str, premise: str = PREMISE) -> dict[str, float]:
    part = Premise.of(premise)
    row = overlap(hypothesis, part, np.zeros(len(part.sentences), np.float32), 0.0)
    return dict(zip(FEATURES, row.tolist(), strict=True))


@pytest.fixture
def similarity(tmp_path: Path) -> SimilarityVerifier:
    return SimilarityVerifier(OpenVinoEmbedder(make_tiny_encoder(tmp_path / "encoder")))


@pytest.mark.parametrize(
    "sentence",
    [
        "The tower was finished in March 1889 and stands in Paris.",
        "It is 330 metres tall",
        "gustave eiffel’s company built it.",
    ],
)
def test_a_verbatim_sentence_is_entailed(similarity: SimilarityVerifier, sentence: str) -> None:
    assert similarity.infer([PREMISE], [sentence])[0, 0] >= 0.95


def test_part_of_a_sentence_is_not_taken_for_the_sentence() -> None:
    premise = Premise.of("It is not true that the tower is tall.")

    assert not is_sentence_of("the tower is tall", premise)
    assert not is_sentence_of("", premise)


def test_coverage_ignores_order_inflection_and_function_words() -> None:
    assert features_of("In Paris stand the towers.")["coverage"] == 1
    assert features_of("The bridge stands in Rome.")["coverage"] == pytest.approx(1 / 3)


def test_missing_numbers_and_names_are_counted() -> None:
    row = features_of("The tower of Gustave Blanc was finished in 1889 or 1890.")

    assert row["numbers_missing"] == pytest.approx(1 / 2)
    assert row["number_absent"] == 1
    assert row["name_absent"] == 1


def test_a_number_in_words_and_a_name_that_opens_a_sentence_are_not_missed() -> None:
    premise = "About three hundred people work for Gustave Eiffel's firm."

    assert features_of("Eiffel has 3 people.", premise)["number_absent"] == 0
    assert features_of("Eiffel has people.", premise)["name_absent"] == 0
    assert features_of("Bernard has people.", premise)["name_absent"] == 1


def test_only_the_sentences_that_share_most_are_compared_by_vectors() -> None:
    part = Premise.of(" ".join(f"Filler {n} says nothing." for n in range(20)) + " " + PREMISE)

    near = part.nearest("The tower in Paris is 330 metres tall.")

    assert len(near) == 8
    assert near == sorted(near)
    assert {"It is 330 metres tall."} <= {part.sentences[row] for row in near}


def test_the_longest_run_is_a_share_of_the_hypothesis() -> None:
    assert features_of("it is 330 metres tall today")["run"] == pytest.approx(5 / 6)


def test_every_feature_has_a_weight_of_the_sensible_sign() -> None:
    assert set(module._WEIGHTS) == set(FEATURES)
    assert {n for n, w in module._WEIGHTS.items() if w < 0} == {
        "numbers_missing",
        "number_absent",
        "name_absent",
    }


@pytest.mark.parametrize("hypothesis", ["", "?!", "\n", "日本", "a " * 3000])
def test_any_text_can_be_judged(similarity: SimilarityVerifier, hypothesis: str) -> None:
    for premise in ("", "...", PREMISE, "x " * 3000):
        assert 0 <= similarity.infer([premise], [hypothesis])[0, 0] <= 1


@pytest.mark.model
def test_the_built_in_verifier_tells_support_from_another_subject() -> None:
    verifier = SimilarityVerifier(OpenVinoEmbedder(real_weights("all-MiniLM-L6-v2")))

    rows = verifier.infer(
        [PREMISE] * 3,
        [
            "The tower in Paris was finished in March 1889.",
            "The tower was finished in March 1925.",
            "Penguins eat fish in the Antarctic.",
        ],
    )

    assert rows[0, 0] > 0.7
    assert rows[2, 0] < 0.2
    assert rows[0, 0] > rows[1, 0] > rows[2, 0]


@pytest.mark.model
def test_labels_land_in_their_columns_whatever_their_order(tmp_path: Path) -> None:
    first = ["contradiction", "entailment", "neutral"]
    second = ["neutral", "contradiction", "entailment"]
    a = CrossEncoderVerifier(str(make_tiny_classifier(tmp_path / "a", first)))
    b = CrossEncoderVerifier(str(make_tiny_classifier(tmp_path / "b", second)))

    row_a, row_b = (v.infer(["the cat sat"], ["a cat"])[0] for v in (a, b))

    # The same network: output 0 is called contradiction in one and neutral in the other.
    assert row_a[2] == pytest.approx(row_b[1], abs=1e-6)
    assert row_a[0] == pytest.approx(row_b[2], abs=1e-6)
    assert len({round(float(x), 4) for x in row_a}) == 3


@pytest.mark.model
def test_a_long_premise_is_read_to_its_end(tmp_path: Path) -> None:
    pairs = PairModel(str(make_tiny_classifier(tmp_path / "m", ["a", "b"])))

    short, one = pairs.logits(["the cat"], ["dog"], cut="first")
    _, many = pairs.logits(["the cat " * 300, "dog"], ["dog", "cat"], cut="first")

    assert short.shape == (1, 2)
    assert one.tolist() == [0]
    assert many.tolist().count(0) > 4
    assert many.tolist().count(1) == 1


@pytest.mark.model
def test_a_model_that_is_not_here_and_one_that_is_broken_are_told_apart(tmp_path: Path) -> None:
    broken = make_tiny_classifier(tmp_path / "m", ["entailment", "not_entailment"])
    (broken / "config.json").write_text("{}", encoding="utf-8")

    with pytest.raises(WeightsMissing, match="rag models fetch owner/absent"):
        CrossEncoderVerifier("owner/absent")
    with pytest.raises(ModelError, match="cannot be opened as a SequenceClassification model"):
        CrossEncoderVerifier(str(broken))
