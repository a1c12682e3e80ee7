from pathlib import Path

import pytest

from rag.errors import GeneratorFailed, ModelError, WeightsMissing
from rag.models.causal import TransformersGenerator
from tests.models.tiny import make_tiny_writer

pytestmark = pytest.mark.model
MESSAGES = [{"role": "user", "content": "who sat on the mat ?"}]


def test_a_model_without_a_chat_template_reads_paragraphs(tmp_path: Path) -> None:
    generator = TransformersGenerator(str(make_tiny_writer(tmp_path / "m", template=False)))

    assert "".join(generator.stream(MESSAGES, max_tokens=5, deadline=60))


def test_the_prompt_is_not_repeated_in_the_reply(tmp_path: Path) -> None:
    generator = TransformersGenerator(str(make_tiny_writer(tmp_path / "m")))

    text = "".join(generator.stream(MESSAGES, max_tokens=5, deadline=60))

    assert not text.startswith("who sat on the mat")
    assert generator.count_tokens(text) <= 5


def test_a_prompt_beyond_the_window_is_refused(tmp_path: Path) -> None:
    generator = TransformersGenerator(str(make_tiny_writer(tmp_path / "m", window=20)))

    with pytest.raises(GeneratorFailed, match=r"reads 20 tokens .* generator\.evidence_tokens"):
        list(generator.stream(MESSAGES, max_tokens=15, deadline=60))


def test_a_malformed_message_is_refused(tmp_path: Path) -> None:
    generator = TransformersGenerator(str(make_tiny_writer(tmp_path / "m", template=False)))

    with pytest.raises(GeneratorFailed, match="refused the messages"):
        list(generator.stream([{"role": "user"}], max_tokens=5, deadline=60))


def test_pickled_weights_are_refused(tmp_path: Path) -> None:
    folder = make_tiny_writer(tmp_path / "m")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")

    with pytest.raises(ModelError, match="pickled"):
        TransformersGenerator(str(folder)).count_tokens("a")


def test_an_absent_model_says_how_to_fetch_it() -> None:
    with pytest.raises(WeightsMissing, match="rag models fetch owner/absent"):
        TransformersGenerator("owner/absent").count_tokens("a")
