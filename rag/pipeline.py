"""Ask a question: the whole online path, readable in one screen.

    retrieve -> fuse -> rerank -> find evidence -> (draft -> attribute) -> verify -> decide

A `Pipeline` receives finished parts and holds no state of its own, so one object may answer
from several threads. `dataclasses.replace(rag, verifier=Mine())` changes a part.
"""

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from rag.answer.asked.history import History, understood
from rag.answer.brief import brief
from rag.answer.checked.focus import focus
from rag.answer.checked.repair import reattribute, repair
from rag.answer.checked.verify import verify
from rag.answer.decide import decide, show_conflicts
from rag.answer.disagreement.conflict import find_conflicts
from rag.answer.disagreement.premise import false_premise
from rag.answer.disagreement.supersede import current
from rag.answer.drafted.attribute import attribute
from rag.answer.drafted.draft import write_draft
from rag.answer.drafted.prompt import declines, write_prompt
from rag.answer.drafted.spotlight import fresh_marker, without_marker
from rag.answer.evidence.confidence import UNCALIBRATED, Calibration, signals_of
from rag.answer.evidence.cover import choose
from rag.answer.evidence.extract import find_evidence, quote_claims
from rag.answer.evidence.gather import Gathered, gather
from rag.answer.evidence.instructions import without_instructions
from rag.answer.evidence.remember import Remembering
from rag.answer.refusal import lacking, refuse
from rag.errors import GeneratorFailed, ModelError, QuestionError
from rag.protocols import Embedder, Generator, Reader, Reranker, Snapshot, Verifier
from rag.search.rerank import choose_passages
from rag.search.retrieve import Candidates, Retriever
from rag.search.several import retrieve_each
from rag.types import (
    Answer,
    Claim,
    Correction,
    Draft,
    Evidence,
    Filter,
    Mode,
    Passage,
    Reason,
    Support,
    Verdict,
)

logger = logging.getLogger(__name__)

LONGEST_QUESTION = 4000


@dataclass(frozen=True, slots=True)
class Policy:
    """The numbers that trade coverage against risk; what each means is told in `settings`."""

    mode: Mode = Mode.EXTRACTIVE
    candidates: int = 50
    passages: int = 6
    fusion: str = "min_max"
    dense_weight: float = 0.5
    look_again: bool = True
    relevance_floor: float = 0.19
    answerability_floor: float = 0.5
    sentence_keep: float = 0.7
    max_sentences: int = 3
    brief: bool = True
    support_floor: float = 0.5
    own_words: bool = False
    evidence_tokens: int = 600
    max_tokens: int = 120
    deadline_s: float = 60.0


