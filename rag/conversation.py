"""Questions asked one after another, each understood in the light of those before it."""

from dataclasses import dataclass, field

from rag.answer.asked.follow import REMEMBERED
from rag.errors import QuestionError
from rag.pipeline import Pipeline
from rag.types import Answer, Filter, Mode


@dataclass
class Conversation:
    """A `Pipeline` that remembers its last answers, for one person at a time."""

    rag: Pipeline
    mode: Mode | str | None = None
    filter_: Filter | None = None
    answers: list[Answer] = field(default_factory=list[Answer])
    """The last `REMEMBERED` answers, oldest first."""

    def ask(self, question: str, *, rewritten: str | None = None) -> Answer:
        """Answer `question` in the light of the answers before it; see `Pipeline.ask`."""
        answer = self.rag.ask(
            question,
            mode=self.mode,
            filter_=self.filter_,
            history=self.answers,
            rewritten=rewritten,
        )
        self.answers = [*self.answers, answer][-REMEMBERED:]
        return answer

    def correct(self, meant: str) -> Answer:
        """Answer the last question again, understood as `meant`; the answer before is forgotten.

        Raises:
            QuestionError: If nothing has been asked yet, or as `Pipeline.ask`.
        """
        if not self.answers:
            raise QuestionError("nothing has been asked yet that could be meant otherwise; ask")
        *self.answers, last = self.answers
        return self.ask(last.question, rewritten=meant)
