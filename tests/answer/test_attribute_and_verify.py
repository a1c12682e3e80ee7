from dataclasses import replace
from functools import partial

from rag.answer.checked.focus import ASIDE, REPEATED, focus
from rag.answer.checked.repair import VERBATIM, reattribute, repair
from rag.answer.checked.verify import scattered, verify
from rag.answer.decide import decide
from rag.answer.drafted.attribute import attribute
from rag.answer.drafted.draft import write_draft
from rag.answer.evidence.extract import cite, find_evidence
from rag.testing import HashingEmbedder, ScriptedGenerator, SubstringVerifier
from rag.types import Citation, Claim, DocumentId, Draft, Mode, Revision, Span, Support

TEXT = (
    "The mill opens at nine. The wheel has twelve blades. Grain is stored in the tower. "
    "The tower was painted in 1921."
)


def claims_of(draft, passages, *, truncated=False):
    evidence = find_evidence("When does the mill open?", passages, HashingEmbedder())
    return evidence, attribute(Draft(draft, truncated), evidence, HashingEmbedder())


def test_each_statement_cites_the_sentence_it_comes_from(passage):
    _, claims = claims_of(
        "The mill opens at nine [1]. The wheel has twelve blades.", [passage(TEXT)]
    )

    assert [c.text for c in claims] == ["The mill opens at nine.", "The wheel has twelve blades."]
    assert [c.citations[0].quote for c in claims] == [c.text for c in claims]
    assert all(len(c.citations) == 1 for c in claims)


def test_a_statement_made_of_two_sentences_cites_both(passage):
    _, (claim,) = claims_of("Grain is stored in the tower painted in 1921.", [passage(TEXT)])

    assert {c.quote for c in claim.citations} == {
        "Grain is stored in the tower.",
        "The tower was painted in 1921.",
    }


def test_a_label_the_model_invents_does_not_decide(passage):
    other = passage("Cats sleep all day.", label=2, source="b.md")

    _, (claim,) = claims_of("The mill opens at nine [2].", [passage(TEXT), other])

    assert claim.citations[0].label == 1


def test_the_cut_off_end_of_a_truncated_draft_is_not_a_claim(passage):
    _, claims = claims_of("The mill opens at nine. The wheel has", [passage(TEXT)], truncated=True)

    assert [claim.text for claim in claims] == ["The mill opens at nine."]


def test_a_claim_with_a_changed_number_is_not_supported_whatever_the_verifier_says(passage):
    _, claims = claims_of("The wheel has fourteen blades.", [passage(TEXT)])

    (verdict,) = verify(Gullible(), claims, [passage(TEXT)], floor=0.5)
    assert verdict.support is Support.NOT_ENOUGH_INFO
    assert "fourteen blades" in verdict.reasons[0]


def test_a_claim_that_cites_nothing_is_not_supported():
    (verdict,) = verify(SubstringVerifier(), [Claim("x", Span(0, 1))], [], floor=0.5)

    assert verdict.support is Support.NOT_ENOUGH_INFO


def test_a_claim_that_fails_is_replaced_by_the_words_of_its_source(passage):
    evidence, claims = claims_of("The mill opens at ten.", [passage(TEXT)])
    verdicts = verify(SubstringVerifier(), claims, [passage(TEXT)], floor=0.5)

    dropped, quoted = repair(verdicts, evidence, floor=0.01)

    assert dropped.support is not Support.SUPPORTED
    assert quoted.claim.text == "The mill opens at nine."
    assert quoted.reasons == (VERBATIM,)


def test_a_sentence_that_does_not_answer_the_question_replaces_nothing(passage):
    evidence, claims = claims_of("The tower was painted in 1950.", [passage(TEXT)])
    verdicts = verify(SubstringVerifier(), claims, [passage(TEXT)], floor=0.5)

    assert repair(verdicts, evidence, floor=0.5) == verdicts


def test_a_claim_that_failed_cites_the_sentence_that_supports_it(passage):
    found = passage(TEXT)
    evidence, (claim,) = claims_of("The tower was painted in 1921.", [found])
    wrong = [e for e in evidence if "blades" in e.quote]
    misled = replace(claim, citations=(cite(found, wrong[0].span),))
    judge = partial(verify, SubstringVerifier(), passages=[found], floor=0.5)
    failed = judge([misled])

    (again,) = reattribute(failed, evidence, judge)

    assert failed[0].support is not Support.SUPPORTED
    assert again.support is Support.SUPPORTED
    assert [c.quote for c in again.claim.citations] == ["The tower was painted in 1921."]


