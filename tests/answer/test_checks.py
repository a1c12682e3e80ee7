import pytest

from rag.answer.checked.checks import objections

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


@pytest.mark.parametrize(
    ("evidence", "claim"),
    [
        ("It earned $3.5 million.", "It earned $3.5 billion."),
        ("Open until 9 am.", "Open until 9 pm."),
        ("It runs at -5 °C.", "It runs at 5 °C."),
        ("The rate is 3.5 percent.", "The rate is 5 percent."),
        ("It is 100 m long.", "It is 100 km long."),
        ("Use 10-20 kg of salt.", "Use 15-25 kg of salt."),
        ("Version 2.3.1 is current.", "Version 4.7.9 is current."),
        ("Call 555-1234.", "Call 555-9876."),
        ("No refunds are given without a receipt.", "Refunds are given."),
        ("The mill isn't open, nor is the shop.", "The mill is open."),
        ("Staff may work from home.", "Staff must work from home."),
        ("Pay before 5 March.", "Pay after 5 March."),
        ("Keep it above eight bar.", "Keep it below eight bar."),
        ("If it rains, the fair is closed.", "The fair is closed."),
        ("The board plans to close the mill.", "The board closed the mill."),
        ("It nearly sank in 1850.", "It sank in 1850."),
        ("It was built around 1850.", "It was built in 1850."),
        ("Some staff must sign all forms.", "All staff must sign forms."),
        ("You may bring up to 30 kg.", "You may bring 30 kg."),
        ("Section 30: the notice is 30 days.", "The notice is 30 hours."),
        ("The guarantee of 2024 ends on 5 March.", "The guarantee ends on 5 March 2024."),
        ("The dose is < 30 mg per day.", "The dose is > 30 mg per day."),
        ("World War II began in 1939.", "World War I began in 1939."),
        ("The trial was due to start in March 2024.", "The trial started in March 2024."),
        ("Sie wohnt in Österreich.", "Sie wohnt in Ägypten."),
    ],
)
def test_an_edit_that_changes_the_meaning_is_objected_to(evidence, claim):
    assert objections(claim, evidence)
