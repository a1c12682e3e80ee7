"""What every reader must do; a user's own runs through the same checks."""

import numpy as np
import pytest

from rag.errors import ModelError, WeightsMissing
from rag.models.question_answering import TransformersReader
from rag.models.reader import OpenVinoReader
from rag.models.runner import read_tokenizer
from rag.models.train.encode import QUESTION_TOKENS
from rag.models.train.export import export
from rag.models.train.reader import fresh_reader, load_reader
from rag.models.train.reading import read_passages
from rag.testing import WordReader
from tests.models.tiny import POSITIONS, make_tiny_encoder, make_tiny_head

QUESTION = "When does it open ?"
TEXTS = [
    "The mill opens at nine .",
    "It sat  on\n\nthe river . ",
    "",
    "the dog ran . " * 120 + "the cat was in paris",
    "nine",
    "nine " * 400,
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("reader")
    base = make_tiny_encoder(root / "base")
    export(fresh_reader(base), base, root / "out")
    return root / "out"


@pytest.fixture(scope="module", params=["stand-in", "built-in", "transformers"])
def reader(request, folder, tmp_path_factory):
    if request.param == "stand-in":
        return WordReader({"nine"})
    if request.param == "built-in":
        return OpenVinoReader(folder)
    head = "AutoModelForQuestionAnswering"
    return TransformersReader(make_tiny_head(tmp_path_factory.mktemp("head"), head))


def test_there_is_one_reading_per_text_in_order(reader):
    readings = reader.read(QUESTION, TEXTS)

    assert len(readings) == len(TEXTS)
    assert TEXTS[4][slice(*readings[4].offsets[0])] == "nine"


def test_every_token_has_a_place_and_two_finite_scores(reader):
    for reading in reader.read(QUESTION, TEXTS):
        tokens = len(reading.offsets)
        assert reading.offsets.shape == (tokens, 2)
        assert reading.offsets.dtype == np.int64
        assert reading.starts.shape == reading.ends.shape == (tokens,)
        assert reading.starts.dtype == reading.ends.dtype == np.float32
        assert np.isfinite([*reading.starts, *reading.ends]).all()
        assert np.isfinite([reading.answerable, reading.relevant]).all()


def test_tokens_stand_in_reading_order_without_blanks_around_them(reader):
    for text, reading in zip(TEXTS, reader.read(QUESTION, TEXTS), strict=True):
        assert (np.diff(reading.offsets, axis=0) >= 0).all()
        for start, end in reading.offsets.tolist():
            assert text[start:end] == text[start:end].strip() != ""


def test_a_text_of_any_length_is_read_to_its_end_and_no_word_is_left_out(reader):
    for text, reading in zip(TEXTS, reader.read(QUESTION, TEXTS), strict=True):
        covered = {place for start, end in reading.offsets for place in range(start, end)}

        assert covered >= {place for place, letter in enumerate(text) if letter.isalnum()}


def test_what_stands_beside_a_text_does_not_change_its_reading(reader):
    together = reader.read(QUESTION, TEXTS)

    for text, reading in zip(TEXTS, together, strict=True):
        (alone,) = reader.read(QUESTION, [text])
        assert np.array_equal(alone.offsets, reading.offsets)
        assert np.allclose(alone.starts, reading.starts, atol=0.1)
        assert np.allclose(alone.ends, reading.ends, atol=0.1)
        assert alone.answerable == pytest.approx(reading.answerable, abs=0.1)


def test_no_texts_and_an_empty_text_are_read(reader):
    assert reader.read(QUESTION, []) == []
    assert len(reader.read(QUESTION, [""])[0].offsets) == 0


def test_it_has_a_name(reader):
    assert reader.name


def test_the_built_in_reads_as_it_was_trained(folder):
    pairs = [(QUESTION, text) for text in TEXTS if text]
    window = POSITIONS - QUESTION_TOKENS - 3
    trained = read_passages(load_reader(folder), read_tokenizer(folder), pairs, window)

    readings = OpenVinoReader(folder).read(QUESTION, [text for _, text in pairs])

    for there, here in zip(trained, readings, strict=True):
        best = (here.starts[:, None] + here.ends[None, :]).max()
        assert here.answerable == pytest.approx(there.answerable, abs=0.05)
        assert here.relevant == pytest.approx(there.relevant, abs=0.05)
        assert best == pytest.approx(there.margin, abs=0.1) or best > there.margin


@pytest.mark.parametrize("name", ["reader.json", "tokenizer.json", "model.safetensors"])
def test_a_missing_file_is_named(folder, tmp_path, name):
    for file in folder.iterdir():
        if file.name != name:
            (tmp_path / file.name).write_bytes(file.read_bytes())

    with pytest.raises(WeightsMissing, match=name):
        OpenVinoReader(tmp_path)


def test_a_damaged_description_is_an_error_with_the_way_out(folder, tmp_path):
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "reader.json").write_text('{"window_tokens": "many"}')

    with pytest.raises(ModelError, match=r"reader\.json is damaged.*fetch it again"):
        OpenVinoReader(tmp_path)
