import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from rag.errors import ModelError, WeightsMissing
from rag.models.embedder import OpenVinoEmbedder, SentenceTransformerEmbedder, open_embedder
from tests.models.tiny import LAYERS, make_tiny_encoder
from tests.models.weights import real_weights


@pytest.mark.model
def test_both_runtimes_agree_on_vectors_counts_and_fingerprint(tmp_path: Path) -> None:
    folder = make_tiny_encoder(tmp_path / "encoder")
    texts = ["the cat sat on the mat", "who ran in london ?", "a", "", "the dog " * 9]

    ours, theirs = OpenVinoEmbedder(folder), SentenceTransformerEmbedder(str(folder))

    cosines = np.sum(ours.embed_texts(texts) * theirs.embed_texts(texts), axis=1)
    assert cosines.min() > 0.999
    assert ours.count_tokens(texts) == theirs.count_tokens(texts)
    assert (ours.fingerprint, ours.dim) == (theirs.fingerprint, theirs.dim)


@pytest.mark.model
def test_both_runtimes_agree_on_the_default_model() -> None:
    folder = real_weights("all-MiniLM-L6-v2")
    texts = [
        "The capital of France is Paris.",
        "日本語のテキスト",
        "ERR-4012: naïve café",
        "x " * 254,
    ]

    ours, theirs = OpenVinoEmbedder(folder), SentenceTransformerEmbedder(str(folder))

    cosines = np.sum(ours.embed_texts(texts) * theirs.embed_texts(texts), axis=1)
    assert cosines.min() > 0.999
    assert ours.fingerprint == theirs.fingerprint


def test_another_seed_of_weights_has_another_fingerprint(tmp_path: Path) -> None:
    first = OpenVinoEmbedder(make_tiny_encoder(tmp_path / "a", seed=1))
    same = OpenVinoEmbedder(make_tiny_encoder(tmp_path / "b", seed=1))
    other = OpenVinoEmbedder(make_tiny_encoder(tmp_path / "c", seed=2))

    assert first.fingerprint == same.fingerprint != other.fingerprint


def test_threads_may_share_one_embedder(tmp_path: Path) -> None:
    embedder = OpenVinoEmbedder(make_tiny_encoder(tmp_path / "encoder"))
    questions = [f"who sat on {number} ?" for number in (1, 2, 3)] * 20
    expected = embedder.embed_queries(questions)

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda q: embedder.embed_queries([q])[0], questions))

    assert np.sum(np.vstack(found) * expected, axis=1).min() > 0.999


def test_another_architecture_points_to_the_torch_runtime(tmp_path: Path) -> None:
    folder = make_tiny_encoder(tmp_path / "encoder", model_type="mpnet")

    with pytest.raises(ModelError, match=r"mpnet/gelu/absolute.*embedder\.runtime to torch"):
        OpenVinoEmbedder(folder)


def test_a_missing_tensor_is_named(tmp_path: Path) -> None:
    folder = make_tiny_encoder(tmp_path / "encoder", num_hidden_layers=LAYERS + 1)

    with pytest.raises(ModelError, match=rf"lacks encoder\.layer\.{LAYERS}"):
        OpenVinoEmbedder(folder)


@pytest.mark.parametrize(
    "name", ["tokenizer.json", "config.json", "sentence_bert_config.json", "model.safetensors"]
)
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    folder = make_tiny_encoder(tmp_path / "encoder")
    (folder / name).unlink()

    with pytest.raises(WeightsMissing, match=name):
        OpenVinoEmbedder(folder)


def test_a_folder_of_pickles_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    folder = make_tiny_encoder(tmp_path / "encoder")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")

    with pytest.raises(ModelError, match="pickled"):
        OpenVinoEmbedder(folder)


def test_a_broken_configuration_is_a_model_error(tmp_path: Path) -> None:
    folder = make_tiny_encoder(tmp_path / "encoder")
    (folder / "sentence_bert_config.json").write_text("{", encoding="utf-8")

    with pytest.raises(ModelError, match="not JSON"):
        OpenVinoEmbedder(folder)


def test_truncated_weights_are_a_model_error(tmp_path: Path) -> None:
    path = make_tiny_encoder(tmp_path / "encoder") / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])

    with pytest.raises(ModelError, match=r"model\.safetensors cannot be read"):
        OpenVinoEmbedder(path.parent)


def test_a_folder_that_is_not_there_is_weights_missing(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing):
        OpenVinoEmbedder(tmp_path / "nowhere")


def test_answering_a_question_never_imports_torch(tmp_path: Path) -> None:
    make_tiny_encoder(tmp_path / "encoder")
    script = (
        "import sys; from pathlib import Path; import rag.models.embedder as e;"
        "e.OpenVinoEmbedder(Path(sys.argv[1])).embed_queries(['who ?']);"
        "print({'torch', 'transformers'} & set(sys.modules))"
    )

    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "encoder")],
        capture_output=True, text=True, check=True, timeout=60, cwd=Path(__file__).parents[2],
    )  # fmt: skip

    assert done.stdout.strip() == "set()"


@pytest.mark.model
def test_the_real_model_puts_a_paraphrase_nearer_than_another_subject() -> None:
    embedder = OpenVinoEmbedder(real_weights("all-MiniLM-L6-v2"))

    question = embedder.embed_queries(["How tall is the Eiffel Tower?"])[0]
    height, recipe = embedder.embed_texts(
        ["The tower in Paris rises 330 metres.", "Stir the flour into the melted butter."]
    )

    assert question @ height > question @ recipe + 0.3


def test_a_folder_of_your_own_can_be_opened_with_openvino(tmp_path: Path) -> None:
    folder = make_tiny_encoder(tmp_path / "mine")

    embedder = open_embedder(str(folder), tmp_path / "models", runtime="openvino", threads=1)

    assert embedder.name == "mine"
    assert embedder.embed_texts(["a cat"]).shape == (1, embedder.dim)


def test_a_model_that_was_never_fetched_says_how_to(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing, match="rag models fetch all-MiniLM-L6-v2"):
        open_embedder("all-MiniLM-L6-v2", tmp_path / "models")
