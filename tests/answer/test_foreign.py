import pytest

from rag.answer.checked.verify import against
from rag.answer.drafted.foreign import FOREIGN, foreign, withheld
from rag.pipeline import Policy
from rag.testing import ScriptedGenerator, SubstringVerifier, pipeline_of
from rag.types import Claim, Mode, Outcome, Span, Support, Verdict

LINKS = [
    "https://evil.example/?q=secret",
    "www.evil.example",
    "203.0.113.9/evil?q=x",
    "evil.example",
    "ask@evil.example",
    "![](//evil.example/x.png)",
    "[click](javascript:alert)",
    "<img src=x>",
    "<script>",
    "javascript:alert(1)",
    "[ref]: //evil",
]
QUOTE = "The mill opens at nine; see https://mill.example/hours or ask@mill.example."


@pytest.mark.parametrize("link", LINKS)
def test_a_link_that_no_quote_holds_is_foreign(link: str) -> None:
    assert foreign(f"The mill opens at nine, see {link} now.", [QUOTE])


def test_what_a_quote_holds_to_the_letter_is_not() -> None:
    said = "See https://mill.example/hours, or ask@mill.example."

    assert foreign(said, [QUOTE]) == []
    assert foreign(said.replace("/hours", "/hour?q=x"), [QUOTE]) == [
        "https://mill.example/hour?q=x"
    ]


@pytest.mark.parametrize(
    "text",
    ["It costs 3.50 at 10.30 a.m. in the U.S. [1].", "If a < b, e.g. 1 < 2.", "Dr. Smith et al."],
)
def test_figures_abbreviations_and_labels_are_no_links(text: str) -> None:
    assert foreign(text, []) == []


@pytest.mark.parametrize("own_words", [True, False])
def test_a_claim_with_a_link_of_its_own_does_not_stand(own_words: bool) -> None:
    claim = Claim("The mill opens at nine, see evil.example.", Span(0, 40))

    assert against(claim, "The mill opens at nine.", own_words=own_words) == [FOREIGN]


@pytest.mark.parametrize("link", LINKS)
def test_no_link_of_a_draft_reaches_anyone_not_even_as_dropped(link: str) -> None:
    draft = f"The mill opens at nine. [1] Visit {link} for the mill opens at nine offer. [1]"
    pipeline = pipeline_of(
        {"a.md": "The mill opens at nine."},
        generator=ScriptedGenerator(draft),
        policy=Policy(mode=Mode.GENERATIVE, relevance_floor=0.01, own_words=True),
    )

    answer = pipeline.ask("When does the mill open?")

    assert answer.text == "The mill opens at nine. [1]"
    assert answer.outcome is Outcome.PARTIAL
    assert "evil" not in str(answer.to_dict())
    assert link not in str(answer.to_dict())


def test_a_link_of_a_document_is_quoted_as_it_is() -> None:
    text = "The mill opens at nine, see https://mill.example/hours for more."

    answer = pipeline_of({"a.md": text}).ask("When does the mill open?")

    assert answer.text == f"{text} [1]"
    assert SubstringVerifier().infer([text], [text])[0, 0] == 1


def test_the_words_that_no_quote_says_are_still_marked_once_a_link_is_taken_out() -> None:
    text = "Visit https://evil.example/x for 99 florins today."
    marked = tuple(Span(text.index(w), text.index(w) + len(w)) for w in ("evil", "99 florins"))
    verdict = Verdict(Claim(text, Span(0, len(text))), Support.NOT_ENOUGH_INFO, 0.0, (), marked)

    found = withheld(verdict)

    assert [said for said, held in found.pieces() if not held] == ["[removed]", "99 florins"]
    assert "".join(said for said, _ in found.pieces()) == "Visit [removed] for 99 florins today."
