"""What every reader must do; a user's own runs through the same checks."""

import numpy as np
import pytest

from rag.errors import ModelError, WeightsMissing
from rag.models.reader import OpenVinoReader
from rag.models.runner import read_tokenizer
from rag.models.train.encode import QUESTION_TOKENS
from rag.models.train.export import export
from rag.models.train.reader import fresh_reader, load_reader
from rag.models.train.reading import read_passages
from rag.testing import WordReader
from tests.models.tiny import POSITIONS, make_tiny_encoder

TEXTS = ["The mill opens at nine .", "It sat on the river .", "nine " * 400]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("reader")
    base = make_tiny_encoder(root / "base")
    export(fresh_reader(base), base, root / "out")
    return root / "out"


@pytest.fixture(scope="module", params=["stand-in", "built-in"])
def reader(request, folder):
    return WordReader({"nine"}) if request.param == "stand-in" else OpenVinoReader(folder)


def test_every_text_gets_a_reading_of_its_tokens(reader):
    readings = reader.read("When does it open ?", TEXTS)

    assert len(readings) == len(TEXTS)
    for text, reading in zip(TEXTS, readings, strict=True):
        tokens = len(reading.offsets)
        assert reading.starts.shape == reading.ends.shape == (tokens,)
        assert np.isfinite(reading.starts).all()
        assert np.isfinite(reading.ends).all()
        low, high = reading.offsets[:, 0], reading.offsets[:, 1]
        assert (low < high).all()
        assert (np.diff(low) > 0).all()
        assert high[-1] <= len(text)


def test_a_long_text_is_read_to_its_end(reader):
    (reading,) = reader.read("When ?", [TEXTS[2]])

    assert reading.offsets[-1, 1] >= len(TEXTS[2].rstrip())


def test_what_stands_beside_a_text_does_not_change_its_reading(reader):
    alone = reader.read("When ?", TEXTS[:1])[0]
    together = reader.read("When ?", TEXTS)[0]

    assert np.allclose(alone.starts, together.starts, atol=0.1)
    assert alone.answerable == pytest.approx(together.answerable, abs=0.1)


def test_no_texts_and_an_empty_text_are_read(reader):
    assert reader.read("When ?", []) == []
    assert len(reader.read("When ?", [""])[0].offsets) == 0


def test_it_has_a_name(reader):
    assert reader.name


def test_the_built_in_reads_as_it_was_trained(folder):
    pairs = [("When does it open ?", text) for text in TEXTS]
    window = POSITIONS - QUESTION_TOKENS - 3
    trained = read_passages(load_reader(folder), read_tokenizer(folder), pairs, window)

    readings = OpenVinoReader(folder).read(pairs[0][0], TEXTS)

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
