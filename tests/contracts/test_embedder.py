"""What every embedder promises, over each way to run one."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from rag.errors import ModelError
from rag.models.embedder import OpenVinoEmbedder, SentenceTransformerEmbedder
from rag.protocols import Embedder
from tests.models.tiny import make_tiny_encoder
from tests.models.weights import real_weights

Make = Callable[[Path], Embedder]


def tiny_openvino(folder: Path) -> Embedder:
    return OpenVinoEmbedder(make_tiny_encoder(folder), threads=1)


def tiny_sentence_transformer(folder: Path) -> Embedder:
    return SentenceTransformerEmbedder(str(make_tiny_encoder(folder)))


def real_openvino(_folder: Path) -> Embedder:
    return OpenVinoEmbedder(real_weights("all-MiniLM-L6-v2"))


MAKERS = [
    pytest.param(tiny_openvino, id="openvino-tiny"),
    pytest.param(tiny_sentence_transformer, id="torch-tiny", marks=pytest.mark.model),
    pytest.param(real_openvino, id="openvino-real", marks=pytest.mark.model),
]
TEXTS = ["the cat sat on the mat", "", "a dog ran", "who was in paris ?", "the " * 20, "cat"] * 4


@pytest.fixture(scope="module", params=MAKERS)
def embedder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Embedder:
    make: Make = request.param
    return make(tmp_path_factory.mktemp("encoder"))


def test_vectors_are_unit_float32_rows(embedder: Embedder) -> None:
    vectors = embedder.embed_texts(TEXTS)

    assert vectors.dtype == np.float32
    assert vectors.shape == (len(TEXTS), embedder.dim)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_no_texts_give_an_empty_array(embedder: Embedder) -> None:
    assert embedder.embed_texts([]).shape == (0, embedder.dim)
    assert embedder.embed_queries([]).shape == (0, embedder.dim)
    assert embedder.count_tokens([]) == []


def test_a_text_has_the_same_vector_alone_and_in_a_batch(embedder: Embedder) -> None:
    together = embedder.embed_texts(TEXTS)

    alone = np.vstack([embedder.embed_texts([text]) for text in TEXTS])

    assert np.sum(together * alone, axis=1).min() > 0.999


def test_different_texts_have_different_vectors(embedder: Embedder) -> None:
    cat, dog = embedder.embed_texts(["the cat sat", "a dog ran in london"])

    assert float(cat @ dog) < 0.99


def test_tokens_are_counted_with_the_special_ones_and_without_a_limit(embedder: Embedder) -> None:
    few, many = embedder.count_tokens(["cat", "cat " * 1000])

    assert few == 3
    assert many == 1002


def test_a_text_of_exactly_the_limit_is_read_and_one_more_is_refused(embedder: Embedder) -> None:
    longest = "cat " * (embedder.max_tokens - 2)

    assert embedder.embed_texts([longest]).shape == (1, embedder.dim)
    with pytest.raises(ModelError, match=f"text 1 has {embedder.max_tokens + 1} tokens"):
        embedder.embed_texts(["cat", longest + "cat"])


def test_a_long_query_is_cut_at_the_limit(embedder: Embedder) -> None:
    longest = "cat " * (embedder.max_tokens - 2)

    cut, whole = embedder.embed_queries([longest + "paris dog", longest])

    assert float(cut @ whole) > 0.999


def test_the_fingerprint_does_not_change_between_runs(embedder: Embedder) -> None:
    assert len(embedder.fingerprint) == 32
    assert embedder.fingerprint == embedder.fingerprint
    assert embedder.name