@dataclass(frozen=True)
class Pipeline:
    """Answers from one snapshot, and says only what its documents support."""

    snapshot: Snapshot
    embedder: Embedder
    verifier: Verifier
    generator: Generator | None = None
    reranker: Reranker | None = None
    reader: Reader | None = None
    policy: Policy = Policy()
    calibrations: Mapping[Mode, Calibration] = field(default_factory=dict[Mode, Calibration])
    """What `rag calibrate` found, by the mode it was found for."""

    def ask(
        self,
        question: str,
        *,
        mode: Mode | str | None = None,
        filter_: Filter | None = None,
        history: History = (),
        rewritten: str | None = None,
    ) -> Answer:
        """Answer `question` with checked quotes, or abstain with the reason.

        Args:
            question: What is asked, as typed.
            mode: Who words the answer; the policy's mode when left out.
            filter_: Which documents may be drawn on.
            history: Earlier answers or (question, answer) pairs, oldest first. A question that
                leans on them ("and for children?") is rewritten to stand alone.
            rewritten: The question as it is meant; wins over what `history` would make of it.

        Raises:
            QuestionError: If the question is empty or too long, there is no such mode, the
                filter names a document that is not in the index, or the history is none.
        """
        clock = _Clock()
        typed, mode = checked(question), _mode(mode or self.policy.mode)
        question = checked(understood(typed, history) if rewritten is None else rewritten)
        found = self._gather((question, typed), filter_ or Filter(), clock)
        with clock("evidence"):
            floor = self.policy.relevance_floor
            conflicts = find_conflicts(question, found.evidence, floor=floor)
            found = found.keeping(lambda evidence: current(question, evidence, conflicts))
            correction = false_premise(question, found.evidence)
        if correction or not self._sure(mode, found.weakest):
            answer = self._abstain(question, mode, found, correction)
        elif mode is Mode.GENERATIVE:
            answer = lacking(self._generate(question, found, clock), found.missing)
        else:
            answer = lacking(self._extract(question, found, clock), found.missing)
        answer = show_conflicts(answer, conflicts, found.passages)
        if question != typed:
            answer = replace(answer, question=typed, rewritten=question)
        return self._stamped(self._weighed(answer, mode, found.weakest), mode, clock)

    def search(
        self, question: str, *, filter_: Filter | None = None
    ) -> tuple[list[Passage], Candidates]:
        """Return the passages `ask` would draw on, and how each retriever ranked its hits.

        Raises:
            QuestionError: As `ask`.
        """
        return self._search((checked(question),), filter_ or Filter())

    def _gather(self, queries: Sequence[str], filter_: Filter, clock: "_Clock") -> Gathered:
        embedder = Remembering(self.embedder)  # several looks meet the same sentences

        def search(queries: Sequence[str]) -> list[Passage]:
            with clock("retrieve"):
                return self._search(queries, filter_)[0]

        def read(question: str, passages: Sequence[Passage]) -> list[Evidence]:
            with clock("evidence"):
                found = find_evidence(question, passages, embedder, self.reader)
                return without_instructions(question, found)

        return gather(queries, search, read, self._likely, again=self.policy.look_again)

    def _likely(self, evidence: Sequence[Evidence]) -> bool:
        """Return whether `evidence` may well answer a part of a question.

        Unlike the gate it follows the policy alone: it decides what an answer rests on.
        """
        policy, read = self.policy, self.reader is not None
        floor = policy.answerability_floor if read else policy.relevance_floor
        return bool(evidence) and signals_of(evidence)["answerability"] >= floor

    def _search(self, queries: Sequence[str], filter_: Filter) -> tuple[list[Passage], Candidates]:
        policy = self.policy
        retriever = Retriever(self.embedder, policy.candidates, policy.fusion, policy.dense_weight)
        found = retrieve_each(retriever, self.snapshot, queries, filter_)
        passages = choose_passages(
            self.snapshot, queries[0], found.fused, k=policy.passages, reranker=self.reranker
        )
        return passages, found

    def _sure(self, mode: Mode, evidence: Sequence[Evidence]) -> bool:
        """Return whether the evidence is good enough to answer at all.

        The one gate: what an answer says does not depend on it, only whether there is one.
        """
        calibration = self.calibrations.get(mode, UNCALIBRATED)
        return bool(evidence) and calibration.score(signals_of(evidence)) >= self.gate(mode)

    def gate(self, mode: Mode) -> float:
        """Return the least score with which a question is answered, in [0, 1]."""
        threshold = self.calibrations.get(mode, UNCALIBRATED).threshold
        if threshold is not None:
            return threshold
        read = self.reader is not None
        return self.policy.answerability_floor if read else self.policy.relevance_floor

    def _weighed(self, answer: Answer, mode: Mode, evidence: Sequence[Evidence]) -> Answer:
        calibration = self.calibrations.get(mode, UNCALIBRATED)
        score = calibration.score(signals_of(evidence))
        chance = float(calibration.chance(score)) if evidence else 0.0
        return replace(answer, confidence=chance, calibrated=calibration.source)

    def _abstain(
        self, question: str, mode: Mode, found: Gathered, correction: Correction | None
    ) -> Answer:
        if not len(self.snapshot):
            return decide(question, [], [], mode=mode, reason=Reason.NOTHING_INDEXED)
        return refuse(question, found.passages, found.evidence, correction, mode=mode)

    def _extract(
        self,
        question: str,
        found: Gathered,
        clock: "_Clock",
        reason: Reason | None = None,
        before: Sequence[Verdict] = (),
    ) -> Answer:
        policy = self.policy
        with clock("draft"):
            chosen = choose(
                question, found.parts, keep=policy.sentence_keep, most=policy.max_sentences
            )
            claims = quote_claims(chosen)
        with clock("verify"):
            verdicts = self._verify(claims, found.passages)
            if policy.brief and not found.several:
                verdicts = brief(question, verdicts, found.evidence)
            verdicts = [*before, *verdicts]
        return decide(question, verdicts, found.passages, mode=Mode.EXTRACTIVE, reason=reason)

    def _generate(self, question: str, found: Gathered, clock: "_Clock") -> Answer:
        """Draft, attribute, verify, repair; fall back to quotes when nothing survives."""
        passages, evidence = found.passages, found.evidence
        try:
            with clock("draft"):
                draft = self._draft(question, evidence)
        except ModelError as error:  # it failed, is late, or its weights are not here
            logger.warning("answering with quotes, since the generator failed: %s", error)
            return self._extract(question, found, clock, Reason.GENERATOR_FAILED)
        if declines(draft.text):
            reason = Reason.MODEL_DECLINED
            return decide(question, [], passages, mode=Mode.GENERATIVE, reason=reason)
        with clock("verify"):
            claims = attribute(draft, evidence, self.embedder)
            verdicts = self._verify(claims, passages)
            verdicts = reattribute(verdicts, evidence, lambda c: self._verify(c, passages))
            verdicts = focus(verdicts, evidence, floor=self.policy.relevance_floor)
            verdicts = repair(verdicts, evidence, floor=self.policy.relevance_floor)
        if any(verdict.support is Support.SUPPORTED for verdict in verdicts):
            return decide(question, verdicts, passages, mode=Mode.GENERATIVE)
        reason = Reason.UNSUPPORTED_DRAFT
        return self._extract(question, found, clock, reason, verdicts)

    def _verify(self, claims: Sequence[Claim], passages: Sequence[Passage]) -> list[Verdict]:
        return verify(
            self.verifier,
            claims,
            passages,
            floor=self.policy.support_floor,
            own_words=self.policy.own_words,
        )

    def _draft(self, question: str, evidence: Sequence[Evidence]) -> Draft:
        policy = self.policy
        if self.generator is None:
            raise GeneratorFailed("no generator is configured; set generator.kind and model")
        marker = fresh_marker()
        messages = write_prompt(
            question,
            evidence,
            marker=marker,
            budget=policy.evidence_tokens,
            count_tokens=self.generator.count_tokens,
        )
        draft = write_draft(
            self.generator, messages, max_tokens=policy.max_tokens, deadline=policy.deadline_s
        )
        return without_marker(draft, marker, self.generator.name)

    def _stamped(self, answer: Answer, mode: Mode, clock: "_Clock") -> Answer:
        models = {"embedder": self.embedder.name, "verifier": self.verifier.name}
        if self.reader is not None:
            models["reader"] = self.reader.name
        if mode is Mode.GENERATIVE and self.generator is not None:
            models["generator"] = self.generator.name
        return replace(
            answer,
            build=self.snapshot.build,
            unread=self.snapshot.unread,
            models=models,
            timings_ms=clock.done(),
        )


