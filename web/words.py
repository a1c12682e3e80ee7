"""What the page says for each outcome, reason, label and number: plain words, kept together."""

from rag.answer.reasons import WHY
from rag.types import Mode, Outcome, Reason, Support

OUTCOMES = {
    Outcome.ANSWERED: "Answered from your documents",
    Outcome.PARTIAL: "Part of an answer",
    Outcome.ABSTAINED: "The documents do not say",
}

REASONS = WHY

ADVICE = {
    Reason.NOTHING_INDEXED: ("Ingest a folder: rag ingest FOLDER",),
    Reason.NO_PASSAGES: (
        "Check that the document you have in mind is listed by: rag sources",
        "Use the words the document itself would use.",
    ),
    Reason.NOTHING_RELEVANT: (
        "Check that the document you have in mind is listed by: rag sources",
        "If a document is missing, ingest it: rag ingest FOLDER",
    ),
    Reason.DOES_NOT_SAY: (
        "Read the nearest passages: they are about this, and the answer may stand elsewhere.",
        "If a document is missing, ingest it: rag ingest FOLDER",
    ),
    Reason.FALSE_PREMISE: ("Ask again with what the documents say.",),
    Reason.WEAK_EVIDENCE: (
        "Read the nearest passages: the answer may be there in other words.",
        "Ask one thing at a time, with the names and terms the documents use.",
        "If a document is missing, ingest it: rag ingest FOLDER",
    ),
    Reason.MODEL_DECLINED: (
        "Read the nearest passages: the model may have overlooked the answer.",
        "Ask for quoted sentences instead of a written answer.",
    ),
    Reason.UNSUPPORTED_DRAFT: (
        "Read the nearest passages.",
        "Ask for quoted sentences instead of a written answer.",
    ),
}

SUPPORT = {
    Support.SUPPORTED: "supported, but without a quote",
    Support.REFUTED: "the quotes say otherwise",
    Support.NOT_ENOUGH_INFO: "the quotes do not say this",
}

MODES = {
    Mode.EXTRACTIVE: "Quoted sentences",
    Mode.GENERATIVE: "Written by a model, then checked",
}


CONFIDENCE = {
    "": "how much speaks for an answer, not yet calibrated as a probability",
    "made": "the chance that the answer is right, calibrated on questions made from this index",
    "given": "the chance that the answer is right, calibrated on questions given for this index",
}


def confidence_word(confidence: float) -> str:
    """Return a word for a confidence, in [0, 1]."""
    confidence = round(confidence, 2)  # as it is shown
    if confidence >= 0.8:
        return "high"
    return "fair" if confidence >= 0.6 else "low"
