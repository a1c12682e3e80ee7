import pytest

from rag.answer.checks import objections

EVIDENCE = (
    "Refund rules\n"
    "The refund period is 30 days from delivery. Customers in Germany pay €20 for shipping. "
    "The offer is not available in France. The NX-200 was tested on 12 March 2024 by Mara Lind. "
    "Most orders arrive within 3 days. The shop closes at 6 pm."
)


@pytest.mark.parametrize(
    "claim",
    [
        "The refund period is 30 days.",
        "Refunds are possible for thirty days from delivery.",
        "Customers in Germany pay 20 euros for shipping.",
        "The offer is not available in France.",
        "Mara Lind tested the NX-200 in March 2024.",
        "The NX-200 was tested on March 12, 2024.",
        "Most orders arrive within three days.",
        "The shop closes at 18:00.",
    ],
)
def test_nothing_speaks_against_a_claim_the_evidence_holds(claim):
    assert objections(claim, EVIDENCE) == []


@pytest.mark.parametrize(
    ("claim", "word"),
    [
        ("The refund period is 45 days.", "45 days"),
        ("The refund period is 30 hours.", "30 days"),
        ("Customers in Germany pay $20 for shipping.", "20"),
        ("Customers in Austria pay €20 for shipping.", "Austria"),
        ("The offer is available in France.", "denies"),
        ("The refund period is not 30 days from delivery.", "denies"),
        ("The NX-200 was tested on 13 March 2024.", "2024-3-13"),
        ("The NX-200 was tested on 12 March 2023.", "2023"),
        ("All orders arrive within 3 days.", "all"),
        ("Only customers in Germany pay €20 for shipping.", "only"),
        ("Customers in Germany pay at least €20 for shipping.", "at least"),
        ("The NX-200 was tested by Peter Lind.", "Peter"),
        ("The shop closes at 5 pm.", "5 pm"),
    ],
)
def test_one_changed_detail_is_objected_to_in_plain_words(claim, word):
    reasons = objections(claim, EVIDENCE)

    assert any(word.lower() in reason.lower() for reason in reasons), reasons


def test_a_verbatim_sentence_is_never_objected_to():
    for sentence in EVIDENCE.split(". "):
        assert objections(sentence, EVIDENCE) == []
