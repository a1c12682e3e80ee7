"""What every reader promises, over each way to run one."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from rag.models.question_answering import TransformersReader
from rag.protocols import Reader
from rag.testing import OverlapReader
from tests.models.tiny import make_tiny_head

Make = Callable[[Path], Reader]


def overlap(_folder: Path) -> Reader:
    return OverlapReader()


def transformers(folder: Path) -> Reader:
    return TransformersReader(make_tiny_head(folder, "AutoModelForQuestionAnswering"))


MAKERS = [
    pytest.param(overlap, id="stand-in"),
    pytest.param(transformers, id="transformers-tiny"),
]
QUESTION = "where was the cat ?"
TEXTS = [
    "the cat sat on the mat in paris",
    "a  dog\n\nran in london ",
    "",
    "the dog ran . " * 120 + "the cat was in paris",
    "paris",
]


@pytest.fixture(scope="module", params=MAKERS)
def reader(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Reader:
    make: Make = request.param
    return make(tmp_path_factory.mktemp("reader"))


def test_there_is_one_reading_per_text_in_order(reader: Reader) -> None:
    readings = reader.read(QUESTION, TEXTS)

    assert len(readings) == len(TEXTS)
    assert readings[2].offsets.shape == (0, 2)
    assert TEXTS[4][slice(*readings[4].offsets[0])] == "paris"


def test_every_token_has_a_place_and_two_finite_scores(reader: Reader) -> None:
    for reading in reader.read(QUESTION, TEXTS):
        assert reading.offsets.dtype == np.int64
        assert reading.starts.dtype == reading.ends.dtype == np.float32
        assert reading.offsets.shape == (len(reading.starts), 2)
        assert len(reading.starts) == len(reading.ends)
        assert np.isfinite(reading.starts).all()
        assert np.isfinite(reading.ends).all()
        assert np.isfinite([reading.answerable, reading.relevant]).all()


def test_tokens_are_words_in_reading_order_without_blanks_around_them(reader: Reader) -> None:
    for text, reading in zip(TEXTS, reader.read(QUESTION, TEXTS), strict=True):
        assert (reading.offsets[:, 0] < reading.offsets[:, 1]).all()
        assert (np.diff(reading.offsets, axis=0) >= 0).all()
        for start, end in reading.offsets.tolist():
            assert text[start:end] == text[start:end].strip() != ""


def test_a_text_of_any_length_is_read_to_its_end_and_nothing_is_left_out(reader: Reader) -> None:
    for text, reading in zip(TEXTS, reader.read(QUESTION, TEXTS), strict=True):
        covered = {place for start, end in reading.offsets for place in range(start, end)}

        assert covered == {place for place, letter in enumerate(text) if not letter.isspace()}


def test_a_text_is_read_the_same_alone_and_in_company(reader: Reader) -> None:
    together = reader.read(QUESTION, TEXTS)

    for text, reading in zip(TEXTS, together, strict=True):
        (alone,) = reader.read(QUESTION, [text])
        assert np.array_equal(alone.offsets, reading.offsets)
        assert np.allclose(alone.starts, reading.starts, atol=1e-4)
        assert np.allclose(alone.ends, reading.ends, atol=1e-4)
        assert alone.answerable == pytest.approx(reading.answerable, abs=1e-4)
        assert alone.relevant == pytest.approx(reading.relevant, abs=1e-4)


def test_the_question_counts(reader: Reader) -> None:
    here, there = (reader.read(asked, TEXTS[:1])[0] for asked in (QUESTION, "who ran ?"))

    assert here.answerable != there.answerable


def test_nothing_to_read_gives_no_readings(reader: Reader) -> None:
    assert reader.read(QUESTION, []) == []


def test_a_reader_has_a_name(reader: Reader) -> None:
    assert reader.name
