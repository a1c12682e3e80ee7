"""LangChain and FAISS, put together as its tutorial "Build a RAG application" does."""

import os

from langchain_community.vectorstores import FAISS
from langchain_core.documents import Document
from langchain_core.language_models import LLM
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import PromptTemplate
from langchain_huggingface import HuggingFaceEmbeddings
from langchain_text_splitters import RecursiveCharacterTextSplitter
from system import Writer, serve

# The prompt the tutorial pulls (rlm/rag-prompt).
PROMPT = PromptTemplate.from_template(
    "You are an assistant for question-answering tasks. Use the following pieces of retrieved "
    "context to answer the question. If you don't know the answer, just say that you don't "
    "know. Use three sentences maximum and keep the answer concise.\n"
    "Question: {question} \nContext: {context} \nAnswer:"
)
WRITER = Writer()


class Common(LLM):
    """The common generator behind the documented class for a custom LLM."""

    @property
    def _llm_type(self):
        return "common"

    def _call(self, prompt, stop=None, run_manager=None, **options):
        return WRITER.write([{"role": "user", "content": prompt}])


class LangChain:
    """1,000 characters with 200 shared, exact FAISS, four chunks, one prompt."""

    def __init__(self):
        self.embeddings = HuggingFaceEmbeddings(model_name=os.environ["COMPARE_EMBEDDER"])
        self.chain = PROMPT | Common() | StrOutputParser()
        self.store, self.size = None, 0

    def ingest(self, documents, folder):
        splitter = RecursiveCharacterTextSplitter(
            chunk_size=1000, chunk_overlap=200, add_start_index=True
        )
        chunks = splitter.split_documents(
            [Document(d["text"], metadata={"id": d["_id"], "title": d["title"]}) for d in documents]
        )
        self.store = FAISS.from_documents(chunks, self.embeddings)
        self.store.save_local(folder)
        self.size = len(chunks)
        return self.size

    def search(self, question, k):
        return [d.metadata["id"] for d in self.store.similarity_search(question, k=3 * k)]

    def ask(self, question, scope):
        # Filtering comes after the search: with the default fetch_k of 20 it often leaves nothing.
        keep = {"filter": {"id": {"$in": scope}}, "fetch_k": self.size} if scope else {}
        found = self.store.similarity_search(question, k=4, **keep)
        context = "\n\n".join(d.page_content for d in found)
        text = self.chain.invoke({"question": question, "context": context})
        rows = [[d.metadata["id"], d.metadata["start_index"], d.page_content] for d in found]
        return text, rows


if __name__ == "__main__":
    serve(LangChain, "langchain-core", "langchain-community", "langchain-huggingface", "faiss-cpu")
