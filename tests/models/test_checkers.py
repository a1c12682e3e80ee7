from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from rag.errors import ModelError, SettingsError
from rag.models.checkers import (
    PromptedVerifier,
    TokenVerifier,
    WritingVerifier,
    open_verifier,
)
from rag.models.labels import best_of_each, columns_of, probabilities
from rag.models.network import Network
from rag.models.verifier import CrossEncoderVerifier
from rag.protocols import Verifier
from tests.models.tiny import ENCODERS, make_tiny_head, make_tiny_t5

CLASSIFIER, DETECTOR = "AutoModelForSequenceClassification", "AutoModelForTokenClassification"
PROMPT = "{premise} [SEP] {claim} ?"
PREMISES = ["a cat sat on the mat", "the dog ran in london . a cat sat", "", "the mat " * 150, "a"]
CLAIMS = ["a cat sat on the mat", "who was in paris ?", "a dog", "the mat", ""]


def open_nli(folder: Path, kind: str = "bert") -> Verifier:
    labels = ("contradiction", "neutral", "entailment")
    return open_verifier(str(make_tiny_head(folder, CLASSIFIER, kind, labels=labels)))


def open_grounded(folder: Path, kind: str = "bert") -> Verifier:
    labels = ("hallucinated", "consistent")
    return open_verifier(str(make_tiny_head(folder, CLASSIFIER, kind, labels=labels)))


def open_prompted(folder: Path, kind: str = "bert") -> Verifier:
    folder = make_tiny_head(folder, CLASSIFIER, kind)
    return open_verifier(str(folder), labels=("unsupported", "supported"), prompt=PROMPT)


def open_detector(folder: Path, kind: str = "bert") -> Verifier:
    return open_verifier(str(make_tiny_head(folder, DETECTOR, kind)))


def open_writer(folder: Path, _kind: str = "t5") -> Verifier:
    return open_verifier(str(make_tiny_t5(folder)))


OPENERS: dict[Callable[..., Verifier], type] = {
    open_nli: CrossEncoderVerifier,
    open_grounded: CrossEncoderVerifier,
    open_prompted: PromptedVerifier,
    open_detector: TokenVerifier,
    open_writer: WritingVerifier,
}


@pytest.mark.parametrize("opener", OPENERS)
def test_every_kind_of_checker_gives_probabilities_that_padding_does_not_change(
    opener: Callable[..., Verifier], tmp_path: Path
) -> None:
    verifier = opener(tmp_path)

    together = verifier.infer(PREMISES, CLAIMS)

    assert type(verifier) is OPENERS[opener]
    assert together.shape == (5, 3)
    assert together.min() >= 0
    assert np.allclose(together.sum(axis=1), 1, atol=1e-5)
    alone = [verifier.infer([p], [c])[0] for p, c in zip(PREMISES, CLAIMS, strict=True)]
    assert np.allclose(together, alone, atol=1e-4)
    assert verifier.infer([], []).shape == (0, 3)
    with pytest.raises(ModelError, match="1 premises for 2 hypotheses"):
        verifier.infer(["a"], ["a", "b"])


@pytest.mark.slow
@pytest.mark.parametrize("kind", [kind for kind in ENCODERS if kind != "bert"])
@pytest.mark.parametrize("opener", [open_nli, open_prompted, open_detector])
def test_any_architecture_checks(
    opener: Callable[..., Verifier], kind: str, tmp_path: Path
) -> None:
    verifier = opener(tmp_path, kind)

    together = verifier.infer(PREMISES, CLAIMS)

    alone = [verifier.infer([p], [c])[0] for p, c in zip(PREMISES, CLAIMS, strict=True)]
    assert np.allclose(together, alone, atol=2e-3)


@pytest.mark.parametrize("opener", OPENERS)
def test_what_stands_at_the_end_of_a_long_premise_counts(
    opener: Callable[..., Verifier], tmp_path: Path
) -> None:
    verifier = opener(tmp_path)
    endings = ["", "a cat in paris", "who ?", *(f"{word} " * 130 for word in ("1", "dog", "paris"))]

    scores = verifier.infer(
        [f"{'the mat on the mat ' * 60}{ending}" for ending in endings], ["a cat"] * len(endings)
    )[:, 0]

    assert len({round(float(score), 8) for score in scores}) > 1


def test_the_part_that_entails_most_stands_for_the_premise() -> None:
    rows = np.asarray([[0.2, 0.8, 0], [0.7, 0.1, 0.2], [0.1, 0, 0.9]], np.float32)

    assert np.array_equal(best_of_each(rows, [1, 1, 0], 2), rows[[2, 1]])


