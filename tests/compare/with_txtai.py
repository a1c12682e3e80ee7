"""txtai as in its RAG example: paragraphs, an embeddings database with content, context of 3."""

import os
import re

from system import Writer, serve
from txtai import RAG, Embeddings

# Prompts of the example.
TEMPLATE = (
    "Answer the following question using only the context below. Only include information "
    "specifically discussed.\n\nquestion: {question}\ncontext: {context}"
)
SYSTEM = "You are a friendly assistant. You answer questions from users."
WRITER = Writer()


class Txtai:
    """Embeddings with content, SQL for the filter, its RAG pipeline around the common model."""

    def __init__(self):
        self.embeddings = Embeddings(path=os.environ["COMPARE_EMBEDDER"], content=True)
        self.size, self.scope, self.found = 0, [], []
        self.rag = RAG(
            self.within, lambda prompts: [WRITER.write(p) for p in prompts],
            system=SYSTEM, template=TEMPLATE, output="flatten",
        )  # fmt: skip

    def ingest(self, documents, folder):
        rows = [
            {"text": piece.strip(), "source": d["_id"]}
            for d in documents
            for piece in re.split(r"\n\s*\n", d["text"])
            if piece.strip()
        ]
        self.embeddings.index(rows)
        self.embeddings.save(folder)
        self.size = len(rows)
        return self.size

    def rows(self, question, scope, k):
        names = [f"s{place}" for place in range(len(scope))]
        within = f" and source in ({', '.join(f':{name}' for name in names)})" if scope else ""
        # Filtering comes after the search: candidates must reach all there is.
        sql = (
            "select id, text, source, score from txtai "
            f"where similar(:q, {self.size if scope else k}){within}"
        )
        values = {"q": question, **dict(zip(names, scope, strict=True))}
        return self.embeddings.search(sql, k, parameters=values)

    def search(self, question, k):
        return [row["source"] for row in self.rows(question, [], 3 * k)]

    def within(self, questions, k):
        """Search for its RAG pipeline, which takes a function in place of a database."""
        self.found = self.rows(questions[0], self.scope, k)
        return [self.found]

    def ask(self, question, scope):
        self.scope = scope
        text = self.rag(question)
        return text, [[row["source"], None, row["text"]] for row in self.found]


if __name__ == "__main__":
    serve(Txtai, "txtai", "faiss-cpu")
