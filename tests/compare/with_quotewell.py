"""Quotewell with its defaults; `COMPARE_MODE` says who words the answer."""

import os
from pathlib import Path

from rag.assemble import Rag
from rag.settings import Settings
from rag.types import Filter
from tests.compare.system import serve

INDEX = "compare"


class Quotewell:
    """The library as anyone calls it; in generative mode with the common model."""

    def __init__(self):
        self.mode = os.environ["COMPARE_MODE"]
        generator = {
            "generator.kind": "openai",
            "generator.model": "shared",
            "generator.url": f"{os.environ['COMPARE_LLM']}/v1",
            "generator.api_key_env": "COMPARE_KEY",
        }
        self.settings = Settings.load(overrides=generator)
        self.rag = None

    def ingest(self, documents):
        del documents  # the file it stands in is read like any other
        report = Rag.ingest(Path(os.environ["COMPARE_CORPUS"]), INDEX, settings=self.settings)
        self.rag = Rag.open(INDEX, settings=self.settings)
        return report.chunks

    def search(self, question, scope, k):
        _, found = self.rag.search(question, filter_=self.filter(scope))
        chunks = self.rag.snapshot.chunks([hit.chunk_id for hit in found.fused[: 3 * k]])
        return [self.id_of(self.rag.snapshot.document(c.document_id).source) for c in chunks]

    def ask(self, question, scope):
        answer = self.rag.ask(question, mode=self.mode, filter_=self.filter(scope))
        said = [
            [v.claim.text, [[c.title, c.quote, self.exact(c)] for c in v.claim.citations]]
            for v in answer.verdicts
        ]
        return " ".join(text for text, _ in said), said

    def exact(self, citation):
        text = self.rag.snapshot.document(citation.document_id).text
        return citation.span.of(text) == citation.quote

    def filter(self, scope):
        return Filter(documents=tuple(f"corpus.jsonl#{id_}" for id_ in scope))

    def id_of(self, source):
        return source.split("#", 1)[1]


if __name__ == "__main__":
    serve(Quotewell)
