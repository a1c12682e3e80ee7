import pytest

from rag.answer.checked.unsaid import unsaid
from rag.answer.checked.verify import verify
from rag.answer.evidence.extract import cite
from rag.testing import SubstringVerifier
from rag.types import Claim, Span


@pytest.mark.parametrize(
    ("claim", "quote", "marked"),
    [
        ("Anna built it in 1890 and painted it.", "Anna built it in 1889.", ["1890", "painted"]),
        ("It is not open on all days.", "It is open on some days.", ["not", "all"]),
        ("The loan of $3.5 million is due.", "A loan of 3,500,000 dollars is due.", []),
        ("It ends on 12 March 2024.", "It ends on March 12, 2024.", []),
        ("It ends on 12 March 2024.", "It ends on March 13, 2024.", ["12 March 2024"]),
        (
            "The FCC bought two ships.",
            "The Federal Communications Commission purchased 2 ships.",
            [],
        ),
        (
            "Anna Lund lives in Kiel Harbour.",
            "She lives in a house.",
            ["Anna Lund", "Kiel Harbour"],
        ),
    ],
)
def test_words_that_no_quote_says_are_marked(claim, quote, marked):
    assert [span.of(claim) for span in unsaid(claim, [quote], "")] == marked


def test_a_title_may_say_what_a_quote_calls_it():
    assert unsaid("The mill opens at nine.", ["It opens at nine."], "The mill") == ()


def test_a_dropped_claim_names_its_words_on_the_wire_and_a_shown_one_none(passage):
    found = passage("The mill opens at nine.")
    texts = ["The mill opens at ten.", "The mill opens at nine."]
    claims = [Claim(t, Span(0, len(t)), (cite(found, found.chunk.span),)) for t in texts]

    dropped, shown = verify(SubstringVerifier(), claims, [found], floor=0.5)

    assert [span.of(texts[0]) for span in dropped.unsupported] == ["ten"]
    assert list(dropped.pieces()) == [("The mill opens at ", True), ("ten", False), (".", True)]
    assert shown.unsupported == ()
