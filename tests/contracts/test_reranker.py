"""What every reranker promises, over each way to run one."""

from pathlib import Path

import numpy as np
import pytest

from rag.errors import ModelError
from rag.models.reranker import CrossEncoderReranker
from rag.protocols import Reranker
from tests.models.tiny import SOME_ENCODERS, make_tiny_classifier, make_tiny_head

pytestmark = pytest.mark.model
QUESTION = "where was the cat ?"
TEXTS = ["the cat sat on the mat", "", "a dog ran in london", "the cat " * 200] * 6


@pytest.fixture(scope="module")
def reranker(tmp_path_factory: pytest.TempPathFactory) -> Reranker:
    return CrossEncoderReranker(
        str(make_tiny_classifier(tmp_path_factory.mktemp("reranker"), ["LABEL_0"]))
    )


def test_every_text_has_one_finite_score(reranker: Reranker) -> None:
    scores = reranker.score(QUESTION, TEXTS)

    assert scores.dtype == np.float32
    assert scores.shape == (len(TEXTS),)
    assert np.isfinite(scores).all()
    assert len(set(scores[:3].tolist())) == 3


def test_no_texts_give_no_scores(reranker: Reranker) -> None:
    assert reranker.score(QUESTION, []).shape == (0,)


def test_a_score_does_not_depend_on_the_company(reranker: Reranker) -> None:
    together = reranker.score(QUESTION, TEXTS)

    alone = [reranker.score(QUESTION, [text])[0] for text in TEXTS]

    assert np.allclose(together, alone, atol=1e-4)


def test_what_stands_at_the_end_of_a_long_text_counts(reranker: Reranker) -> None:
    dull = "the mat " * 100
    endings = ["a dog ran", "who ?", "paris in 1 2 3", "london"]

    scores = reranker.score(QUESTION, [dull, *(f"{dull}{ending}" for ending in endings)])

    assert scores[1:].max() > scores[0] - 1e-4
    assert len({round(float(score), 4) for score in scores}) > 2


def test_a_question_that_fills_the_window_is_refused(reranker: Reranker) -> None:
    with pytest.raises(ModelError, match="leaves no room"):
        reranker.score("who " * 200, ["a cat"])


def test_a_model_of_several_labels_is_no_reranker(tmp_path: Path) -> None:
    folder = make_tiny_classifier(tmp_path / "nli", ["entailment", "not_entailment"])

    with pytest.raises(ModelError, match=r"belongs under verifier\.model"):
        CrossEncoderReranker(str(folder))


def test_two_labels_count_as_relevant_less_not_relevant_in_any_order(tmp_path: Path) -> None:
    head = "AutoModelForSequenceClassification"
    one, other, unnamed = (
        CrossEncoderReranker(str(make_tiny_head(tmp_path / str(row), head, labels=labels)))
        for row, labels in enumerate(
            [("not_relevant", "relevant"), ("relevant", "not_relevant"), ()]
        )
    )

    scores = one.score(QUESTION, TEXTS[:3])

    assert np.allclose(other.score(QUESTION, TEXTS[:3]), -scores, atol=1e-5)
    assert np.allclose(unnamed.score(QUESTION, TEXTS[:3]), scores, atol=1e-5)


@pytest.mark.parametrize("kind", SOME_ENCODERS)
def test_any_architecture_reranks_and_padding_changes_nothing(kind: str, tmp_path: Path) -> None:
    head = "AutoModelForSequenceClassification"
    folder = make_tiny_head(tmp_path, head, kind, labels=("LABEL_0",))
    reranker = CrossEncoderReranker(str(folder))

    together = reranker.score(QUESTION, TEXTS[:4])

    alone = [reranker.score(QUESTION, [text])[0] for text in TEXTS[:4]]
    assert np.allclose(together, alone, atol=1e-3)
