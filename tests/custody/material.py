"""Small indexes over real parts, the embedder's weights aside, and questions to them."""

import hashlib
import random

from rag.corpus.split import StructureSplitter
from rag.custody.byte_search import search_folder
from rag.custody.prints import Prints, forms
from rag.custody.targets import Wanted, chosen
from rag.index.build import make_build, publish
from rag.index.ledger import Ledger
from rag.index.reading import open_reader
from rag.index.snapshot import open_snapshot
from rag.pipeline import Pipeline, Policy
from rag.reports import FileReport, FileStatus
from rag.testing import HashingEmbedder, SubstringVerifier, document_of

EMBEDDER = HashingEmbedder()
MARK = {
    "embedder_name": EMBEDDER.name,
    "fingerprint": EMBEDDER.fingerprint,
    "dim": EMBEDDER.dim,
}
SPLITTER = StructureSplitter(64, 0, EMBEDDER.count_tokens, EMBEDDER.max_tokens, "words")
_WORDS = (
    "harbour lock keeper tariff barge winter notice closed open signed crown receipt ferry wheel "
    "bridge council meadow orchard garden window kettle ladder copper silver velvet paper"
).split()


def prose(seed, sentences=12):
    luck = random.Random(seed)
    return "\n\n".join(
        " ".join(f"{luck.choice(_WORDS)}{luck.randrange(1000)}" for _ in range(14)).capitalize()
        + "."
        for _ in range(sentences)
    )


TEXTS = {f"notes/{name}.txt": prose(name) for name in ("ada", "ben", "cleo", "dora")}


def put(ledger, source, text, metadata=None, below="/data"):
    """Put a file of one document into the folder `below`, which is not on the disk."""
    found = document_of(source, text, metadata)
    digest = hashlib.sha256(text.encode()).hexdigest()
    report = FileReport(source, FileStatus.ACCEPTED, "text")
    contents = [(found, SPLITTER.split(found))]
    return ledger.put_file(f"{below}/{source}", f"{digest}/2", contents, report)


def built(ledger):
    """Embed what has no vector yet and publish a build of everything."""
    for batch in ledger.missing_vectors(EMBEDDER.fingerprint):
        keys, texts = zip(*batch, strict=True)
        ledger.put_vectors(EMBEDDER.fingerprint, keys, EMBEDDER.embed_texts(texts))
    manifest = make_build(ledger.folder, ledger, **MARK, splitter=SPLITTER.fingerprint)
    publish(ledger.folder, manifest.build)
    return manifest.build


def index_of(folder, texts, below="/data"):
    """Make or add to an index of {source: text} and return the build."""
    with Ledger.open(folder, create=True) as ledger:
        ledger.resplit(SPLITTER)
        for source, text in texts.items():
            put(ledger, source, text, below=below)
        return built(ledger)


def opened(folder):
    snapshot = open_snapshot(folder, **MARK)
    return Pipeline(snapshot, EMBEDDER, SubstringVerifier(), policy=Policy(relevance_floor=0.05))


def rows_of(folder, *names, **conditions):
    with open_reader(folder) as ledger:
        return chosen(ledger, Wanted(names, **conditions))


def left_of(home, *texts):
    """Return what a search of the whole home finds of `texts`."""
    return search_folder(home, Prints.of([form for text in texts for form in forms(text)]))
