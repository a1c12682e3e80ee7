"""Are edited sentences caught, and reworded ones let through? Pairs made from any documents.

    python -m tests.bench.edits [CORPUS ...] [--per-kind 120] [--checks-only] [--failures 3]

A corpus is a question set, a `corpus.jsonl` or a folder of files; the bundled sample is always
among them. Every pair is a sentence of a document and a claim made from it by a rule: with its
meaning changed, word for word, or reworded. The claim cites its sentence and is judged as a
claim of an answer is. Prints the share caught (not shown) of each kind with its interval, once
for the exact checks with a verifier that believes everything, and once as shipped.

The pairs are the same in every run. Reworded pairs are made by rules, so the figures speak of
these kinds of rewording and not of all that people write.
"""

import argparse
import random
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from indexes.sample import folder as sample
from rag.answer.checked.verify import verify
from rag.answer.evidence.extract import cite
from rag.corpus.load import FileLoader
from rag.evaluate.bootstrap import Figure, mean
from rag.models.embedder import open_embedder
from rag.models.verifier import SimilarityVerifier
from rag.protocols import Floats, Verifier
from rag.settings import Settings
from rag.text import sentences
from rag.types import BlockKind, Chunk, Claim, Document, Passage, Span, Support, Verdict, chunk_id
from tests.bench.edit.changes import CHANGES as PLAIN_CHANGES
from tests.bench.edit.changes import names_in
from tests.bench.edit.rewordings import REWORDINGS, false_voices

CHANGES = {**PLAIN_CHANGES, "role, other voice": false_voices}
VERBATIM = "verbatim"
_DOCUMENTS = 250  # of one corpus; drawn evenly
_WORDS = range(6, 41)
_BATCH = 64


@dataclass(frozen=True, slots=True)
class Pair:
    """A sentence where it stands, a claim made from it, and how it was made."""

    document: Document
    span: Span
    claim: str
    kind: str

    @property
    def sentence(self) -> str:
        """Return the sentence, verbatim."""
        return self.span.of(self.document.text)


class Credulous:
    """A verifier that believes everything: what is caught beside it, the exact checks caught."""

    name = "credulous"

    def infer(self, premises: Sequence[str], hypotheses: Sequence[str]) -> Floats:
        """Return entailment 1 for every pair, shape (n, 3)."""
        return np.tile(np.asarray([1.0, 0.0, 0.0], np.float32), (len(premises), 1))


