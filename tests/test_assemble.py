from pathlib import Path

import pytest

from rag.assemble import make_reader, make_reranker, make_verifier
from rag.errors import ModelError
from rag.models.checkers import PromptedVerifier
from rag.models.question_answering import TransformersReader
from rag.models.reranker import CrossEncoderReranker
from rag.settings import Settings
from rag.testing import HashingEmbedder
from tests.models.tiny import make_tiny_head

CLASSIFIER = "AutoModelForSequenceClassification"


def settings(**values: object) -> Settings:
    return Settings.load(
        env={}, overrides={key.replace("__", "."): value for key, value in values.items()}
    )


def test_a_verifier_gets_its_labels_and_its_prompt(tmp_path: Path) -> None:
    chosen = settings(
        verifier__model=str(make_tiny_head(tmp_path, CLASSIFIER)),
        verifier__labels="supported,unsupported",
        verifier__prompt="{premise} : {claim}",
    )

    verifier = make_verifier(chosen, HashingEmbedder())

    assert isinstance(verifier, PromptedVerifier)
    assert verifier.infer(["a cat"], ["a dog"])[0, 2] == 0


def test_a_folder_of_someone_elses_reader_is_read_by_transformers(tmp_path: Path) -> None:
    folder = make_tiny_head(tmp_path / "mine", "AutoModelForQuestionAnswering")

    reader = make_reader(settings(reader__model=str(folder)))

    assert isinstance(reader, TransformersReader)
    assert reader.name == "mine"


def test_runtime_reaches_the_models(tmp_path: Path) -> None:
    folder = str(make_tiny_head(tmp_path, CLASSIFIER, labels=("LABEL_0",)))
    exact, rough = (
        make_reranker(settings(search__reranker=folder, runtime__precision=precision))
        for precision in ("float32", "bfloat16")
    )

    assert isinstance(exact, CrossEncoderReranker)
    assert isinstance(rough, CrossEncoderReranker)
    a, b = (one.score("who ?", ["a cat sat"])[0] for one in (exact, rough))
    assert a != b
    assert a == pytest.approx(b, abs=0.2)
    with pytest.raises(ModelError, match="cannot run on 'nowhere'"):
        make_reranker(settings(search__reranker=folder, runtime__device="nowhere"))
