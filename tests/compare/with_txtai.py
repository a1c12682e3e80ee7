"""txtai as in its RAG example: paragraphs, an embeddings database with content, context of 3."""

import os

from system import chat, serve
from txtai import RAG, Embeddings
from txtai.pipeline import Segmentation

# The prompt of the example.
TEMPLATE = (
    "Answer the following question using only the context below. Only include information "
    "specifically discussed.\n\nquestion: {question}\ncontext: {context}"
)
SYSTEM = "You are a friendly assistant. You answer questions from users."


class Txtai:
    """Embeddings with content, SQL for the filter, its RAG pipeline around the common model."""

    def __init__(self):
        self.embeddings = Embeddings(path=os.environ["COMPARE_EMBEDDER"], content=True)
        self.rag = RAG(
            self.embeddings, self.write, system=SYSTEM, template=TEMPLATE, output="reference"
        )

    def write(self, messages, **options):
        return [chat(message) for message in messages]

    def ingest(self, documents):
        cut = Segmentation(paragraphs=True)
        rows = [
            {"text": piece, "source": d["_id"], "title": d["title"]}
            for d in documents
            for piece in cut(d["text"]) or [d["text"]]
        ]
        self.embeddings.index(rows)
        return len(rows)

    def found(self, question, scope, k):
        names = [f":s{place}" for place in range(len(scope))]
        only = f" and source in ({', '.join(names)})" if scope else ""
        values = {name[1:]: id_ for name, id_ in zip(names, scope, strict=True)}
        sql = f"select id, text, source, title, score from txtai where similar(:q, 1000){only}"
        return self.embeddings.search(sql, k, parameters={"q": question, **values})

    def search(self, question, scope, k):
        return [row["source"] for row in self.found(question, scope, 3 * k)]

    def ask(self, question, scope):
        found = self.found(question, scope, 3)
        context = "\n".join(row["text"] for row in found)
        prompt = TEMPLATE.format(question=question, context=context)
        messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": prompt}]
        return chat(messages), [[row["title"], row["text"]] for row in found]


if __name__ == "__main__":
    serve(Txtai)
