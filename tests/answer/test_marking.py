import numpy as np
import pytest

from rag.answer.evidence.extract import find_evidence
from rag.answer.evidence.marking import LONGEST, NOTHING, mark
from rag.protocols import Reading
from rag.testing import HashingEmbedder, WordReader, pipeline_of
from rag.types import Span


def reading_of(text, starts, ends):
    offsets, place = [], 0
    for word in text.split():
        place = text.index(word, place)
        offsets.append((place, place + len(word)))
        place += len(word)
    return Reading(
        np.asarray(offsets, np.int64).reshape(-1, 2),
        np.asarray(starts, np.float32),
        np.asarray(ends, np.float32),
        answerable=2.0,
        relevant=3.0,
    )


TEXT = "It opens at nine. It closes at noon."


def test_the_best_answer_of_a_sentence_is_marked_in_it_alone():
    reading = reading_of(TEXT, [0, 0, 0, 5, 0, 0, 0, 9], [0, 0, 0, 5, 0, 0, 0, 9])

    found = mark(reading, Span(0, 17))

    assert found.span.of(TEXT) == "nine."
    assert found.score == 10
    assert (found.answerable, found.relevant) == (2, 3)


def test_an_answer_never_runs_backwards():
    reading = reading_of(TEXT, [0, 0, 0, 9, 0, 0, 0, 0], [0, 9, 0, 1, 0, 0, 0, 0])

    assert mark(reading, Span(0, 17)).span.of(TEXT) == "nine."


def test_an_answer_is_no_longer_than_a_reader_is_taught():
    words = [f"w{n}" for n in range(LONGEST + 5)]
    text = " ".join(words)
    scores = np.zeros(len(words))
    scores[0] = scores[-1] = 9

    found = mark(reading_of(text, scores, scores), Span(0, len(text)))

    assert found.score == 18
    assert found.span.of(text) in {words[0], words[-1]}


def test_places_count_from_where_the_text_begins_in_its_document():
    reading = reading_of(TEXT, [0, 0, 0, 5, 0, 0, 0, 0], [0, 0, 0, 5, 0, 0, 0, 0])

    assert mark(reading, Span(100, 117), offset=100).span == Span(112, 117)


def test_a_sentence_without_tokens_has_nothing_marked():
    reading = reading_of("", [], [])

    found = mark(reading, Span(0, 4))

    assert found.span is None
    assert found.score == NOTHING


def test_the_evidence_tells_the_words_that_answer():
    pipeline = pipeline_of({"mill.md": "The mill stands by the river. The mill opens at nine."})
    question = "When does the mill open?"
    passages, _ = pipeline.search(question)

    found = find_evidence(question, passages, HashingEmbedder(), WordReader({"nine"}))

    document = passages[0].document
    marked = {e.quote: e.answer.of(document.text) for e in found if e.answer}
    assert marked["The mill opens at nine."] == "nine"


@pytest.mark.parametrize("words", [{"nine"}, {"river"}])
def test_what_a_reader_marks_moves_a_sentence_up(words):
    pipeline = pipeline_of({"mill.md": "The mill stands by the river. The mill opens at nine."})
    question = "What about the mill?"
    passages, _ = pipeline.search(question)

    best = find_evidence(question, passages, HashingEmbedder(), WordReader(words))[0]

    assert words <= set(best.quote.rstrip(".").split())


def test_without_a_reader_nothing_is_marked():
    pipeline = pipeline_of({"mill.md": "The mill opens at nine."})
    passages, _ = pipeline.search("When?")

    assert [e.answer for e in find_evidence("When?", passages, HashingEmbedder())] == [None]
