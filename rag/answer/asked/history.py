"""What may stand as the history of a conversation, as the turns the rules look back at."""

from collections.abc import Sequence
from typing import TypeAlias

from rag.answer.asked.follow import REMEMBERED, standalone
from rag.errors import QuestionError
from rag.types import Answer, Outcome, Turn

History: TypeAlias = Sequence[Turn | Answer | tuple[str, str]]
"""Earlier turns, oldest first: answers as `ask` gave them, or pairs of question and answer."""


def understood(question: str, history: History) -> str:
    """Return `question` as it reads without `history`: itself, or rewritten to stand alone.

    Raises:
        QuestionError: If the history holds anything but turns, answers and pairs of text.
    """
    given: object = history  # callers need not have checked their types
    if isinstance(given, str) or not isinstance(given, Sequence):
        raise QuestionError(
            f"the history is a list of earlier answers or (question, answer) pairs, oldest first, "
            f"got {type(given).__name__}"
        )
    return standalone(question, [_turn(each) for each in history[-REMEMBERED:]])


def _turn(each: object) -> Turn:
    if isinstance(each, Turn):
        return each
    if isinstance(each, Answer):
        said = each.outcome is not Outcome.ABSTAINED
        text = " ".join(verdict.claim.text for verdict in each.verdicts) if said else ""
        return Turn(each.rewritten or each.question, text)
    match each:
        case [str(question), str(answer)]:
            return Turn(question, answer)
    raise QuestionError(
        "each turn of the history is an answer or a (question, answer) pair of texts, "
        f"got {type(each).__name__}"
    )
