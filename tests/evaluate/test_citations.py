import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.evaluate.citations import alce, as_evidence, citations, questions_of, quote_fidelity
from rag.evaluate.datasets import Claimed
from rag.evaluate.hallucination import drafted_sentences, hallucination, survives
from rag.evaluate.judge import StrictJudge, agreement
from rag.evaluate.record import Quote, Said, Told
from rag.testing import HashingEmbedder


def quote(text, exact=True):
    return Quote(text, "Title", exact)


A, B, C = quote("a"), quote("b"), quote("c")


def told(*said, draft=None, passages=(), conflicts=()):
    return Told("answered", 0.9, said, conflicts, None, {}, draft, None, passages)


class Lookup:
    """Supports a statement when the evidence holds every word of it."""

    name = "lookup"

    def supports(self, evidence, statements):
        return [set(s.split()) <= set(e.split()) for e, s in zip(evidence, statements, strict=True)]


@pytest.mark.parametrize(
    ("said", "held", "recall", "precision"),
    [
        # one quote that supports
        ([Said("s", (A,))], {("s", (A,)): True}, 1, 1),
        # one that does not
        ([Said("s", (A,))], {("s", (A,)): False}, 0, 0),
        # nothing cited: no recall, and no citation to be precise
        ([Said("s", ())], {}, 0, None),
        # both are needed together, neither is enough: both count as precise
        (
            [Said("s", (A, B))],
            {("s", (A, B)): True, ("s", (A,)): False, ("s", (B,)): False},
            1,
            1,
        ),
        # a supports alone, b does not and is not missed: b is superfluous
        (
            [Said("s", (A, B))],
            {("s", (A, B)): True, ("s", (A,)): True, ("s", (B,)): False},
            1,
            0.5,
        ),
        # each supports alone: both are fine
        ([Said("s", (A, B))], {("s", (A, B)): True, ("s", (A,)): True, ("s", (B,)): True}, 1, 1),
        # the second sentence fails, and with it its citation
        ([Said("s", (A,)), Said("t", (B,))], {("s", (A,)): True, ("t", (B,)): False}, 0.5, 0.5),
    ],
)
def test_recall_and_precision_are_those_of_alce(said, held, recall, precision):
    assert alce(said, held) == (recall, precision)


@given(st.lists(st.lists(st.sampled_from("abcd"), unique=True, max_size=3), min_size=1), st.data())
def test_alce_equals_its_algorithm_written_out(cited, data):
    said = [Said(f"s{i}", tuple(quote(c) for c in row)) for i, row in enumerate(cited)]
    held = {key: data.draw(st.booleans()) for one in said for key in questions_of(one)}

    def nli(text, quotes):
        return bool(quotes) and held[text, tuple(quotes)]

    # Gao and others (2023), section 3: a citation of a supported statement is irrelevant when
    # it does not support alone and the others do without it
    joint = [nli(one.text, one.quotes) for one in said]
    precise = total = 0
    for one, supported in zip(said, joint, strict=True):
        for place, single in enumerate(one.quotes):
            total += 1
            others = [q for p, q in enumerate(one.quotes) if p != place]
            irrelevant = not nli(one.text, [single]) and nli(one.text, others)
            precise += supported and not irrelevant

    assert alce(said, held) == (
        pytest.approx(sum(joint) / len(said)),
        pytest.approx(precise / total) if total else None,
    )


def test_a_judge_is_asked_about_all_quotes_each_and_all_but_each():
    asked = list(questions_of(Said("s", (A, B, C))))

    assert asked[0] == ("s", (A, B, C))
    assert set(asked[1:]) == {
        ("s", (A,)), ("s", (B,)), ("s", (C,)), ("s", (A, B)), ("s", (A, C)), ("s", (B, C))
    }  # fmt: skip


def test_citations_are_averaged_by_answer_and_unanswered_questions_left_out():
    good = told(Said("a", (A,)))
    half = told(Said("a", (A,)), Said("zebra", (B,)))
    silent = told()

    found = citations([good, half, silent], Lookup())

    assert found["citations.recall"].value == 0.75
    assert found["citations.recall"].n == 2
    assert found["citations.precision"].value == 0.75


def test_one_altered_quote_in_four_makes_fidelity_three_quarters():
    found = quote_fidelity(
        [told(Said("a", (A, B)), conflicts=((A, quote("x", exact=False)),)), told()]
    )

    assert (found.value, found.n) == (0.75, 4)


def test_evidence_names_the_document_above_each_quote():
    assert as_evidence((A, B)) == "Title\na\nTitle\nb"


def test_the_grounding_layer_is_judged_by_what_it_drops_and_what_it_keeps():
    one = told(
        Said("Mills grind corn.", (quote("Mills grind corn."),)),
        draft="Mills grind corn. [1] Mills fly. Corn is yellow.",
        passages=("Mills grind corn.\nCorn is yellow.",),
    )

    found = hallucination([one, told(Said("a", (A,)))], Lookup())

    assert found["hallucination.raw_rate"].value == pytest.approx(1 / 3)
    assert found["hallucination.shown_rate"].value == 0
    assert found["hallucination.kept_rate"].value == 0.5
    assert found["hallucination.raw_rate"].n == 3


def test_a_drafted_sentence_survives_reworded_a_little_and_not_replaced():
    assert survives("The mill opens at nine.", ["Mill opens at nine."])
    assert not survives("The mill opens at nine.", ["The bakery closes at five."])
    assert drafted_sentences("It opens. [1, 2]\n\n[3]\nIt shuts [4].") == ["It opens.", "It shuts."]


def test_the_strict_judge_takes_words_for_words_and_no_number_on_trust():
    judge = StrictJudge(HashingEmbedder())
    evidence = "The mill was built in 1846 by John Carr. It has four sails and stands on a hill."

    verdicts = judge.supports(
        [evidence] * 3,
        [
            "The mill was built in 1846 by John Carr.",
            "The mill was built in 1847 by John Carr.",
            "Penguins cannot fly over the ocean.",
        ],
    )

    assert verdicts == [True, False, False]


def test_agreement_is_with_the_labels_and_unknown_without_any():
    items = [
        Claimed("1", "a b", ("a b c",), supported=True),
        Claimed("2", "a z", ("a b c",), supported=False),
        Claimed("3", "c", ("a b c",), supported=False),
        Claimed("4", "q", ("a b c",), supported=False),
    ]

    found = agreement(Lookup(), items)

    assert (found.n, found.accuracy) == (4, 0.75)
    assert found.kappa == pytest.approx(0.5)
    assert "unreliable" not in found.to_dict()
    assert agreement(Lookup(), []).to_dict()["unreliable"] is True
    assert agreement(Lookup(), items[:3]).to_dict()["unreliable"] is True  # kappa 0.4