def test_parts_overlap_and_leave_nothing_out(tmp_path: Path) -> None:
    network = Network(str(make_tiny_head(tmp_path, CLASSIFIER)), CLASSIFIER)
    words = [f"cat{'s' * (n % 7)} dog{n}" for n in range(60)]
    text = "  ".join(words)

    parts = network.parts(text, 40)

    assert all(network.count(part) <= 40 for part in parts)
    assert network.parts("a cat", 40) == ["a cat"]
    end = 0
    for part in parts:
        start = text.index(part)
        assert start <= end
        end = start + len(part)
    assert end == len(text)


@pytest.mark.parametrize("opener", [open_prompted, open_detector, open_writer])
def test_a_claim_that_fills_the_window_is_refused(
    opener: Callable[..., Verifier], tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match="leaves no room for its evidence in the 160 tokens"):
        opener(tmp_path).infer(["a cat"], ["who " * 200])


def test_a_detector_judges_a_claim_by_its_worst_word(tmp_path: Path) -> None:
    verifier = open_detector(tmp_path)

    whole, *words = verifier.infer(["a cat sat"] * 4, ["cat dog paris", "cat", "dog", "paris"])[
        :, 0
    ]

    encoded = verifier._template.encode(
        verifier._template.fill("a cat sat", "", beside=3), ["cat dog paris"]
    )
    logits = verifier._network.run(encoded).logits[0, -4:-1].numpy()
    made_up = np.exp(logits[:, 1]) / np.exp(logits).sum(axis=1)
    assert whole == pytest.approx(1 - made_up.max(), abs=1e-5)
    assert len({round(float(word), 4) for word in words}) == 3


def test_a_special_token_of_the_prompt_is_one_and_one_of_a_document_is_not(tmp_path: Path) -> None:
    verifier = open_prompted(tmp_path)

    (text,) = verifier._template.fill("a [SEP] cat", "who [SEP] ?")
    tokens = verifier._template.encode([text]).tokens()

    assert tokens.count("[SEP]") == 2  # that of the prompt, and the last


def test_braces_of_a_document_are_not_filled(tmp_path: Path) -> None:
    verifier = open_prompted(tmp_path)

    assert verifier._template.fill("{claim}", "a cat") == ["{claim} [SEP] a cat ?"]


def test_a_prompt_without_its_slots_and_labels_of_another_length_are_settings_errors(
    tmp_path: Path,
) -> None:
    folder = str(make_tiny_head(tmp_path, CLASSIFIER))

    with pytest.raises(SettingsError, match=r"'verifier.prompt'.*lacks \{claim\}"):
        open_verifier(folder, labels=("unsupported", "supported"), prompt="{premise}")
    with pytest.raises(SettingsError, match=r"'verifier.labels' has 1 labels, supported, and"):
        open_verifier(folder, labels=("supported",))
    with pytest.raises(ModelError, match=r"say what its outputs mean with verifier\.labels"):
        open_verifier(folder)


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (["contradiction", "entailment", "neutral"], [2, 0, 1]),
        (["ENTAILMENT", "NEUTRAL", "CONTRADICTION"], [0, 1, 2]),
        (["entailment", "not_entailment"], [0, 1]),
        (["not-entailment", "entailment"], [1, 0]),
        (["hallucinated", "consistent"], [1, 0]),
        (["SUPPORTS", "REFUTES", "NOT ENOUGH INFO"], [0, 2, 1]),
        (["non-factual", "Factual"], [1, 0]),
    ],
)
def test_the_order_of_labels_is_read_from_the_model(labels: list[str], expected: list[int]) -> None:
    assert columns_of(dict(enumerate(labels)), "model") == expected


@pytest.mark.parametrize(
    "labels",
    [["LABEL_0", "LABEL_1", "LABEL_2"], ["entailment"], ["neutral", "contradiction"],
     ["entailed", "supported"]],
)  # fmt: skip
def test_labels_that_do_not_name_entailment_are_refused(labels: list[str]) -> None:
    with pytest.raises(ModelError, match=r"entailment and not_entailment, in its config\.json"):
        columns_of(dict(enumerate(labels)), "model")


def test_given_labels_stand_in_for_those_of_the_model() -> None:
    nameless = {0: "LABEL_0", 1: "LABEL_1"}

    assert columns_of(nameless, "model", ["unsupported", "supported"]) == [1, 0]
    assert columns_of({0: "LABEL_0"}, "model", ["supported"]) == [0]


def test_a_single_output_is_a_logit_of_entailment() -> None:
    rows = probabilities(np.asarray([[0.0], [100.0], [-100.0]], np.float32), [0])

    assert np.allclose(rows, [[0.5, 0.5, 0], [1, 0, 0], [0, 1, 0]], atol=1e-6)
