"""Make questions from an index, answerable and not, every one checked without retrieval.

A question is kept only if its sentence alone gives the answer back by a plain rule, so that the
questions the pipeline is good at are not the ones that survive. Deterministic by seed.
"""

import hashlib
import json
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from rag.calibrate.file import save
from rag.calibrate.outcomes import Asked
from rag.calibrate.questions.compose import Parts, compose
from rag.calibrate.questions.corpus import Corpus, Sentence
from rag.calibrate.questions.given import given, left_out
from rag.calibrate.questions.spans import asked_stems, recovers, shared_run
from rag.calibrate.questions.swap import Made, near_misses
from rag.calibrate.questions.worded import worded
from rag.errors import LoadError
from rag.pipeline import Pipeline
from rag.protocols import Generator
from rag.text import content_stems
from rag.types import DocumentId

_LONGEST_COPY = 6  # words
_SAME = 0.8
"""A sentence with this share of a question's words may answer it, perhaps otherwise."""
_HELD_OUT = 0.3  # share of the documents
_FEWEST = 20
_ENOUGH = 2  # questions for each one wanted, from which on no further are looked for
_MOST_ANSWERABLE = 2
"""Answerable questions for each unanswerable one, at most; fewer where near misses can be made."""


@dataclass(frozen=True, slots=True)
class Row:
    """A made question as the file has it."""

    text: str
    kind: str
    answer: str | None
    sentence: str
    source: str
    without: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, object]:
        """Return one line of queries.jsonl; the id depends on the question alone."""
        key = f"{self.kind}:{self.text}".encode()
        metadata: dict[str, object] = {
            "answerable": self.answer is not None,
            "answers": [self.answer] if self.answer is not None else [],
            "gold_sentences": [self.sentence] if self.answer is not None else [],
            "kind": self.kind,
            "source": self.source,
        }
        if self.without:
            metadata["without"] = list(self.without)
        id_ = f"made-{hashlib.sha256(key).hexdigest()[:12]}"
        return {"_id": id_, "text": self.text, "metadata": metadata}


@dataclass(frozen=True, slots=True)
class MadeQuestions:
    """What was made, answerable questions first."""

    rows: Sequence[Row]

    def write(self, path: Path, documents: Sequence[str]) -> tuple[list[Asked], str]:
        """Write the questions for people to read, and return them as `given` reads them."""
        lines = [json.dumps(row.to_dict(), ensure_ascii=False) for row in self.rows]
        save(path, "".join(f"{line}\n" for line in lines))
        return given(path, documents)


