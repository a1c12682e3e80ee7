"""Quotewell with its defaults; `COMPARE_MODE` says who words the answer."""

import os
from pathlib import Path

from rag.assemble import Rag
from rag.settings import Settings
from rag.types import Filter
from tests.compare.system import MAX_TOKENS, serve

INDEX = "compare"


class Quotewell:
    """The library as anyone calls it."""

    def __init__(self):
        self.mode = os.environ["COMPARE_MODE"]
        self.settings = Settings.load(
            overrides={
                "home": os.environ["COMPARE_HOME"],
                "generator.threads": int(os.environ["COMPARE_THREADS"]),
                "generator.max_tokens": MAX_TOKENS,
            }
        )
        self.rag = None

    def ingest(self, documents, folder):
        del documents  # the file they stand in is read like any other
        report = Rag.ingest(Path(os.environ["COMPARE_CORPUS"]), INDEX, settings=self.settings)
        Path(folder).symlink_to(self.settings.indexes / INDEX)
        self.rag = Rag.open(INDEX, settings=self.settings)
        return report.chunks

    def search(self, question, k):
        _, found = self.rag.search(question)
        chunks = self.rag.snapshot.chunks([hit.chunk_id for hit in found.fused[: 3 * k]])
        return [self.rag.snapshot.document(c.document_id).source.split("#", 1)[1] for c in chunks]

    def ask(self, question, scope):
        only = Filter(documents=tuple(f"corpus.jsonl#{id_}" for id_ in scope))
        answer = self.rag.ask(question, mode=self.mode, filter_=only)
        said = [
            [v.claim.text, [[c.title, c.quote, self.exact(c)] for c in v.claim.citations]]
            for v in answer.verdicts
        ]
        return " ".join(text for text, _ in said), [], said

    def exact(self, citation):
        text = self.rag.snapshot.document(citation.document_id).text
        return citation.span.of(text) == citation.quote


if __name__ == "__main__":
    serve(Quotewell, "quotewell")
