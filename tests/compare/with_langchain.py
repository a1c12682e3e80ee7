"""LangChain and FAISS as in its tutorial "Build a RAG agent": 1,000/200 characters, four chunks."""

import os

from langchain_community.vectorstores import FAISS
from langchain_core.documents import Document
from langchain_huggingface import HuggingFaceEmbeddings
from langchain_text_splitters import RecursiveCharacterTextSplitter
from system import chat, serve

# The prompt of the tutorial (rlm/rag-prompt).
PROMPT = (
    "You are an assistant for question-answering tasks. Use the following pieces of retrieved "
    "context to answer the question. If you don't know the answer, just say that you don't "
    "know. Use three sentences maximum and keep the answer concise.\n"
    "Question: {question} \nContext: {context} \nAnswer:"
)


class LangChain:
    """Splitter, embeddings, FAISS, similarity search with a metadata filter, one prompt."""

    def __init__(self):
        self.embeddings = HuggingFaceEmbeddings(model_name=os.environ["COMPARE_EMBEDDER"])
        self.store = None

    def ingest(self, documents):
        splitter = RecursiveCharacterTextSplitter(
            chunk_size=1000, chunk_overlap=200, add_start_index=True
        )
        chunks = splitter.split_documents(
            [Document(d["text"], metadata={"id": d["_id"], "title": d["title"]}) for d in documents]
        )
        self.store = FAISS.from_documents(chunks, self.embeddings)
        return len(chunks)

    def found(self, question, scope, k):
        keep = {"filter": {"id": scope}, "fetch_k": 10_000} if scope else {}
        return self.store.similarity_search(question, k=k, **keep)

    def search(self, question, scope, k):
        return [d.metadata["id"] for d in self.found(question, scope, 3 * k)]

    def ask(self, question, scope):
        found = self.found(question, scope, 4)
        context = "\n\n".join(d.page_content for d in found)
        prompt = PROMPT.format(question=question, context=context)
        text = chat([{"role": "user", "content": prompt}])
        return text, [[d.metadata["title"], d.page_content] for d in found]


if __name__ == "__main__":
    serve(LangChain)
