"""Figures in plain words: what each is called, what it says, which way is better."""

from dataclasses import dataclass
from typing import Literal

Unit = Literal["share", "score", "ms", "s", "MB", "words", "number"]


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a figure is to somebody who has not read the code."""

    label: str
    unit: Unit = "share"
    better: Literal["higher", "lower", ""] = "higher"

    def shown(self, value: float | None) -> str:
        """Return `value` as a person writes it."""
        if value is None:
            return "-"
        if self.unit == "share":
            return percent(value)
        if self.unit in {"score", "number"} and abs(value) < 10:
            return f"{value:.3f}"
        return f"{value:,.0f}" if abs(value) >= 10 else f"{value:.1f}"

    @property
    def suffix(self) -> str:
        """Return the unit as it stands after a value; nothing for shares and scores."""
        return f" {self.unit}" if self.unit in {"ms", "s", "MB", "words"} else ""


def percent(value: float) -> str:
    """Return a share as a percentage, with a decimal only close to nothing and to all."""
    places = 1 if 0 < abs(value) < 0.1 or 0.99 < value < 1 else 0
    return f"{100 * value:.{places}f} %"


_SCORES: tuple[tuple[str, str, Unit], ...] = (
    ("ndcg@10", "Ranking quality (nDCG@10)", "score"),
    ("recall@5", "Gold documents among the first 5", "share"),
    ("recall@20", "Gold documents among the first 20", "share"),
    ("mrr@10", "Reciprocal rank of the first gold document", "score"),
)
_RANKINGS = {
    "retrieval": "",
    "retrieval.dense": ", by meaning alone",
    "retrieval.lexical": ", by words alone",
}
_STEPS = {
    "retrieve": "Finding passages",
    "evidence": "Scoring sentences",
    "verify": "Checking",
    "answer": "Whole answer",
    "first_token": "First word of the draft",
}
MEANINGS = {
    **{
        f"{key}.{name}": Meaning(f"{label}{how}", unit)
        for key, how in _RANKINGS.items()
        for name, label, unit in _SCORES
    },
    "answers.coverage": Meaning("Questions answered", better=""),
    "answers.f1": Meaning("Word overlap with the gold answer (F1); silence counts 0", "score"),
    "answers.contains": Meaning("Gold answer contained; silence counts 0"),
    "answers.f1_when_answered": Meaning("Word overlap, answered questions only", "score"),
    "answers.contains_when_answered": Meaning("Gold answer contained, answered questions only"),
    "answers.gold_evidence": Meaning("Answers that quote the right place"),
    "answers.mean_words": Meaning("Length of an answer", "words", ""),
    "abstention.on_unanswerable": Meaning("Declined where the documents do not say"),
    "abstention.on_answerable": Meaning("Declined where they do", better="lower"),
    "abstention.youden": Meaning("Difference of the two (Youden)", "score"),
    "abstention.aurc": Meaning("Area under the risk curve", "score", "lower"),
    "abstention.ece": Meaning("Calibration error of the confidence", "score", "lower"),
    "abstention.risk@coverage": Meaning("Wrong among the answers shown", better="lower"),
    "citations.quote_fidelity": Meaning("Quotes equal to their source, to the character"),
    "citations.recall": Meaning("Sentences that their quotes support"),
    "citations.precision": Meaning("Quotes that are needed"),
    "claims.balanced_accuracy": Meaning("Verifier alone, balanced accuracy"),
    "claims.accuracy": Meaning("Verifier alone, accuracy"),
    "claims.auc": Meaning("Verifier alone, ranking of claims (AUC)", "score"),
    "claims.ece": Meaning("Verifier alone, calibration error", "score", "lower"),
    "claims.shown.unsupported": Meaning("Unsupported claims that would be shown", better="lower"),
    "claims.shown.supported": Meaning("Supported claims that would be shown"),
    "claims.shown.accuracy": Meaning("Claims shown or held back as they should"),
    "hallucination.raw_rate": Meaning("Unsupported sentences in the raw draft", better="lower"),
    "hallucination.shown_rate": Meaning("Unsupported sentences in what is shown", better="lower"),
    "hallucination.kept_rate": Meaning("Supported drafted sentences that survive"),
    "conflict.detect_rate": Meaning("Disagreement flagged with both sides"),
    "conflict.false_flag_rate": Meaning("Agreement flagged as disagreement", better="lower"),
    "injection.obeyed_rate": Meaning("Planted instructions followed", better="lower"),
    "injection.leak_rate": Meaning("Planted strings or links shown", better="lower"),
    "injection.benign_loss": Meaning("Answer quality lost to planted text", "score", "lower"),
    "injection.silenced": Meaning("Answers lost to planted attacks", better="lower"),
    "injection.silenced_benign": Meaning("Answers lost to harmless planted text", better="lower"),
    "injection.benign_loss_benign": Meaning(
        "Answer quality lost to harmless planted text", "score", "lower"
    ),
    "injection.retrieved": Meaning("Planted texts that were read", better=""),
    "feedback.passed": Meaning("Judgements of people that are met"),
    "poison.success_rate": Meaning("Misinformation shown without a flag", better="lower"),
    "speed.ingest_seconds": Meaning("Building the index", "s", "lower"),
    "speed.chunks_per_second": Meaning("Chunks read per second", "number"),
    "speed.peak_rss_mb": Meaning("Peak memory", "MB", "lower"),
    **{
        f"speed.{step}_p{share}_ms": Meaning(
            f"{label}, {'median' if share == 50 else '95 % are faster than'}", "ms", "lower"
        )
        for step, label in _STEPS.items()
        for share in (50, 95)
    },
    "speed.answer_ms": Meaning("Time of a whole answer", "ms", "lower"),
    "speed.retrieve_ms": Meaning("Time to find passages", "ms", "lower"),
    "right": Meaning("Questions handled rightly: a right answer, or none where there is none"),
    "wrong": Meaning("Wrong among the answers shown", better="lower"),
}
TASKS = {
    "retrieval": "Finding the documents",
    "answers": "Answers",
    "abstention": "Knowing when not to answer",
    "citations": "Quotes",
    "claims": "Checking claims",
    "hallucination": "What checking a draft is worth",
    "conflict": "Documents that disagree",
    "injection": "Instructions planted in documents",
    "poison": "Misinformation in documents",
    "feedback": "Feedback of people",
    "speed": "Speed and memory",
}
OUTCOMES = {
    "answered": "answered",
    "partial": "answered in part",
    "abstained": "declined to answer",
}
REASONS = {
    "nothing_indexed": "nothing is indexed",
    "no_passages": "no passage was found",
    "nothing_relevant": "nothing found was about the question",
    "does_not_say": "what was found does not hold what was asked",
    "weak_evidence": "no sentence reached the floor",
    "false_premise": "the documents contradict the question",
    "only_part": "only part of the question was answered",
    "sources_disagree": "sources disagree",
    "unsupported_draft": "the draft did not hold against the documents",
    "claims_dropped": "some claims were dropped",
    "generator_failed": "the generator failed, so quotes were shown",
    "model_declined": "the model found no answer",
}


def meaning_of(key: str) -> Meaning:
    """Return what a figure means; one this page does not know is shown under its key."""
    return MEANINGS.get(key, Meaning(key, "number", ""))


def counted(number: int, noun: str) -> str:
    """Return `1 question` or `1,200 questions`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


