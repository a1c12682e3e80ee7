"""Sentences with one detail changed may not be shown, whatever a verifier says; reworded may."""

from pathlib import Path

import pytest

from rag.answer.checked.verify import verify
from rag.answer.evidence.extract import cite
from rag.types import Claim, Span, Support


def rows(name):
    lines = (Path(__file__).parent / name).read_text(encoding="utf-8").splitlines()[1:]
    return [line.split("\t") for line in lines]


class Certain:
    name = "certain"

    def infer(self, premises, hypotheses):
        return [(1.0, 0.0, 0.0)] * len(premises)


def verdict_of(sentence, said, passage):
    found = passage(sentence, source="doc.md")
    claim = Claim(said, Span(0, len(said)), (cite(found, found.chunk.span),))
    return verify(Certain(), [claim], [found], floor=0.5)[0]


@pytest.mark.parametrize(("sentence", "edited", "what"), rows("edits.tsv"))
def test_an_edited_sentence_is_not_supported_and_the_original_is(sentence, edited, what, passage):
    changed = verdict_of(sentence, edited, passage)

    assert changed.support is not Support.SUPPORTED, what
    assert changed.reasons
    assert verdict_of(sentence, sentence, passage).support is Support.SUPPORTED


@pytest.mark.parametrize(("sentence", "reworded", "how"), rows("rewordings.tsv"))
def test_a_sentence_that_says_the_same_otherwise_is_supported(sentence, reworded, how, passage):
    verdict = verdict_of(sentence, reworded, passage)

    assert verdict.support is Support.SUPPORTED, (how, verdict.reasons)
