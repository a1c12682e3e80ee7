"""The sentences of an index as a maker of questions needs them: by place, and by stem."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from rag.text import content_stems, sentences, without_bullet
from rag.types import BlockKind, Document

_READ = frozenset((BlockKind.PARAGRAPH, BlockKind.LIST))
_BEFORE_A_VERB = re.compile(r"\b(?:to|will|must|can|may|should|cannot|does not) ([a-z]{3,})\b")
_COMMON_VERBS = frozenset(
    "allow answer apply arrive ask begin belong bring build call cancel carry check close collect "
    "connect contain cost cover create define depart describe end expire give grow handle help "
    "hold include inspect keep last lead leave lie live make manage measure meet need offer open "
    "own pay print produce protect provide publish reach receive refund remain remove repair "
    "replace report require return run sail sell send serve show sign stand start stop store "
    "supply support take use visit weigh work write".split()
)
_LEAST, _MOST = 5, 40  # words
_LINK = re.compile(
    r"\[([^\]]*)\](?:\[[^\]]*\]|\([^)]*\))|(?<!\w)[*_`]{1,3}(?=\S)|(?<=\S)[*_`]{1,3}(?!\w)"
)
_NAME_INSIDE = re.compile(r"(?<=[a-z,] )[A-Z][\w\u2019'-]*")


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence, where it stands, and its text without marks of emphasis."""

    row: int
    document_id: str
    text: str
    bare: str
    stems: frozenset[str]
    plain: bool
    """Whether it is whole prose, from which a question may be made."""


@dataclass
class Corpus:
    """All sentences, and which hold a stem."""

    sentences: list[Sentence] = field(default_factory=list[Sentence])
    rows: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list[int]))
    verbs: set[str] = field(default_factory=lambda: set(_COMMON_VERBS))
    """Common verbs, and words that follow `to`, `must` and the like somewhere."""
    proper: set[str] = field(default_factory=set[str])
    """Words that are written with a capital inside a sentence somewhere."""

    @classmethod
    def of(cls, documents: Iterable[Document]) -> "Corpus":
        """Return the sentences of `documents`, in order."""
        corpus = cls()
        for document in documents:
            for text, plain in _sentences(document):
                corpus._add(document, text, plain=plain)
            corpus.proper |= set(_NAME_INSIDE.findall(document.text))
            corpus.verbs |= set(_BEFORE_A_VERB.findall(document.text))
        return corpus

    def about(self, stems: Iterable[str], share: float) -> list[Sentence]:
        """Return the sentences that hold at least a `share`, in (0, 1], of `stems`."""
        wanted = set(stems)
        counts = Counter(row for stem in wanted for row in self.rows.get(stem, ()))
        least = max(1, share * len(wanted) - 1e-9)
        return [self.sentences[row] for row, count in counts.items() if count >= least]

    def near(self, row: int, reach: int = 2) -> set[str]:
        """Return the stems of the sentence at `row` and its neighbours in the same document."""
        around = self.sentences[max(0, row - reach) : row + reach + 1]
        home = self.sentences[row].document_id
        return {stem for one in around if one.document_id == home for stem in one.stems}

    def _add(self, document: Document, text: str, *, plain: bool) -> None:
        bare = " ".join(_LINK.sub(lambda m: m[1] or "", text).split())
        stems = frozenset(content_stems(bare))
        row = len(self.sentences)
        self.sentences.append(Sentence(row, document.id, text, bare, stems, plain))
        for stem in stems:
            self.rows[stem].append(row)


def _sentences(document: Document) -> Iterator[tuple[str, bool]]:
    for span in sentences(document.text):
        block = document.block_at(span.start)
        text = without_bullet(document.text, span).of(document.text)
        prose = block is None or block.kind in _READ
        yield text, prose and _LEAST <= len(text.split()) <= _MOST and text.endswith(".")