def make(
    pipeline: Pipeline,
    documents: Sequence[str],
    *,
    count: int,
    seed: int = 0,
    generator: Generator | None = None,
) -> MadeQuestions:
    """Return at most `count` questions about the documents of `pipeline`.

    Args:
        pipeline: Searched for one thing only: whether a held-out document's answer stands
            elsewhere too.
        documents: Ids of the documents to make questions from.
        count: How many, both sorts together.
        seed: Of every draw.
        generator: Words questions for sentences that the rules make nothing of; None for none.

    Raises:
        ModelError: If the generator fails.
        LoadError: If the documents hold too few plain sentences to ask about.
    """
    rng = random.Random(seed)  # noqa: S311  (a draw that can be repeated, no secret)
    texts = [pipeline.snapshot.document(DocumentId(id_)) for id_ in documents]
    corpus = Corpus.of(texts)
    sources = {document.id: document.source for document in texts}
    known = list(_answerable(corpus, rng))
    if generator is not None and len(known) < _ENOUGH * count:
        wanted = _ENOUGH * count - len(known)
        known += islice(_in_other_words(corpus, known, generator, rng), wanted)
    out = set(rng.sample(sorted(documents), int(_HELD_OUT * len(documents))))
    inside = _spread(m for m in known if m.sentence.document_id not in out)
    outside = _spread(m for m in known if m.sentence.document_id in out)
    rows = [_row(made, sources) for made in inside[: count // 2]]
    strangers = _held_out(pipeline, outside, sorted(out), documents)
    away = [_row(m, sources, sorted(out)) for m in islice(strangers, len(rows) // 2)]
    missing = islice(_unanswerable(inside, known, corpus, rng), len(rows) - len(away))
    near = [
        Row(text, kind, None, m.sentence.text, sources[DocumentId(m.sentence.document_id)])
        for m, kind, text in missing
    ]
    rows = rows[: max(_FEWEST, _MOST_ANSWERABLE * (len(near) + len(away)))]
    found = list({row.text.casefold(): row for row in (*rows, *near, *away)}.values())
    if len(rows) < _FEWEST or not near:
        raise LoadError(
            f"only {len(found)} questions could be made from {len(documents)} documents, too few "
            "to calibrate on; write some with their answers and name them with --questions"
        )
    return MadeQuestions(found)


def _answerable(corpus: Corpus, rng: random.Random) -> Iterator[Made]:
    """Yield the questions that pass every check, at most one a sentence, in a random order."""
    order = [one for one in corpus.sentences if one.plain]
    rng.shuffle(order)
    for sentence in order:
        fits = [
            p
            for p in compose(sentence.bare, corpus.verbs, corpus.proper)
            if _sound(p, sentence, corpus)
        ]
        if fits:
            yield Made(fits[0], sentence)


def _in_other_words(
    corpus: Corpus, known: Sequence[Made], generator: Generator, rng: random.Random
) -> Iterator[Made]:
    """Yield the generator's questions that pass the checks that ours have to pass."""
    done = {made.sentence.row for made in known}
    left = [one for one in corpus.sentences if one.plain and one.row not in done]
    rng.shuffle(left)
    for made in worded(left, generator, rng):
        if _sound(made.parts, made.sentence, corpus):
            yield made


def _sound(parts: Parts, sentence: Sentence, corpus: Corpus) -> bool:
    """Return whether the question is no copy, does not answer itself, and has one answer."""
    text, asked = parts.text, asked_stems(parts.text)
    target = content_stems(parts.target)
    if shared_run(text, sentence.bare) > _LONGEST_COPY or not target or set(target) <= asked:
        return False
    if parts.sort == "definition":
        return _one_definition(parts, sentence, corpus)
    least = 3 if parts.sort == "subject" else 2
    if len(asked) < least or not recovers(sentence.bare, text, parts.target):
        return False
    return all(set(target) <= one.stems for one in corpus.about(asked, _SAME))


def _one_definition(parts: Parts, sentence: Sentence, corpus: Corpus) -> bool:
    """Return whether the subject is named exactly, and defined in one place only."""
    subject = set(content_stems(parts.subject))
    named = parts.subject[:1].isupper() or parts.subject.startswith(("a ", "an "))
    start = f"{parts.subject} {parts.verb} ".casefold()
    same = [o for o in corpus.about(subject, 1.0) if o.bare.casefold().startswith(start)]
    return (named or len(subject) > 1) and same == [sentence]


def _spread(known: Iterable[Made]) -> list[Made]:
    """Return the questions so that every prefix mixes sorts and documents.

    The more of a sort or a document has been taken, the later its next one comes; `known` is in
    a random order already.
    """
    sorts: Counter[str] = Counter()
    places: Counter[str] = Counter()
    turns = []
    for made in known:
        sort, place = made.parts.sort, made.sentence.document_id
        turns.append((sorts[sort] / 2 + places[place], made))
        sorts[sort] += 1
        places[place] += 1
    return [made for _, made in sorted(turns, key=lambda turn: turn[0])]


def _held_out(
    pipeline: Pipeline, made: Iterable[Made], out: Sequence[str], documents: Sequence[str]
) -> Iterator[Made]:
    """Yield the questions whose answer does not stand in what is found without `out`."""
    if len(out) == len(documents) or not out:
        return
    rest = left_out(out, documents)
    for one in made:
        if one.parts.sort == "definition":  # what a thing is may be clear from other documents
            continue
        passages, _ = pipeline.search(one.parts.text, filter_=rest)
        target = one.parts.target.casefold()
        if all(target not in passage.chunk.text.casefold() for passage in passages):
            yield one


def _unanswerable(
    made: Sequence[Made], known: Sequence[Made], corpus: Corpus, rng: random.Random
) -> Iterator[tuple[Made, str, str]]:
    """Yield (made, kind, question), one an answerable question, the rarer kinds first."""
    taken: defaultdict[str, int] = defaultdict(int)
    for one in made:
        others = rng.sample(known, min(len(known), 60))
        fits = dict(near_misses(one, others, corpus))
        if fits:
            kind = min(fits, key=lambda kind: taken[kind])
            taken[kind] += 1
            yield one, kind, fits[kind]


def _row(made: Made, sources: dict[DocumentId, str], without: Sequence[str] = ()) -> Row:
    kind = "held-out document" if without else made.parts.sort
    answer = None if without else made.parts.target
    source = sources[DocumentId(made.sentence.document_id)]
    return Row(made.parts.text, kind, answer, made.sentence.text, source, tuple(without))
