"""What the page says for each outcome, reason, label and number: plain words, kept together."""

from rag.types import Mode, Outcome, Reason, Support

OUTCOMES = {
    Outcome.ANSWERED: "Answered from your documents",
    Outcome.PARTIAL: "Part of an answer",
    Outcome.ABSTAINED: "The documents do not say",
}

REASONS = {
    Reason.NOTHING_INDEXED: "Nothing has been indexed yet, so there is nothing to quote from.",
    Reason.NO_PASSAGES: "No passage of the indexed documents has anything to do with this.",
    Reason.WEAK_EVIDENCE: "No sentence in the indexed documents answers this well enough to quote.",
    Reason.UNSUPPORTED_DRAFT: "What the model wrote was not supported by the documents.",
    Reason.CLAIMS_DROPPED: "Some statements were left out because no quote supports them.",
    Reason.MODEL_DECLINED: "The model found no answer in the passages below.",
    Reason.GENERATOR_FAILED: "The model did not answer, so the documents are quoted instead.",
}

ADVICE = {
    Reason.NOTHING_INDEXED: ("Ingest a folder: rag ingest FOLDER",),
    Reason.NO_PASSAGES: (
        "Check that the document you have in mind is listed by: rag sources",
        "Use the words the document itself would use.",
    ),
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
    "": "how well the best sentence fits the question, not yet calibrated as a probability",
    "made": "the chance that the answer is right, calibrated on questions made from this index",
    "given": "the chance that the answer is right, calibrated on questions given for this index",
}


def confidence_word(confidence: float) -> str:
    """Return a word for a confidence, in [0, 1]."""
    confidence = round(confidence, 2)  # as it is shown
    if confidence >= 0.8:
        return "high"
    return "fair" if confidence >= 0.6 else "low"
