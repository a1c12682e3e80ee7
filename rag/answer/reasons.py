"""What each reason means, in words for people: one table for every surface."""

from rag.types import Reason

WHY = {
    Reason.NOTHING_INDEXED: "Nothing has been indexed yet; run `rag ingest FOLDER` first.",
    Reason.NO_PASSAGES: "No document matches the filter.",
    Reason.NOTHING_RELEVANT: "No passage that was found is about this.",
    Reason.DOES_NOT_SAY: "The documents speak of this, but do not hold what was asked.",
    Reason.WEAK_EVIDENCE: "No sentence comes near enough to an answer.",
    Reason.FALSE_PREMISE: "The question takes something for granted that the documents contradict.",
    Reason.ONLY_PART: "The documents answer only part of the question.",
    Reason.SOURCES_DISAGREE: "The documents do not agree on this; both sides are shown.",
    Reason.UNSUPPORTED_DRAFT: "What the model wrote did not hold against the documents.",
    Reason.CLAIMS_DROPPED: "Some statements were left out, because no quote supports them.",
    Reason.MODEL_DECLINED: "The model found no answer in the passages.",
    Reason.GENERATOR_FAILED: "The model did not answer, so the documents are quoted instead.",
}
