"""A shelf of its own for each test: a recipe over a folder, and stand-ins for every model."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from indexes.making.rebuild import Parts, rebuild, settings_of
from indexes.recipe import read_recipe
from rag.corpus.load import FileLoader
from rag.corpus.split import StructureSplitter
from rag.errors import IndexMismatch
from rag.index.layout import IndexFolder
from rag.index.snapshot import open_snapshot
from rag.ingest import Ingester
from rag.pipeline import Pipeline, Policy
from rag.settings import Settings
from rag.testing import HashingEmbedder, SubstringVerifier


class CountingEmbedder(HashingEmbedder):
    """Counts what it embeds, and may be another model than before."""

    def __init__(self, fingerprint="hashing-256"):
        self.fingerprint = fingerprint
        self.embedded = []

    def embed_texts(self, texts):
        self.embedded += texts
        return super().embed_texts(texts)


@dataclass
class Shelf:
    """One recipe, its folder of documents, and where its index lies."""

    home: Path
    embedder: CountingEmbedder = field(default_factory=CountingEmbedder)
    size: int = 64

    @property
    def papers(self):
        return self.home / "papers"

    @property
    def settings(self):
        return Settings(home=self.home)

    @property
    def folder(self):
        return IndexFolder.named(self.home / "indexes", "papers")

    def write(self, name, text):
        path = self.papers / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def recipe(self, more=""):
        path = self.home / "recipes" / "papers.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        source = f'[[source]]\nkind = "folder"\nname = "papers"\npaths = ["{self.papers}"]\n'
        path.write_text(more if "[[source]]" in more else source + more)
        return read_recipe(path)

    def parts(self):
        return Parts(self.ingester, self.open)

    def ingester(self, settings):
        embedder = self.embedder
        splitter = StructureSplitter(
            self.size, 0, embedder.count_tokens, embedder.max_tokens, embedder.fingerprint
        )
        folder = IndexFolder.named(settings.indexes, settings.index)
        return Ingester(folder, FileLoader(workers=1), splitter, embedder)

    def open(self, settings, build, like=None):
        folder = IndexFolder.named(settings.indexes, settings.index)
        embedder = HashingEmbedder()
        for fingerprint in ("hashing-256", "hashing-other"):
            try:
                snapshot = open_snapshot(
                    folder,
                    fingerprint=fingerprint,
                    dim=embedder.dim,
                    embedder_name=embedder.name,
                    build=build,
                )
            except IndexMismatch as error:
                failed = error
            else:
                policy = Policy(relevance_floor=0.3)
                return Pipeline(snapshot, embedder, SubstringVerifier(), policy=policy)
        raise failed

    def rebuild(self, more="", **options):
        self.embedder.embedded.clear()
        return rebuild(
            self.recipe(more),
            self.settings,
            progress=options.pop("progress", lambda *event: None),
            parts=self.parts(),
            **options,
        )

    def ask(self, question):
        settings = settings_of(self.recipe(), self.settings)
        pipeline = self.open(settings, None)
        try:
            return pipeline.ask(question)
        finally:
            pipeline.snapshot.close()

    def sources(self):
        pipeline = self.open(replace(self.settings, index="papers"), None)
        try:
            return sorted(entry.source for entry in pipeline.snapshot.entries)
        finally:
            pipeline.snapshot.close()
