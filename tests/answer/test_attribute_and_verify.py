from rag.answer.attribute import attribute
from rag.answer.extract import find_evidence
from rag.answer.repair import VERBATIM, repair
from rag.answer.verify import verify
from rag.testing import HashingEmbedder, SubstringVerifier
from rag.types import Claim, Draft, Span, Support

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
    class Gullible:
        name = "gullible"

        def infer(self, premises, hypotheses):
            return [(1.0, 0.0, 0.0)] * len(premises)

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

    dropped, quoted = repair(verdicts, evidence, floor=0.1)

    assert dropped.support is not Support.SUPPORTED
    assert quoted.claim.text == "The mill opens at nine."
    assert quoted.reasons == (VERBATIM,)


def test_a_sentence_that_does_not_answer_the_question_replaces_nothing(passage):
    evidence, claims = claims_of("The tower was painted in 1950.", [passage(TEXT)])
    verdicts = verify(SubstringVerifier(), claims, [passage(TEXT)], floor=0.5)

    assert repair(verdicts, evidence, floor=0.5) == verdicts