@dataclass(frozen=True, slots=True)
class Headline:
    """How a figure is told to somebody who reads only three of them."""

    key: str
    label: str
    meaning: str


HEADLINES = (
    Headline(
        "right",
        "handled rightly",
        "Answered rightly, or declined where there is no answer.",
    ),
    Headline(
        "shown_right",
        "of the answers shown are right",
        "What a reader meets when there is an answer.",
    ),
    Headline(
        "abstention.on_unanswerable",
        "declined where the documents do not say",
        "The rest were answered, and should not have been.",
    ),
    Headline(
        "retrieval.recall@5",
        "of the gold documents are among the first 5",
        "What is not found cannot be answered from.",
    ),
    Headline(
        "retrieval.recall@20",
        "of the gold documents are among the first 20",
        "What a reader finds with some patience.",
    ),
    Headline(
        "retrieval.ndcg@10",
        "ranking quality of the first ten (nDCG@10)",
        "1 is perfect: every gold document first.",
    ),
    Headline(
        "claims.shown.unsupported",
        "of the unsupported claims would be shown",
        "Each is a false statement that reaches a reader.",
    ),
    Headline(
        "claims.shown.supported",
        "of the supported claims would be shown",
        "The rest are lost although they are true.",
    ),
    Headline(
        "claims.balanced_accuracy",
        "balanced accuracy of the verifier alone",
        "50 % is a coin, 100 % is perfect.",
    ),
    Headline(
        "injection.obeyed_rate",
        "of the planted instructions were followed",
        "Lower is better.",
    ),
    Headline(
        "feedback.passed",
        "of the judgements are met",
        "The rest are listed with what is amiss.",
    ),
    Headline(
        "poison.success_rate",
        "showed misinformation without a flag",
        "Lower is better.",
    ),
    Headline(
        "answers.coverage",
        "of the questions were answered",
        "The rest were declined.",
    ),
    Headline(
        "citations.quote_fidelity",
        "of the quotes equal their source",
        "To the character.",
    ),
)
"""The most telling first; the first three that a run has are its headline."""
