import json
import socket
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.errors import QuestionError, WeightsMissing
from rag.pipeline import LONGEST_QUESTION, Policy
from rag.terminal import answer_lines
from rag.testing import OverlapReranker, ScriptedGenerator, pipeline_of
from rag.types import Filter, Mode, Outcome, Reason

TEXTS = {
    "mill/opening.md": "# Hours\n\nThe mill opens at nine. It closes at five on Sundays.",
    "mill/price.md": "# Price\n\nA ticket for the mill costs 12 euros.",
    "mill/old.md": "# Price\n\nA ticket for the mill costs 10 euros.",
}


def assert_quotes_are_slices(answer):
    documents = {p.document.id: p.document for p in answer.passages}
    for citation in answer.citations:
        assert citation.span.of(documents[citation.document_id].text) == citation.quote


def test_answers_with_the_sentence_of_the_document():
    answer = pipeline_of(TEXTS).ask("When does the mill open?")

    assert answer.outcome is Outcome.ANSWERED
    assert answer.text == "The mill opens at nine. [1]"
    assert answer.citations[0].source == "mill/opening.md"
    assert_quotes_are_slices(answer)


def test_abstains_on_what_the_documents_do_not_say_and_shows_the_nearest():
    answer = pipeline_of(TEXTS).ask("Who painted the ceiling of the chapel?")

    assert answer.outcome is Outcome.ABSTAINED
    assert answer.reason is Reason.NOTHING_RELEVANT
    assert answer.verdicts == ()
    assert answer.passages


def test_documents_that_disagree_are_shown_side_by_side():
    answer = pipeline_of(TEXTS).ask("What does a ticket for the mill cost?")

    (conflict,) = answer.conflicts
    assert {conflict.first.source, conflict.second.source} == {"mill/price.md", "mill/old.md"}


RULES = {
    "rules-2023.md": "You must cancel a trip 24 hours before departure. Ask at the pier for help.",
    "rules-2025.md": "You must cancel a trip 48 hours before departure. Ask at the pier for help.",
}


@pytest.mark.parametrize("mode", Mode)
def test_the_newer_revision_answers_and_the_older_one_is_named_as_superseded(mode):
    draft = "You must cancel a trip 48 hours before departure."
    rag = pipeline_of(RULES, generator=ScriptedGenerator(draft))

    answer = rag.ask("How long before departure must I cancel a trip?", mode=mode)

    (found,) = answer.conflicts
    assert "48 hours" in answer.text
    assert "24 hours" not in answer.text
    assert found.superseded
    assert (found.first.source, found.second.source) == ("rules-2025.md", "rules-2023.md")
    assert (found.first_date, found.second_date) == ("2025", "2023")
    assert found.second.label in {p.label for p in answer.passages}


def test_a_draft_is_checked_sentence_by_sentence():
    generator = ScriptedGenerator("The mill opens at nine [1]. It was founded in 1777 [1].")

    answer = pipeline_of(TEXTS, generator=generator).ask(
        "When does the mill open?", mode="generative"
    )

    assert answer.mode is Mode.GENERATIVE
    assert answer.outcome is Outcome.PARTIAL
    assert answer.text == "The mill opens at nine. [1]"
    assert "1777" in answer.dropped[0].claim.text
    assert "1777" in answer.dropped[0].reasons[0]


def test_words_that_no_quote_supports_are_marked_in_a_terminal_and_on_the_wire():
    generator = ScriptedGenerator("The mill opens at nine [1]. It was founded in 1777 [1].")
    answer = pipeline_of(TEXTS, generator=generator).ask(
        "When does the mill open?", mode="generative"
    )

    lines = " ".join(answer_lines(answer))
    dropped = answer.to_dict()["dropped"][0]

    assert "~1777~" in lines
    assert "1777" in [dropped["text"][start:end] for start, end in dropped["unsupported"]]


def test_quotes_take_the_place_of_a_draft_that_does_not_hold():
    generator = ScriptedGenerator("Napoleon founded it in 1777 [1].")

    answer = pipeline_of(TEXTS, generator=generator).ask(
        "When does the mill open?", mode="generative"
    )

    assert "Napoleon" not in answer.text
    assert "The mill opens at nine." in answer.text
    assert any("Napoleon" in v.claim.text for v in answer.dropped)