def test_a_claim_may_rest_on_a_sentence_and_the_one_before_it(passage):
    found = passage("The old mill stands in Kiel. It was painted white in 1921.")
    evidence, claims = claims_of("The old mill was painted white in 1921.", [found])
    judge = partial(verify, Gullible(), passages=[found], floor=0.5)

    (again,) = reattribute(judge(claims), evidence, judge)

    assert again.support is Support.SUPPORTED
    assert [c.quote for c in again.claim.citations] == [found.document.text]


def test_a_claim_that_nothing_supports_stays_as_it_was(passage):
    found = passage(TEXT)
    evidence, claims = claims_of("The mill opens at ten.", [found])
    judge = partial(verify, Gullible(), passages=[found], floor=0.5)
    failed = judge(claims)

    assert reattribute(failed, evidence, judge) == failed


def test_a_draft_keeps_its_lines_and_bullets_through_a_repair(passage):
    found = passage(TEXT)
    draft = "Hours:\n- The mill opens at ten [1].\n- Grain is stored in the tower."
    evidence, claims = claims_of(draft, [found])
    verdicts = verify(SubstringVerifier(), claims, [found], floor=0.5)

    answer = decide("q", repair(verdicts, evidence, floor=0.0), [found], mode=Mode.GENERATIVE)

    assert answer.text == "- The mill opens at nine. [1]\n- Grain is stored in the tower. [1]"


def test_a_repair_does_not_say_again_what_is_shown(passage):
    found = passage("The mill opens at nine. It closes at five.")
    evidence, claims = claims_of("The mill opens at nine. It closes at six.", [found])
    verdicts = verify(SubstringVerifier(), claims, [found], floor=0.5)

    shown = [v for v in repair(verdicts, evidence, floor=0.0) if v.support is Support.SUPPORTED]

    assert [v.claim.text for v in shown] == ["The mill opens at nine.", "It closes at five."]


class Gullible:
    name = "gullible"

    def infer(self, premises, hypotheses):
        return [(1.0, 0.0, 0.0)] * len(premises)


def test_a_figure_of_one_quote_is_not_lent_to_what_another_says(passage):
    text = (
        "The buyer may end the contract with six months' notice if it sells a ship. "
        "Either side may end the contract with 30 days' notice after a breach."
    )
    _, claims = claims_of(
        "The buyer may end the contract with 30 days' notice if it sells a ship.", [passage(text)]
    )

    (verdict,) = verify(Gullible(), claims, [passage(text)], floor=0.5)

    assert verdict.support is Support.NOT_ENOUGH_INFO
    assert "30" in verdict.reasons[0]


def test_a_claim_made_of_a_title_alone_is_not_supported(passage):
    found = passage("Doors open early.", source="Rules of the mill.md")
    _, claims = claims_of("Rules of the mill.", [found])

    (verdict,) = verify(Gullible(), claims, [found], floor=0.5)

    assert verdict.reasons == ("the cited quote itself says too little of this",)


def test_what_is_true_but_beside_the_point_or_said_twice_is_taken_out(passage):
    evidence, claims = claims_of(
        "The mill opens at nine. The tower was painted in 1921. The mill opens at nine.",
        [passage(TEXT)],
    )
    verdicts = verify(SubstringVerifier(), claims, [passage(TEXT)], floor=0.5)
    best = evidence[0].relevance

    focused = focus(verdicts, evidence, floor=best)

    assert [v.support is Support.SUPPORTED for v in focused] == [True, False, False]
    assert focused[1].reasons == (ASIDE,)
    assert focused[2].reasons == (REPEATED,)


def test_a_draft_that_goes_in_circles_is_cut_where_it_repeats():
    generator = ScriptedGenerator("The mill opens at nine. It has a wheel. " * 30)

    draft = write_draft(generator, [], max_tokens=500, deadline=1)

    assert draft.text.strip() == "The mill opens at nine. It has a wheel."


def quoting(claim, *quotes):
    about = (DocumentId("d"), Revision("r"))
    cited = (Citation(1, *about, Span(0, len(q)), None, q, "T", "s") for q in quotes)
    return Claim(claim, Span(0, len(claim)), tuple(cited))


def test_a_claim_in_other_words_needs_half_of_its_words_in_its_quotes():
    much = quoting("The old mill opens at nine.", "The old mill opens at nine each day.")
    little = quoting("The old mill opens at nine.", "Nine people live there.")

    assert scattered(much) == []
    assert scattered(little) == ["the cited quote itself says too little of this"]


def test_the_quote_with_the_figure_has_to_say_most_of_the_rest():
    apart = ("For visitors the mill opens on weekdays.", "The boat leaves at 9.")
    together = ("For visitors the mill opens on weekdays at 9.", "The boat leaves.")
    claim = "For visitors the mill opens on weekdays at 9."

    assert scattered(quoting(claim, *apart)) == ["the quote that says 9 does not say the rest"]
    assert scattered(quoting(claim, *together)) == []
