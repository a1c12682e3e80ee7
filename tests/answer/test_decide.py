from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.answer.decide import DECLINED, decide, show_conflicts
from rag.answer.drafted.foreign import withheld
from rag.types import (
    Citation,
    Claim,
    Conflict,
    DocumentId,
    Mode,
    Outcome,
    Reason,
    Revision,
    Span,
    Support,
    Verdict,
)

CITATION = Citation(1, DocumentId("d"), Revision("r"), Span(0, 5), None, "quote", "t", "s")
# Distinct texts that cannot hide in one another, with characters of many scripts.
texts = st.lists(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="<>"), max_size=20),
    min_size=1,
    max_size=8,
).map(lambda parts: [f"<{row}:{part}>" for row, part in enumerate(parts)])
verdicts = texts.flatmap(
    lambda made: st.tuples(
        *(
            st.builds(
                lambda support, cited, text=text: Verdict(
                    Claim(text, Span(0, len(text)), (CITATION,) if cited else ()), support, 0.5
                ),
                st.sampled_from(Support),
                st.booleans(),
            )
            for text in made
        )
    )
)


@given(verdicts)
def test_no_text_of_an_unsupported_claim_is_in_an_answer(judged):
    answer = decide("q", judged, [], mode=Mode.GENERATIVE)

    for verdict in judged:
        stands = verdict.support is Support.SUPPORTED and bool(verdict.claim.citations)
        assert (verdict.claim.text in answer.text) == stands
        assert (verdict.claim.text in {v.claim.text for v in answer.verdicts}) == stands
        assert (withheld(verdict).claim.text in {v.claim.text for v in answer.dropped}) != stands


@given(verdicts)
def test_the_outcome_says_what_became_of_the_claims(judged):
    answer = decide("q", judged, [], mode=Mode.GENERATIVE)

    if not answer.verdicts:
        assert answer.outcome is Outcome.ABSTAINED
        assert answer.text == DECLINED
    else:
        assert answer.outcome is (Outcome.PARTIAL if answer.dropped else Outcome.ANSWERED)


@pytest.mark.parametrize(
    ("judged", "reason"), [([], Reason.WEAK_EVIDENCE), (["bad"], Reason.UNSUPPORTED_DRAFT)]
)
def test_an_abstention_has_a_typed_reason(judged, reason):
    made = [Verdict(Claim(t, Span(0, 3)), Support.NOT_ENOUGH_INFO, 0.0) for t in judged]

    assert decide("q", made, [], mode=Mode.GENERATIVE).reason is reason


def test_passages_are_labelled_in_the_order_a_reader_meets_them(passage):
    passages = [passage(f"Text {n}.", label=n, source=f"{n}.md") for n in (1, 2, 3)]
    third, second = (replace(CITATION, label=n) for n in (3, 2))
    judged = [
        Verdict(Claim("It rains.", Span(0, 9), (third,)), Support.SUPPORTED, 1.0),
        Verdict(Claim("It pours.", Span(0, 9), (second,)), Support.NOT_ENOUGH_INFO, 0.0),
    ]

    decided = decide("q", judged, passages, mode=Mode.EXTRACTIVE)
    answer = show_conflicts(decided, [Conflict(third, second, "rain")], passages)

    assert answer.text == "It rains. [1]"
    assert [(p.label, p.document.source) for p in answer.passages] == [
        (1, "3.md"),
        (2, "1.md"),
        (3, "2.md"),
    ]
    assert answer.dropped[0].claim.citations[0].label == 3
    assert (answer.conflicts[0].first.label, answer.conflicts[0].second.label) == (1, 3)


def test_a_disagreement_about_something_else_is_not_shown():
    verdict = Verdict(Claim("It rains.", Span(0, 9), (CITATION,)), Support.SUPPORTED, 1.0)
    elsewhere = replace(CITATION, span=Span(50, 55), quote="snow")
    answer = decide("q", [verdict], [], mode=Mode.EXTRACTIVE)
    silent = decide("q", [], [], mode=Mode.EXTRACTIVE)
    about_it, aside = (Conflict(one, elsewhere, "x") for one in (CITATION, elsewhere))

    assert show_conflicts(answer, [aside], []).conflicts == ()
    assert show_conflicts(silent, [about_it], []).conflicts == ()
    assert len(show_conflicts(answer, [about_it], []).conflicts) == 1


def test_labels_follow_their_claim():
    good = Verdict(Claim("It rains.", Span(0, 9), (CITATION, CITATION)), Support.SUPPORTED, 1.0)

    assert decide("q", [good], [], mode=Mode.EXTRACTIVE).text == "It rains. [1]"
