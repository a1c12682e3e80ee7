"""What every verifier promises, over each way to run one."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from rag.errors import ModelError
from rag.models.embedder import OpenVinoEmbedder
from rag.models.verifier import CrossEncoderVerifier, SimilarityVerifier
from rag.protocols import Verifier
from tests.models.tiny import make_tiny_classifier, make_tiny_encoder
from tests.models.weights import real_weights

Make = Callable[[Path], Verifier]


def tiny_similarity(folder: Path) -> Verifier:
    return SimilarityVerifier(OpenVinoEmbedder(make_tiny_encoder(folder), threads=1))


def real_similarity(_folder: Path) -> Verifier:
    return SimilarityVerifier(OpenVinoEmbedder(real_weights("all-MiniLM-L6-v2")))


def three_labels(folder: Path) -> Verifier:
    labels = ["contradiction", "entailment", "neutral"]
    return CrossEncoderVerifier(str(make_tiny_classifier(folder, labels)))


def two_labels(folder: Path) -> Verifier:
    labels = ["entailment", "not_entailment"]
    return CrossEncoderVerifier(str(make_tiny_classifier(folder, labels)))


MAKERS = [
    pytest.param(tiny_similarity, id="similarity-tiny"),
    pytest.param(real_similarity, id="similarity-real", marks=pytest.mark.model),
    pytest.param(three_labels, id="three-labels-tiny", marks=pytest.mark.model),
    pytest.param(two_labels, id="two-labels-tiny", marks=pytest.mark.model),
]
PREMISES = ["a cat sat on the mat", "the dog ran in london . a cat sat", "", "the mat " * 90, "a"]
HYPOTHESES = ["a cat sat on the mat", "who was in paris ?", "a dog", "the mat", ""]


@pytest.fixture(scope="module", params=MAKERS)
def verifier(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Verifier:
    make: Make = request.param
    return make(tmp_path_factory.mktemp("verifier"))


def test_rows_are_probabilities(verifier: Verifier) -> None:
    rows = verifier.infer(PREMISES, HYPOTHESES)

    assert rows.dtype == np.float32
    assert rows.shape == (len(HYPOTHESES), 3)
    assert np.allclose(rows.sum(axis=1), 1, atol=1e-5)
    assert rows.min() >= 0


def test_nothing_to_judge_gives_no_rows(verifier: Verifier) -> None:
    assert verifier.infer([], []).shape == (0, 3)


def test_a_pair_is_judged_the_same_alone_and_in_company(verifier: Verifier) -> None:
    together = verifier.infer(PREMISES, HYPOTHESES)

    alone = [verifier.infer([p], [h])[0] for p, h in zip(PREMISES, HYPOTHESES, strict=True)]

    assert np.allclose(together, alone, atol=0.01)


def test_different_numbers_of_premises_and_hypotheses_are_refused(verifier: Verifier) -> None:
    with pytest.raises(ModelError, match="2 premises for 1 hypotheses"):
        verifier.infer(["a", "b"], ["c"])


def test_a_verifier_has_a_name(verifier: Verifier) -> None:
    assert verifier.name
