from pathlib import Path

import numpy as np
import pytest
import torch

from rag.errors import ModelError, WeightsMissing
from rag.models.network import STRIDE
from rag.models.question_answering import NOTHING, TransformersReader, best_span
from tests.models.tiny import POSITIONS, SOME_ENCODERS, make_tiny_head

HEAD = "AutoModelForQuestionAnswering"
QUESTION = "where is the cat ?"
TEXT = "the cat sat on the mat in paris"


@pytest.mark.parametrize("kind", SOME_ENCODERS)
def test_any_architecture_is_read_to_the_end_and_padding_changes_nothing(
    kind: str, tmp_path: Path
) -> None:
    reader = TransformersReader(make_tiny_head(tmp_path, HEAD, kind))
    texts = [TEXT, f"{TEXT} . " * 40, "a dog"]

    together = reader.read(QUESTION, texts)

    assert [len(reading.starts) for reading in together] == [8, 9 * 40, 2]
    for text, reading in zip(texts, together, strict=True):
        (alone,) = reader.read(QUESTION, [text])
        assert np.allclose(alone.starts, reading.starts, atol=1e-3)
        assert alone.answerable == pytest.approx(reading.answerable, abs=1e-3)


def test_scores_are_relative_to_no_answer(tmp_path: Path) -> None:
    reader = TransformersReader(make_tiny_head(tmp_path, HEAD))
    encoded = reader._network.tokenizer(QUESTION, TEXT, return_tensors="pt")
    with torch.inference_mode():
        raw = reader._network.network(**encoded)
    inside = slice(7, -1)  # after [CLS], five words and [SEP]

    (reading,) = reader.read(QUESTION, [TEXT])

    starts = (raw.start_logits - raw.start_logits[:, :1])[0, inside].numpy()
    ends = (raw.end_logits - raw.end_logits[:, :1])[0, inside].numpy()
    assert np.allclose(reading.starts, starts, atol=1e-5)
    assert np.allclose(reading.ends, ends, atol=1e-5)
    assert reading.answerable == pytest.approx(
        max(starts[i] + ends[j] for i in range(8) for j in range(i, 8)), abs=1e-5
    )
    assert reading.relevant == reading.answerable


def test_a_token_of_two_windows_takes_the_better_score(tmp_path: Path) -> None:
    reader = TransformersReader(make_tiny_head(tmp_path, HEAD))
    words = (f"{TEXT} . " * 30).split()[:200]
    room = POSITIONS - 3 - 5
    first, rest = words[:room], words[room - STRIDE :]
    assert len(rest) <= room

    (whole,) = reader.read(QUESTION, [" ".join(words)])

    a, b = reader.read(QUESTION, [" ".join(first), " ".join(rest)])
    seam = np.maximum(a.starts[-STRIDE:], b.starts[:STRIDE])
    expected = np.concatenate([a.starts[:-STRIDE], seam, b.starts[STRIDE:]])
    assert np.allclose(whole.starts, expected, atol=1e-4)
    assert whole.answerable == pytest.approx(max(a.answerable, b.answerable), abs=1e-4)


def test_the_best_span_runs_forward_and_is_no_longer_than_allowed() -> None:
    starts = np.asarray([0, 0, 5], np.float32)
    ends = np.asarray([4, 1, 0], np.float32)

    assert best_span(starts, ends) == 5  # not 9: it would end before it starts
    assert best_span(ends[::-1].copy(), starts, longest=1) == 9
    assert best_span(np.asarray([9, 0, 0], np.float32), starts, longest=2) == 9
    assert best_span(starts[:0], ends[:0]) == NOTHING


def test_a_special_token_in_a_text_is_text(tmp_path: Path) -> None:
    reader = TransformersReader(make_tiny_head(tmp_path, HEAD))

    (reading,) = reader.read("who [SEP] ?", ["a cat [SEP] a dog"])

    assert len(reading.starts) == 2 + len("[ SEP ]".split()) + 2


def test_a_model_without_the_head_is_refused_and_not_filled_with_noise(tmp_path: Path) -> None:
    bare = make_tiny_head(tmp_path, "AutoModelForSequenceClassification")

    with pytest.raises(ModelError, match=r"lacks the weights qa_outputs.*QuestionAnswering head"):
        TransformersReader(bare)


def test_what_cannot_be_opened_says_why(tmp_path: Path) -> None:
    pickled = tmp_path / "pickled"
    pickled.mkdir()
    (pickled / "pytorch_model.bin").write_bytes(b"x")
    good = make_tiny_head(tmp_path / "good", HEAD)

    with pytest.raises(WeightsMissing, match="rag models fetch owner/absent"):
        TransformersReader("owner/absent")
    with pytest.raises(ModelError, match="pickled weights only"):
        TransformersReader(pickled)
    with pytest.raises(ModelError, match="cannot run on 'nowhere'"):
        TransformersReader(good, device="nowhere")
    with pytest.raises(ModelError, match="no precision 'float8'; there are auto, float32"):
        TransformersReader(good, precision="float8")
    with pytest.raises(ModelError, match="leaves no room in the 160"):
        TransformersReader(good).read("who " * 200, ["a cat"])


@pytest.mark.parametrize(("precision", "near"), [("bfloat16", 0.3), ("int8", 0.5)])
def test_other_precisions_say_nearly_the_same(precision: str, near: float, tmp_path: Path) -> None:
    folder = make_tiny_head(tmp_path, HEAD)
    (exact,) = TransformersReader(folder).read(QUESTION, [TEXT])

    (rough,) = TransformersReader(folder, precision=precision).read(QUESTION, [TEXT])

    assert not np.array_equal(rough.starts, exact.starts)
    assert np.abs(rough.starts - exact.starts).max() < near