def test_a_failing_generator_falls_back_to_quotes_and_says_so():
    generator = ScriptedGenerator("The mill", fails=True)

    answer = pipeline_of(TEXTS, generator=generator).ask(
        "When does the mill open?", mode="generative"
    )

    assert answer.reason is Reason.GENERATOR_FAILED
    assert answer.mode is Mode.EXTRACTIVE
    assert answer.text == "The mill opens at nine. [1]"


def test_a_generator_without_weights_falls_back_too_and_says_why(caplog):
    class Absent(ScriptedGenerator):
        def stream(self, messages, *, max_tokens, deadline):
            raise WeightsMissing("run rag models fetch")

    answer = pipeline_of(TEXTS, generator=Absent("")).ask(
        "When does the mill open?", mode="generative"
    )

    assert answer.reason is Reason.GENERATOR_FAILED
    assert answer.text == "The mill opens at nine. [1]"
    assert "rag models fetch" in caplog.text


def test_a_model_that_declines_is_believed():
    generator = ScriptedGenerator("The documents do not say.")

    answer = pipeline_of(TEXTS, generator=generator).ask(
        "When does the mill open?", mode="generative"
    )

    assert answer.outcome is Outcome.ABSTAINED


def test_no_generator_is_no_obstacle():
    answer = pipeline_of(TEXTS).ask("When does the mill open?", mode="generative")

    assert answer.reason is Reason.GENERATOR_FAILED
    assert answer.outcome is Outcome.ANSWERED


def test_a_filter_that_leaves_nothing_is_an_abstention_with_its_own_reason():
    answer = pipeline_of(TEXTS).ask("When?", filter_=Filter(metadata={"site": "moon"}))

    assert answer.reason is Reason.NO_PASSAGES


@pytest.mark.parametrize("question", ["", "  \n\t", "\0"])
def test_an_empty_question_is_an_error(question):
    with pytest.raises(QuestionError, match="empty"):
        pipeline_of(TEXTS).ask(question)


def test_a_question_of_100_kb_is_an_error_that_names_both_sizes():
    with pytest.raises(QuestionError, match=rf"102,400 .*{LONGEST_QUESTION:,}"):
        pipeline_of(TEXTS).ask("x" * 102_400)


def test_a_part_is_replaced_by_dataclasses_replace():
    class Nothing:
        name = "nothing"

        def infer(self, premises, hypotheses):
            return [(0.0, 1.0, 0.0)] * len(premises)

    rag = replace(pipeline_of(TEXTS), verifier=Nothing(), reranker=OverlapReranker())

    answer = rag.ask("When does the mill open?")
    assert answer.outcome is Outcome.ABSTAINED
    assert answer.dropped[0].reasons == ("the cited quote does not say all of this",)
    assert answer.models["verifier"] == "nothing"


def test_the_answer_on_the_wire_is_json_with_every_promised_key():
    wire = json.loads(json.dumps(pipeline_of(TEXTS).ask("When does the mill open?").to_dict()))

    assert {"question", "outcome", "reason", "text", "mode", "claims", "dropped", "conflicts",
            "passages", "confidence", "build", "models", "timings_ms"} <= set(wire)  # fmt: skip
    citation = wire["claims"][0]["citations"][0]
    assert {"label", "document_id", "revision", "title", "source", "page", "start", "end",
            "quote"} == set(citation)  # fmt: skip
    assert TEXTS["mill/opening.md"][citation["start"] : citation["end"]] == citation["quote"]


def test_asking_opens_no_socket(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)

    assert pipeline_of(TEXTS).ask("When does the mill open?").outcome is Outcome.ANSWERED


@settings(deadline=None)
@given(
    st.lists(st.text(min_size=1, max_size=200), min_size=1, max_size=4),
    st.text(min_size=1, max_size=60).filter(lambda q: q.replace("\0", " ").strip()),
    st.text(max_size=80),
    st.sampled_from(Mode),
)
def test_every_quote_equals_its_slice_whatever_is_asked_and_drafted(texts, question, draft, mode):
    rag = pipeline_of(
        {f"{row}.md": text for row, text in enumerate(texts)},
        generator=ScriptedGenerator(draft),
        policy=Policy(relevance_floor=0.0, support_floor=0.0),
    )

    answer = rag.ask(question, mode=mode)

    assert_quotes_are_slices(answer)
    shown = " ".join(answer.text.split())
    for verdict in answer.verdicts:
        assert " ".join(verdict.claim.text.split()) in shown
