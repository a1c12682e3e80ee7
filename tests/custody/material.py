"""Small indexes over real parts, the embedder's weights aside, and questions to them."""

import hashlib

from rag.corpus.split import StructureSplitter
from rag.index.build import make_build, publish
from rag.index.ledger import Ledger
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