def documents_of(corpus: Path) -> list[Document]:
    """Return at most `_DOCUMENTS` documents of a set, a file or a folder, evenly drawn."""
    inside = (corpus / "corpus.jsonl", corpus / "corpus")
    source = next((path for path in inside if path.exists()), corpus)
    with FileLoader() as loader:
        found = list(loader.load(str(source)))
    return found[:: max(1, len(found) // _DOCUMENTS)][:_DOCUMENTS]


def prose(document: Document) -> Iterator[Span]:
    """Yield the sentences of a document that are whole: capital, full stop, a few words."""
    for span in sentences(document.text):
        block = document.block_at(span.start)
        text = span.of(document.text)
        if block is None or block.kind in {BlockKind.PARAGRAPH, BlockKind.LIST}:
            whole = text[0].isupper() and text.endswith(".") and "|" not in text
            if whole and len(text.split()) in _WORDS and text.count('"') % 2 == 0:
                yield span


def pairs_of(documents: Sequence[Document], per_kind: int) -> list[Pair]:
    """Return at most `per_kind` pairs of each kind, spread over the documents."""
    places = [(document, span) for document in documents for span in prose(document)]
    random.Random(0).shuffle(places)
    names = names_in([span.of(document.text) for document, span in places])
    found: list[Pair] = []
    for kind, make in [*CHANGES.items(), *REWORDINGS.items()]:
        rng = random.Random(kind)
        made: list[Pair] = []
        for document, span in places:
            if len(made) == per_kind:
                break
            claims = list(dict.fromkeys(make(span.of(document.text), names, rng)))
            if claims:
                made.append(Pair(document, span, rng.choice(claims), kind))
        found += made
    copies = [Pair(d, s, " ".join(s.of(d.text).split()), VERBATIM) for d, s in places[:per_kind]]
    return [*found, *copies]


def judged(pairs: Sequence[Pair], verifier: Verifier, floor: float) -> list[Verdict]:
    """Return the verdict on each claim, citing the sentence it was made from."""
    verdicts: list[Verdict] = []
    for start in range(0, len(pairs), _BATCH):
        batch = pairs[start : start + _BATCH]
        passages = [passage_of(pair) for pair in batch]
        claims = [
            Claim(pair.claim, Span(0, len(pair.claim)), (cite(passage, pair.span),))
            for pair, passage in zip(batch, passages, strict=True)
        ]
        verdicts += verify(verifier, claims, passages, floor=floor)
    return verdicts


def passage_of(pair: Pair) -> Passage:
    """Return the sentence as the passage that is cited."""
    document, span = pair.document, pair.span
    key = chunk_id(document.revision, span)
    return Passage(1, document, Chunk(key, document.id, document.revision, span, ""), 1.0)


def caught(pairs: Sequence[Pair], verdicts: Sequence[Verdict], kinds: Iterable[str]) -> Figure:
    """Return the share of the pairs of `kinds` that would not be shown."""
    wanted = set(kinds)
    return mean(
        [
            v.support is not Support.SUPPORTED
            for pair, v in zip(pairs, verdicts, strict=True)
            if pair.kind in wanted
        ]
    )


def report(pairs: Sequence[Pair], columns: dict[str, Sequence[Verdict]]) -> Iterator[str]:
    """Yield the lines of the table."""
    yield f"{'caught':28}" + "".join(f"{name:>26}" for name in columns) + f"{'pairs':>8}"
    groups = {
        **{kind: [kind] for kind in CHANGES},
        "all changes": CHANGES,
        VERBATIM: [VERBATIM],
        **{f"reworded: {kind}": [kind] for kind in REWORDINGS},
        "all rewordings": REWORDINGS,
    }
    for title, kinds in groups.items():
        figures = [caught(pairs, verdicts, kinds) for verdicts in columns.values()]
        cells = "".join(f"{_cell(figure):>26}" for figure in figures)
        yield f"{title:28}{cells}{figures[0].n:8}"


def _cell(figure: Figure) -> str:
    if figure.value is None:
        return "-"
    return f"{figure.value:.3f} [{figure.low:.3f}, {figure.high:.3f}]"


def failures(pairs: Sequence[Pair], verdicts: Sequence[Verdict], most: int) -> Iterator[str]:
    """Yield, of each kind, a few pairs that were judged wrongly."""
    for kind in [*CHANGES, VERBATIM, *REWORDINGS]:
        wrong = [
            (pair, v)
            for pair, v in zip(pairs, verdicts, strict=True)
            if pair.kind == kind and (v.support is Support.SUPPORTED) == (kind in CHANGES)
        ]
        for pair, verdict in wrong[:most]:
            yield f"\n{kind}\n  {pair.sentence}\n  {pair.claim}\n  {'; '.join(verdict.reasons)}"


def main(arguments: Sequence[str]) -> None:
    """Make the pairs, judge them, print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.edits")
    parser.add_argument("corpora", nargs="*", type=Path)
    parser.add_argument("--per-kind", type=int, default=120, help="most pairs of a kind and corpus")
    parser.add_argument("--checks-only", action="store_true", help="needs no weights")
    parser.add_argument("--failures", type=int, default=0, help="print so many of each kind")
    chosen = parser.parse_args(arguments)
    pairs: list[Pair] = []
    for corpus in [sample(), *chosen.corpora]:
        made = pairs_of(documents_of(corpus), chosen.per_kind)
        print(f"{corpus.name}: {len(made)} pairs", file=sys.stderr)
        pairs += made
    settings = Settings.load()
    floor = settings.answer.support_floor
    columns = {"exact checks": judged(pairs, Credulous(), floor)}
    if not chosen.checks_only:
        verifier = SimilarityVerifier(open_embedder(settings.embedder.named, settings.models))
        columns["as shipped"] = judged(pairs, verifier, floor)
    print("\n".join(report(pairs, columns)))
    print("\n".join(failures(pairs, list(columns.values())[-1], chosen.failures)))


if __name__ == "__main__":
    main(sys.argv[1:])
