import pytest

from rag.corpus.load import FileLoader
from rag.corpus.split import StructureSplitter
from rag.evaluate.judge import StrictJudge
from rag.evaluate.run import Lab
from rag.index.layout import IndexFolder
from rag.index.snapshot import open_snapshot
from rag.ingest import Ingester
from rag.pipeline import Pipeline, Policy
from rag.testing import HashingEmbedder, ScriptedGenerator, SubstringVerifier
from tests.evaluate.sets import write_claims, write_set

DRAFT = "The mill opens at nine. [1] The mill was a gift of the king in 1612."


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A folder for sets and indexes that the tests of a module share."""
    folder = tmp_path_factory.mktemp("home")
    write_set(folder / "village")
    write_claims(folder / "village-claims")
    return folder


@pytest.fixture(scope="module")
def lab(home):
    """Real ingest, real index, stand-ins for every model."""
    embedder = HashingEmbedder()

    def opened(name):
        snapshot = open_snapshot(
            IndexFolder.named(home / "indexes", name),
            fingerprint=embedder.fingerprint,
            dim=embedder.dim,
            embedder_name=embedder.name,
        )
        policy = Policy(relevance_floor=0.05)
        generator = ScriptedGenerator(DRAFT)
        return Pipeline(snapshot, embedder, SubstringVerifier(), generator, policy=policy)

    def ingester():
        splitter = StructureSplitter(100, 0, embedder.count_tokens, 256, "words")
        folder = IndexFolder.named(home / "indexes", "eval")
        return Ingester(folder, FileLoader(workers=1), splitter, embedder)

    return Lab(
        home / "eval",
        opened,
        ingester,
        lambda: embedder,
        lambda _embedder: SubstringVerifier(),
        StrictJudge,
        0.5,
        {"models": "stand-ins"},
    )