def checked(question: str) -> str:
    """Return `question` without surrounding blanks.

    Raises:
        QuestionError: If nothing is left, or it is longer than `LONGEST_QUESTION` characters.
    """
    if not isinstance(question, str):
        raise QuestionError(f"a question is text, got {type(question).__name__}")
    # A shell may hand over bytes that are no text, as lone surrogates.
    question = question.encode("utf-8", "replace").decode("utf-8")
    text = " ".join(question.replace("\0", " ").split())
    if not text:
        raise QuestionError("the question is empty; write what you want to know")
    if len(text) > LONGEST_QUESTION:
        raise QuestionError(
            f"the question has {len(text):,} characters, at most {LONGEST_QUESTION:,} are read; "
            "ask one thing at a time, and ingest long text instead of pasting it"
        )
    return text


def _mode(mode: Mode | str) -> Mode:
    try:
        return Mode(mode)
    except ValueError:
        raise QuestionError(f"no mode {mode!r}; the modes are {', '.join(Mode)}") from None


@dataclass
class _Clock:
    """Milliseconds per named step."""

    started: float = field(default_factory=time.perf_counter)
    steps: dict[str, float] = field(default_factory=dict[str, float])

    @contextmanager
    def __call__(self, step: str) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            self.steps[step] = self.steps.get(step, 0.0) + 1000 * (time.perf_counter() - start)

    def done(self) -> dict[str, float]:
        total = 1000 * (time.perf_counter() - self.started)
        return {step: round(ms, 1) for step, ms in (*self.steps.items(), ("total", total))}
